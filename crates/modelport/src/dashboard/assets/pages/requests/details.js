// One request: who answered it and why, when what happened, what was used and what it cost.

import { html } from "../../lib/html.js";
import { useResource } from "../../lib/resource.js";
import { count, millis, money, moment, NOTHING } from "../../lib/format.js";
import { Loaded, Notice } from "../../components/states.js";
import { Badge, Tag } from "../../components/badge.js";
import { Table } from "../../components/table.js";
import { Dialog } from "../../components/dialog.js";
import { CopyButton } from "../../components/copy.js";
import { Ended } from "./ended.js";
import { Waterfall } from "./waterfall.js";

const words = (name) => name.replaceAll("_", " ");

/** @param {{ id: string, onClose: () => void }} props */
export function Details({ id, onClose }) {
  const request = useResource(`/admin/v1/requests/${encodeURIComponent(id)}`);
  return html`<${Dialog} title="Request" onClose=${onClose} wide>
    <${Loaded} of=${request}>${(data) => html`<${Shown} of=${data} />`}</${Loaded}>
  </${Dialog}>`;
}

function Shown({ of }) {
  const { recent } = of;
  return html`<${Facts} of=${of} />
    ${recent?.problem && html`<${Notice} tone="warn">${recent.problem.message} Class: ${words(recent.problem.class)}. At fault: ${recent.problem.blame}.</${Notice}>`}
    <section><h3>Timings</h3><${Waterfall} of=${of} />
      ${!recent && html`<p class="hint">Attempts, changed fields and the decision are kept in memory, of the last 512 requests of each gateway since its start. This is what the ledger has.</p>`}</section>
    <section><h3>Tokens</h3><${Tokens} of=${of} /></section>
    <section><h3>Cost</h3><${Cost} of=${of.cost} /></section>
    ${recent && html`<section><h3>Fields of the request</h3><${Fields} all=${recent.fields} /></section>`}
    ${recent?.decision && html`<section><h3>Decision</h3><${Decision} of=${recent.decision} /></section>`}`;
}

function Facts({ of }) {
  const { recent } = of;
  const tags = Object.entries(of.tags ?? {});
  return html`<dl class="facts">
    <dt>Request id</dt><dd><code>${of.request_id}</code> <${CopyButton} text=${of.request_id} what="the request id" /></dd>
    <dt>Ended</dt><dd><${Ended} of=${of} /></dd>
    <dt>Arrived</dt><dd>${moment(Date.parse(of.at) / 1000)}</dd>
    <dt>Endpoint</dt><dd><code>${of.surface}</code></dd>
    <dt>Asked for</dt><dd><code>${of.requested_model ?? NOTHING}</code></dd>
    <dt>Sent to</dt><dd>${of.provider ? html`${of.provider}: <code>${of.upstream_model ?? "its own choice"}</code>` : "nobody"}</dd>
    ${recent?.route && html`<dt>Route</dt><dd><code>${recent.route}</code></dd>`}
    <dt>Key</dt><dd>${of.key ? html`${of.key_name ?? ""} <code>${of.key}</code>` : "none"}${of.team ? `, team ${of.team}` : ""}</dd>
    ${recent?.cache && html`<dt>Kept answer</dt><dd>${recent.cache}</dd>`}
    ${tags.length > 0 && html`<dt>Tags</dt><dd>${tags.map(([name, value]) => html`<${Tag} key=${name}>${name}: ${value}</${Tag}>`)}</dd>`}
  </dl>`;
}

function Tokens({ of }) {
  const known = Object.entries(of.usage).filter(([name, tokens]) => tokens > 0 || ["input_tokens", "output_tokens"].includes(name));
  return html`<dl class="facts">${known.map(([name, tokens]) => html`<dt key=${name}>${words(name.replace("_tokens", ""))}</dt><dd>${count(tokens)}</dd>`)}</dl>
    ${of.recent?.counts === "estimated" && html`<p class="hint">Estimated here: the provider did not say what it used.</p>`}`;
}

const SOURCES = {
  reported: "as the provider reported it",
  computed: "computed from the tokens that the provider counted",
  estimated: "estimated: at least one part was not told by the provider",
  unknown: "nobody states a price for it",
  none: "no provider charges for it",
};

function Cost({ of }) {
  const exact = (amount) => (amount === null ? NOTHING : html`${money(amount)} <span class="muted">($${amount})</span>`);
  return html`<dl class="facts">
    <dt>Amount</dt><dd>${exact(of.amount_usd)}</dd>
    <dt>Provenance</dt><dd>${SOURCES[of.source] ?? of.source}</dd>
    ${of.reported_usd !== null && html`<dt>Reported</dt><dd>${exact(of.reported_usd)}</dd>`}
    ${of.computed_usd !== null && html`<dt>Computed</dt><dd>${exact(of.computed_usd)}</dd>`}
    ${of.prices && html`<dt>Prices</dt><dd>${of.prices}</dd>`}
  </dl>`;
}

const FATES = { mapped: "info", dropped: "warn", refused: "bad", added: "info" };

function Fields({ all }) {
  if (all.length === 0) return html`<p class="hint">All were sent as they came.</p>`;
  return html`<ul class="stack">${all.map(({ field, fate, to }) => html`<li key=${field + fate}><code>${field}</code> <${Badge} tone=${FATES[fate]}>${fate}</${Badge}>${to && html` to <code>${to}</code>`}</li>`)}</ul>`;
}

function Decision({ of }) {
  const rows = of.candidates.map((candidate, place) => ({ ...candidate, turn: place + 1 }));
  return html`${rows.length > 0 && html`<${Table} label="Candidates" rows=${rows} keyOf=${({ target, turn }) => target + turn} columns=${[
      { id: "turn", title: "Turn", isNumber: true, value: ({ turn }) => turn },
      { id: "target", title: "Target", isHead: true, value: ({ target }) => target, cell: ({ target }) => html`<code>${target}</code>` },
      { id: "policy", title: "Policy", value: ({ policy }) => policy },
      { id: "standing", title: "Standing then", value: ({ standing }) => standing },
      { id: "latency", title: "Latency then", isNumber: true, value: ({ latency_ms: latency }) => latency, cell: ({ latency_ms: latency }) => millis(latency) },
    ]} />`}
    ${of.left_out.length > 0 && html`<ul class="stack">${of.left_out.map(({ target, reason }) => html`<li key=${target}><code>${target}</code> <span class="muted">left out: ${reason}</span></li>`)}</ul>`}
    ${of.stopped_by && html`<p class="hint">No further target was tried: ${words(of.stopped_by)}.</p>`}`;
}
