// The API for people: shows /openapi.json, which holds everything that is said here.

import { html, render, useEffect, useMemo, useRef, useState, useValue } from "../lib/html.js";
import { choose, theme } from "../lib/theme.js";
import { Announcer } from "../components/announce.js";
import { Snippet } from "../components/copy.js";
import { TextField } from "../components/form.js";
import { accessOf, curlOf, fieldsOf, groups, isFound, kindOf, resolve } from "./document.js";

/** How deep fields are shown within fields. */
const DEEPEST = 6;

const here = () => decodeURIComponent(location.hash.slice(1));

function Page({ doc }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(here);
  const main = useRef(null);
  const all = useMemo(() => groups(doc), [doc]);
  useEffect(() => {
    const move = () => setAt(here());
    addEventListener("hashchange", move);
    return () => removeEventListener("hashchange", move);
  }, []);
  useEffect(() => {
    if (at) document.getElementById(at)?.scrollIntoView();
  }, [at]);
  const shown = all.map((group) => ({ ...group, operations: group.operations.filter((each) => isFound(each, text)) })).filter(({ operations }) => operations.length > 0);
  const count = shown.reduce((sum, { operations }) => sum + operations.length, 0);
  return html`<button type="button" class="skip" onClick=${() => main.current?.focus()}>Skip to the content</button>
    <${Side} groups=${shown} text=${text} setText=${setText} count=${count} />
    <main ref=${main} tabindex="-1">
      <div class="page-head"><div><h1>The API of modelport ${doc.info.version}</h1></div>
        <div class="tools"><a href="/openapi.json">openapi.json</a></div></div>
      <${Prose} text=${doc.info.description} />
      ${shown.map((group) => html`<section key=${group.name} aria-label=${group.name}>
        <div class="group"><h2>${group.name}</h2><${Prose} text=${group.description} /></div>
        ${group.operations.map((each) => html`<${Operation} key=${each.id} doc=${doc} operation=${each} isChosen=${each.id === at} />`)}
      </section>`)}
      ${count === 0 && html`<p class="state">Nothing has these words.</p>`}
      ${text === "" && html`<${Common} doc=${doc} />`}
    </main>
    <${Announcer} />`;
}

