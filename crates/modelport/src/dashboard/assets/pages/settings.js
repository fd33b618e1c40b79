// What holds, and who said so.

import { html } from "../lib/html.js";
import { useResource } from "../lib/resource.js";
import { moment } from "../lib/format.js";
import { useParameter } from "../lib/router.js";
import { PageHead, Panel } from "../components/frame.js";
import { Empty, Loaded, Notice } from "../components/states.js";
import { Badge } from "../components/badge.js";
import { Table } from "../components/table.js";
import { Choice, TextField } from "../components/form.js";
import { CopyButton } from "../components/copy.js";

export default function Settings() {
  const settings = useResource("/admin/v1/settings", 15);
  return html`<${PageHead} title="Settings" lead="The configuration that holds, and where each value is set. Keys are never shown." />
    <${Loaded} of=${settings}>${(data) => html`<${Refused} last=${data.refused} /><${Warnings} all=${data.warnings} />
      <${Values} all=${data.settings} /><${Report} data=${data} />`}</${Loaded}>`;
}

function Refused({ last }) {
  if (!last) return null;
  return html`<${Panel} title="The last reload was refused" tools=${html`<span class="muted">${moment(last.at)}</span>`}>
    <${Notice} tone="bad">What holds is what held before. Mend these, and the file is read again by itself.</${Notice}>
    <ul class="stack mono">${last.faults.map((fault) => html`<li key=${fault}>${fault}</li>`)}</ul>
  </${Panel}>`;
}

function Warnings({ all }) {
  if (all.length === 0) return null;
  return html`<${Panel} title=${all.length === 1 ? "1 warning" : `${all.length} warnings`}>
    <ul class="stack">${all.map(({ origin, text }) => html`<li key=${origin + text}><${Badge} tone="warn">${origin}</${Badge}> ${text}</li>`)}</ul>
  </${Panel}>`;
}

const columns = [
  { id: "name", title: "Setting", isHead: true, value: ({ name }) => name, cell: ({ name, help }) => html`<code title=${help}>${name}</code>` },
  { id: "value", title: "Value", value: ({ value }) => value, cell: ({ value, is_default: isUsual }) => (value === null ? html`<span class="muted">not set</span>` : html`<code class=${isUsual ? "muted" : ""}>${value}</code>`) },
  { id: "source", title: "Source", value: ({ source }) => source, cell: ({ source, is_default: isUsual }) => (isUsual ? html`<span class="muted">default</span>` : html`<code>${source}</code>`) },
];

function Values({ all }) {
  const [which, setWhich] = useParameter("show", "set");
  const [text, setText] = useParameter("find", "");
  const words = text.toLowerCase();
  const rows = all.filter((row) => (which === "all" || !row.is_default) && `${row.name} ${row.help}`.toLowerCase().includes(words));
  const tools = html`<${TextField} label="Find a setting" isLabelHidden placeholder="Find" value=${text} onInput=${setText} type="search" />
    <${Choice} label="Which settings" value=${which} onChange=${setWhich} options=${[["set", "Set"], ["all", "All"]]} />`;
  return html`<${Panel} title="Values" tools=${tools}>
    <${Table} label="Settings" columns=${columns} rows=${rows} keyOf=${({ name, source }) => name + source} order=${["name", 1]}
      empty=${html`<${Empty} title="No setting is like that"><p>${which === "set" ? "Only those that are set are shown." : ""}</p></${Empty}>`} />
  </${Panel}>`;
}

function Report({ data }) {
  const lead = data.file ? html`Read from <code>${data.file}</code>.` : "No configuration file is read.";
  return html`<${Panel} title="What it comes to" tools=${html`<${CopyButton} text=${data.report} what="the report" />`}>
    <p class="hint">${lead} Edition ${data.edition.number}, taken up ${moment(data.edition.since)}.</p>
    <pre class="mono report" tabindex="0" role="region" aria-label="Report of the configuration">${data.report}</pre>
  </${Panel}>`;
}
