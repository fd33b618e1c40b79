// The forms that make and change a key or a team.

import { html, useName, useState } from "../../lib/html.js";
import { patch, post } from "../../lib/api.js";
import { Dialog } from "../../components/dialog.js";
import { Notice } from "../../components/states.js";
import { Select, TextArea, TextField } from "../../components/form.js";
import { LimitFields, draftOf, faultOf, limitsOf } from "./limit-fields.js";

const DAY = 86400;
const TERMS = [["", "Never"], ["7", "In 7 days"], ["30", "In 30 days"], ["90", "In 90 days"], ["365", "In a year"], ["at", "At a time"]];

const listOf = (text) => text.split(/[\s,]+/).filter(Boolean);
const textOf = (list) => (list ?? []).join(", ");
const tagsText = (tags) => Object.entries(tags ?? {}).map(([name, value]) => `${name}=${value}`).join("\n");

/** Tags as they are sent: those that were there and are not any more are `null`. */
function tagsOf(text, before) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  const pairs = lines.map((line) => [line.split("=", 1)[0].trim(), line.slice(line.indexOf("=") + 1).trim()]);
  const gone = Object.fromEntries(Object.keys(before ?? {}).map((name) => [name, null]));
  return { ...gone, ...Object.fromEntries(pairs) };
}

const withoutNulls = (value) => Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null));

/** The time in the form of the browser's own field, in this place's time. */
const localTime = (at) => new Date(at - new Date(at).getTimezoneOffset() * 60000).toISOString().slice(0, 16);

/** When it is to end; `undefined` where that was not changed, since the field knows no seconds. */
function expiryOf({ term, at }, before) {
  if (term === "") return null;
  if (term === "at" && at === before) return undefined;
  return new Date(term === "at" ? at : Date.now() + Number(term) * DAY * 1000).toISOString();
}

/** A window with a form, which says what was wrong where it was. `send` gives what the gateway answers. */
function Form({ title, action, onClose, check, send, onDone, children }) {
  const name = useName();
  const [fault, setFault] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    const wrong = check();
    setFault(wrong);
    if (wrong) return;
    setBusy(true);
    try {
      onDone(await send());
    } catch (error) {
      setFault({ field: error.param, message: error.message });
      setBusy(false);
    }
  };
  const actions = html`<button type="button" onClick=${onClose}>Cancel</button><button type="submit" class="main" form=${name} disabled=${isBusy}>${action}</button>`;
  return html`<${Dialog} title=${title} onClose=${onClose} actions=${actions} wide>
    <form id=${name} class="form" onSubmit=${submit} onInput=${() => setFault(null)} novalidate>${children(fault)}
      ${fault && html`<${Notice} tone="bad">${fault.message}</${Notice}>`}</form></${Dialog}>`;
}

