// Everything that is served, and what is known of it.

import { html, useMemo, useState } from "../lib/html.js";
import { useResource } from "../lib/resource.js";
import { brief, count, NOTHING, perMillion, seconds } from "../lib/format.js";
import { useParameter } from "../lib/router.js";
import { PageHead } from "../components/frame.js";
import { Empty, Loaded } from "../components/states.js";
import { Tag } from "../components/badge.js";
import { Table } from "../components/table.js";
import { Dialog } from "../components/dialog.js";
import { CopyButton } from "../components/copy.js";
import { Select, TextField } from "../components/form.js";

const able = (model) => Object.entries(model.capabilities ?? {}).filter(([, found]) => found.supported === true).map(([name]) => name);
const words = (name) => name.replaceAll("_", " ");

const columns = [
  { id: "id", title: "Model", isHead: true, value: ({ id }) => id, cell: ({ id }) => html`<code>${id}</code>` },
  { id: "providers", title: "Providers", value: ({ providers }) => (providers ?? []).join(", ") },
  { id: "context", title: "Context", isNumber: true, value: (model) => model.context_length ?? null, cell: (model) => brief(model.context_length) },
  { id: "in", title: "Input / 1M", hint: "US dollars for a million tokens", isNumber: true, value: ({ pricing }) => price(pricing?.prompt), cell: ({ pricing }) => perMillion(pricing?.prompt) },
  { id: "out", title: "Output / 1M", hint: "US dollars for a million tokens", isNumber: true, value: ({ pricing }) => price(pricing?.completion), cell: ({ pricing }) => perMillion(pricing?.completion) },
  { id: "able", title: "Capabilities", value: (model) => able(model).length, cell: (model) => html`${able(model).map((name) => html`<${Tag} key=${name} title=${`By ${model.capabilities[name].source}`}>${words(name)}</${Tag}>`)}` },
  { id: "source", title: "Source", value: (model) => model.source ?? "configuration" },
];

const price = (text) => (text === null || text === undefined ? null : Number(text));

export default function Models() {
  const models = useResource("/admin/v1/models", 30);
  return html`<${PageHead} title="Models" lead="Everything that may be asked for here: names of the configuration first, then what the providers list." />
    <${Loaded} of=${models}>${({ data }) => html`<${Found} all=${data} />`}</${Loaded}>`;
}

function Found({ all }) {
  const [text, setText] = useParameter("find", "");
  const [provider, setProvider] = useParameter("provider", "");
  const [ability, setAbility] = useParameter("can", "");
  const [open, setOpen] = useState(null);
  const providers = useMemo(() => [...new Set(all.flatMap((model) => model.providers ?? []))].sort(), [all]);
  const abilities = useMemo(() => [...new Set(all.flatMap(able))].sort(), [all]);
  const parts = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = useMemo(() => all.filter((model) => {
    const said = `${model.id} ${(model.providers ?? []).join(" ")}`.toLowerCase();
    return parts.every((part) => said.includes(part)) && (!provider || model.providers?.includes(provider)) && (!ability || able(model).includes(ability));
  }), [all, text, provider, ability]);
  return html`<div class="filters">
      <${TextField} label="Search" type="search" placeholder="Part of a name" value=${text} onInput=${setText} />
      <${Select} label="Provider" value=${provider} onChange=${setProvider} options=${[["", "All"], ...providers.map((each) => [each, each])]} />
      <${Select} label="Can" value=${ability} onChange=${setAbility} options=${[["", "Anything"], ...abilities.map((each) => [each, words(each)])]} />
      <p class="muted" role="status">${count(rows.length)} of ${count(all.length)}</p>
    </div>
    <${Table} label="Models" columns=${columns} rows=${rows} keyOf=${({ id }) => id} onOpen=${setOpen} openLabel=${({ id }) => `Details of ${id}`}
      empty=${html`<div class="panel"><${Empty} title=${all.length === 0 ? "No models yet" : "No model is like that"}><p>${all.length === 0 ? "No provider has listed any. The page Providers tells why." : "Search for less."}</p></${Empty}></div>`} />
    ${open && html`<${Details} of=${open} onClose=${() => setOpen(null)} />`}`;
}

function Details({ of, onClose }) {
  const limits = Object.entries(of.limits ?? {});
  const found = Object.entries(of.capabilities ?? {}).map(([name, finding]) => ({ name, ...finding }));
  const told = ({ source, age_seconds: age }) => `${source}${age === null || age === undefined ? "" : `, ${seconds(age)} old`}`;
  const prices = Object.entries(of.pricing ?? {}).filter(([name, value]) => !["currency", "unit"].includes(name) && value !== null);
  return html`<${Dialog} title=${of.id} onClose=${onClose} wide actions=${html`<${CopyButton} text=${of.id} label="Copy" what="the model's name" />`}>
    <dl class="facts">
      <dt>Ask for it as</dt><dd>${[of.id, ...(of.qualified_ids ?? [])].map((id) => html`<div key=${id}><code>${id}</code></div>`)}</dd>
      <dt>Owned by</dt><dd>${of.owned_by ?? NOTHING}</dd>
      ${limits.map(([name, limit]) => html`<dt key=${name}>${words(name)}</dt><dd>${count(limit.value)} <span class="muted">(${told(limit)})</span></dd>`)}
      ${prices.map(([name, value]) => html`<dt key=${name}>Price: ${words(name)}</dt><dd>${["request", "image"].includes(name) ? `$${value} each` : `${perMillion(value)} per 1M tokens`}</dd>`)}
      ${of.refused_parameters && html`<dt>Refused fields</dt><dd><code>${JSON.stringify(of.refused_parameters)}</code></dd>`}
    </dl>
    ${found.length > 0 && html`<${Table} label="Capabilities" rows=${found} keyOf=${({ name }) => name} order=${["name", 1]} columns=${[
      { id: "name", title: "Capability", isHead: true, value: ({ name }) => words(name) },
      { id: "is", title: "Supported", value: ({ supported }) => ({ true: "yes", false: "no" })[supported] ?? "unknown" },
      { id: "by", title: "Says who", value: ({ source }) => source, cell: told },
    ]} />`}
  </${Dialog}>`;
}