function Side({ groups: shown, text, setText, count }) {
  const chosen = useValue(theme);
  const [isOpen, setOpen] = useState(false);
  return html`<header class="side">
    <div class="brand"><a href="/dashboard">modelport</a>
      <button type="button" class="menu" aria-expanded=${isOpen ? "true" : "false"} aria-controls="contents" onClick=${() => setOpen(!isOpen)}>Menu</button></div>
    <search class="find"><${TextField} label="Search" value=${text} onInput=${setText} type="search" placeholder="keys, usage, /v1/models" /></search>
    <p class="unseen" role="status">${text && `${count} found`}</p>
    <nav id="contents" class=${isOpen ? "contents open" : "contents"} aria-label="Contents">
      ${shown.map(({ name, operations }) => html`<div key=${name}><h2>${name}</h2><ul>${operations.map(({ id, method, path }) => html`<li key=${id}>
        <a href=${`#${id}`} onClick=${() => setOpen(false)}><span class="verb ${method}">${method}</span>${path}</a></li>`)}</ul></div>`)}
      <div class="side-foot"><label>Theme <select value=${chosen} onChange=${(event) => choose(event.target.value)}>
        ${["system", "light", "dark"].map((each) => html`<option key=${each} value=${each} selected=${each === chosen}>${each[0].toUpperCase() + each.slice(1)}</option>`)}
      </select></label></div>
    </nav>
  </header>`;
}

/** What stands between marks in a text is code; lines that begin with a dash are a list. */
function Prose({ text = "" }) {
  const inline = (line) => line.split("`").map((part, place) => (place % 2 === 1 ? html`<code>${part}</code>` : part));
  const block = (lines) => (lines[0].startsWith("- ")
    ? html`<ul>${lines.map((line) => html`<li>${inline(line.slice(2))}</li>`)}</ul>`
    : html`<p>${inline(lines.join(" "))}</p>`);
  return html`<div class="prose">${text.split("\n\n").filter(Boolean).map((each) => block(each.split("\n")))}</div>`;
}

function Operation({ doc, operation, isChosen }) {
  const { id, method, path, summary } = operation;
  const [isOpen, setOpen] = useState(isChosen);
  useEffect(() => {
    if (isChosen) setOpen(true);
  }, [isChosen]);
  return html`<details class="operation" id=${id} open=${isOpen} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary><span class="verb ${method}">${method}</span><code>${path}</code><span class="muted">${summary}</span></summary>
    ${isOpen && html`<${Inside} doc=${doc} operation=${operation} />`}
  </details>`;
}

function Inside({ doc, operation }) {
  const { description, security, parameters, requestBody, responses } = operation;
  const parts = (parameters ?? []).map((each) => resolve(doc, each));
  const also = operation["x-also-at"];
  const curl = curlOf(doc, operation);
  return html`<div class="inside">
    ${description && html`<${Prose} text=${description} />`}
    <p class="kind">${accessOf(security)}${also && html` Also at <code>${also}</code>.`}</p>
    <${Snippet} text=${curl} what="command" />
    ${parts.length > 0 && html`<div class="part"><h3>Parameters</h3><ul class="fields">
      ${parts.map((each) => html`<li key=${each.name}><${Name} name=${each.name} kind=${`${kindOf(doc, each.schema)}, ${each.in}`} isNeeded=${each.required} /><${Prose} text=${each.description} /></li>`)}
    </ul></div>`}
    ${requestBody && html`<div class="part"><h3>Body</h3>${Object.entries(requestBody.content).slice(0, 1).map(([type, { schema }]) => html`<p class="kind">${Object.keys(requestBody.content).join(", ")}</p><${Fields} key=${type} doc=${doc} schema=${schema} depth=${0} />`)}</div>`}
    <div class="part"><h3>Answers</h3><ul class="fields">
      ${Object.entries(responses).map(([status, answer]) => html`<${Answer} key=${status} doc=${doc} status=${status} answer=${resolve(doc, answer)} />`)}
    </ul></div>
  </div>`;
}

function Answer({ doc, status, answer }) {
  const types = Object.entries(answer.content ?? {});
  const headers = Object.keys(answer.headers ?? {});
  const shape = types.find(([, { schema }]) => fieldsOf(doc, schema).length > 0)?.[1].schema;
  return html`<li class="answer"><div><code>${status}</code> <span class="kind">${types.map(([type]) => type).join(", ")}</span></div>
    <${Prose} text=${answer.description} />
    ${shape && html`<${More} title="Fields"><${Fields} doc=${doc} schema=${shape} depth=${0} /></${More}>`}
    ${headers.length > 0 && html`<${More} title="Headers"><${Headers} doc=${doc} headers=${answer.headers} /></${More}>`}
  </li>`;
}

function Headers({ doc, headers }) {
  return html`<ul class="fields">${Object.entries(headers).map(([name, header]) => {
    const { schema, description } = resolve(doc, header);
    return html`<li key=${name}><${Name} name=${name} kind=${kindOf(doc, schema)} /><${Prose} text=${description} /></li>`;
  })}</ul>`;
}

function Fields({ doc, schema, depth }) {
  const fields = fieldsOf(doc, schema);
  if (fields.length === 0) return html`<p class="kind">${kindOf(doc, schema)}</p>`;
  return html`<ul class="fields">${fields.map(({ name, of, isNeeded }) => {
    const isDeep = depth < DEEPEST && fieldsOf(doc, of).length > 0;
    return html`<li key=${name}><${Name} name=${name} kind=${kindOf(doc, of)} isNeeded=${isNeeded} />
      <${Prose} text=${of.description ?? resolve(doc, of)?.description} />
      ${isDeep && html`<${More} title=${`Fields of ${name}`}><${Fields} doc=${doc} schema=${of} depth=${depth + 1} /></${More}>`}</li>`;
  })}</ul>`;
}

/** What is drawn only once somebody asks for it. */
function More({ title, children }) {
  const [isOpen, setOpen] = useState(false);
  return html`<details class="more" open=${isOpen} onToggle=${(event) => setOpen(event.currentTarget.open)}><summary>${title}</summary>${isOpen && children}</details>`;
}

function Name({ name, kind, isNeeded }) {
  return html`<code>${name}</code> <span class="kind">${kind}${isNeeded ? ", needed" : ""}</span>`;
}

/** What is the same for many operations. */
function Common({ doc }) {
  const { securitySchemes, headers } = doc.components;
  return html`<section aria-label="Keys"><div class="group"><h2>Keys</h2></div><ul class="fields">
      ${Object.entries(securitySchemes).map(([name, { description, type, scheme }]) => html`<li key=${name}><${Name} name=${name} kind=${scheme ?? type} /><${Prose} text=${description} /></li>`)}
    </ul></section>
    <section aria-label="Headers of answers"><div class="group"><h2>Headers of answers</h2></div><${Headers} doc=${doc} headers=${headers} /></section>`;
}

function Failed() {
  return html`<main><p class="state fault">The document could not be loaded. Is the gateway still running?</p></main>`;
}

const app = document.getElementById("app");
fetch("/openapi.json").then((answer) => answer.json()).then(
  (doc) => render(html`<${Page} doc=${doc} />`, app),
  () => render(html`<${Failed} />`, app),
);