/** @param {{ of?: any, teams: any[], session: any, onClose: () => void, onDone: (key: any) => void }} props without `of` it makes one */
export function KeyForm({ of, teams, session, onClose, onDone }) {
  const [draft, setDraft] = useState({
    name: of?.name ?? "", team: of?.team ?? "", user: of?.user ?? "", priority: of?.priority ?? "normal",
    term: of?.expires ? "at" : "", at: of?.expires ? localTime(Date.parse(of.expires)) : "",
    models: textOf(of?.scopes?.models), providers: textOf(of?.scopes?.providers), endpoints: textOf(of?.scopes?.endpoints), addresses: textOf(of?.scopes?.addresses),
    tags: tagsText(of?.tags),
  });
  const [usual] = useState(draft.at);
  const [limits, setLimits] = useState(() => draftOf(of?.limits));
  const set = (name) => (value) => setDraft((before) => ({ ...before, [name]: value }));
  const check = () => {
    if (draft.name.trim() === "") return { field: "name", message: "Give it a name, such as who or what uses it." };
    if (draft.term === "at" && Number.isNaN(Date.parse(draft.at))) return { field: "expires", message: "Give the time at which it ends." };
    return faultOf(limits);
  };
  const send = () => {
    const expires = expiryOf(draft, usual);
    const body = {
      name: draft.name.trim(), team: draft.team || null, user: draft.user.trim() || null, priority: draft.priority, expires,
      scopes: { models: listOf(draft.models), providers: listOf(draft.providers), endpoints: listOf(draft.endpoints), addresses: listOf(draft.addresses) },
      tags: tagsOf(draft.tags, of?.tags), limits: limitsOf(limits),
    };
    if (of) return patch(`/admin/v1/keys/${encodeURIComponent(of.id)}`, body);
    return post("/admin/v1/keys", { ...withoutNulls(body), limits: withoutNulls(body.limits) });
  };
  return html`<${Form} title=${of ? `Change ${of.name}` : "New key"} action=${of ? "Save" : "Create the key"} check=${check} send=${send} onClose=${onClose} onDone=${onDone}>${(fault) => {
    const wrong = (field) => (fault?.field === field ? fault.message : undefined);
    return html`
      ${!session.callers_need_key && html`<${Notice} tone="warn">Callers need no key here yet. From the first key on everybody needs one, even if it is revoked later.</${Notice}>`}
      <div class="fields">
        <${TextField} label="Name" value=${draft.name} onInput=${set("name")} error=${wrong("name")} required autofocus />
        <${Select} label="Team" value=${draft.team} onChange=${set("team")} error=${wrong("team")} options=${[["", "None"], ...teams.map(({ name }) => [name, name])]} />
        <${TextField} label="User" value=${draft.user} onInput=${set("user")} error=${wrong("user")} />
        <${Select} label="Priority" value=${draft.priority} onChange=${set("priority")} options=${[["high", "High"], ["normal", "Normal"], ["low", "Low"]]} />
        <${Select} label="Expires" value=${draft.term} onChange=${set("term")} options=${TERMS} error=${draft.term === "at" ? undefined : wrong("expires")} />
        ${draft.term === "at" && html`<${TextField} label="Ends at" type="datetime-local" value=${draft.at} onInput=${set("at")} error=${wrong("expires")} />`}
      </div>
      <fieldset><legend>What it opens</legend><p class="hint">What is empty is open. Several are separated by commas.</p>
        <div class="fields">
          <${TextField} label="Models" placeholder="gpt-4o*, smart" value=${draft.models} onInput=${set("models")} />
          <${TextField} label="Providers" placeholder="openai" value=${draft.providers} onInput=${set("providers")} />
          <${TextField} label="Endpoints" placeholder="/chat/completions" value=${draft.endpoints} onInput=${set("endpoints")} />
          <${TextField} label="Addresses" placeholder="10.0.0.0/8" value=${draft.addresses} onInput=${set("addresses")} />
        </div></fieldset>
      <${LimitFields} draft=${limits} onChange=${setLimits} fault=${fault} />
      <${TextArea} label="Tags" rows="2" placeholder="project=eval" value=${draft.tags} onInput=${set("tags")} hint="One a line, as name=value. They stand in every row of the ledger." error=${wrong("tags")} />`;
  }}</${Form}>`;
}

/** @param {{ of?: any, onClose: () => void, onDone: (team: any) => void }} props without `of` it makes one */
export function TeamForm({ of, onClose, onDone }) {
  const [name, setName] = useState(of?.name ?? "");
  const [tags, setTags] = useState(tagsText(of?.tags));
  const [limits, setLimits] = useState(() => draftOf(of?.limits));
  const check = () => (name.trim() === "" ? { field: "name", message: "Give it a name." } : faultOf(limits));
  const send = () => {
    const body = { tags: tagsOf(tags, of?.tags), limits: limitsOf(limits) };
    if (of) return patch(`/admin/v1/teams/${encodeURIComponent(of.name)}`, body);
    return post("/admin/v1/teams", { name: name.trim(), ...body, limits: withoutNulls(body.limits) });
  };
  return html`<${Form} title=${of ? `Change the team ${of.name}` : "New team"} action=${of ? "Save" : "Create the team"} check=${check} send=${send} onClose=${onClose} onDone=${onDone}>${(fault) => html`
    ${!of && html`<${TextField} label="Name" value=${name} onInput=${setName} error=${fault?.field === "name" ? fault.message : undefined} required autofocus />`}
    <p class="hint">Its keys share these limits and take these tags.</p>
    <${LimitFields} draft=${limits} onChange=${setLimits} fault=${fault} />
    <${TextArea} label="Tags" rows="2" placeholder="cost-center=42" value=${tags} onInput=${setTags} hint="One a line, as name=value." error=${fault?.field === "tags" ? fault.message : undefined} />`}</${Form}>`;
}
