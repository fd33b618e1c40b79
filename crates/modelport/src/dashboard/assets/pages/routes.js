// Who answers on each route, and why.

import { html, useState } from "../lib/html.js";
import { useResource } from "../lib/resource.js";
import { post } from "../lib/api.js";
import { count, millis, money, percent, seconds } from "../lib/format.js";
import { PageHead, Panel } from "../components/frame.js";
import { Empty, Loaded, Notice } from "../components/states.js";
import { Badge, Tag } from "../components/badge.js";
import { Table } from "../components/table.js";
import { TextArea } from "../components/form.js";

const STANDINGS = { ready: ["good", "ready"], trial: ["warn", "on trial"], parked: ["warn", "rests"] };

function Standing({ of, isEnabled = true }) {
  if (!isEnabled) return html`<${Badge}>disabled</${Badge}>`;
  const [tone, words] = STANDINGS[of] ?? ["idle", of];
  return html`<${Badge} tone=${tone}>${words}</${Badge}>`;
}

export default function Routes() {
  const routes = useResource("/admin/v1/routes", 3);
  return html`<${PageHead} title="Routes" lead="The share is of the last 1,024 requests on routes that were decided here." />
    <${Loaded} of=${routes}>${({ data, aliases }) => html`
      ${data.length === 0 && html`<${Panel}><${Empty} title="No routes"><p>Without one a model's name decides: a prefix such as <code>ollama:</code>, or the listings. Routes are written in the configuration file.</p></${Empty}></${Panel}>`}
      ${data.map((route) => html`<${Route} key=${route.name} of=${route} />`)}
      ${aliases.length > 0 && html`<${Panel} title="Aliases"><dl class="facts">${aliases.map(({ name, target }) => html`<dt key=${name}><code>${name}</code></dt><dd><code>${target}</code></dd>`)}</dl></${Panel}>`}`}</${Loaded}>
    <${Explain} />`;
}

function Route({ of }) {
  const several = of.groups.length > 1;
  return html`<${Panel} title=${html`<code>${of.name}</code>`} tools=${html`
      ${of.timeout_seconds !== null && html`<${Tag}>within ${seconds(of.timeout_seconds)}</${Tag}>`}${of.hedges && html`<${Tag}>hedged</${Tag}>`}${of.continues && html`<${Tag}>goes on elsewhere</${Tag}>`}
      <span class="muted">${count(of.recent_requests)} recent ${of.recent_requests === 1 ? "request" : "requests"}</span>`}>
    <div class="stack">${of.groups.map((group, place) => html`<div key=${place}><p class="hint">${several ? `${place === 0 ? "First" : "Then"}: ` : ""}${group.policy}</p>
      <${Table} label=${`Targets of ${of.name}${several ? `, group ${place + 1}` : ""}`} columns=${columns(of)} rows=${group.targets} keyOf=${({ name }) => name} /></div>`)}</div>
  </${Panel}>`;
}

const columns = (route) => [
  { id: "name", title: "Target", isHead: true, value: ({ name }) => name, cell: ({ name }) => html`<code>${name}</code>` },
  { id: "is", title: "Standing", value: ({ signals }) => signals.standing, cell: ({ signals, is_enabled: isEnabled }) => html`<${Standing} of=${signals.standing} isEnabled=${isEnabled} />` },
  { id: "weight", title: "Weight", isNumber: true, value: ({ weight }) => weight },
  { id: "share", title: "Share", isNumber: true, value: ({ recent_requests: requests }) => requests, cell: ({ recent_requests: requests }) => html`<${Share} of=${requests} all=${route.recent_requests} />` },
  { id: "calls", title: "In flight", isNumber: true, value: ({ signals }) => signals.in_flight },
  { id: "first", title: "First output", hint: "Average and 95th percentile of the time to it", isNumber: true, value: ({ signals }) => signals.latency_ms, cell: ({ signals }) => `${millis(signals.latency_ms)} / ${millis(signals.p95_ms)}` },
  { id: "why", title: "Why", value: ({ signals }) => signals.reason, cell: ({ signals }) => (signals.reason ? html`<span class="why">${signals.reason}</span>` : "") },
];

function Share({ of, all }) {
  const share = all === 0 ? 0 : of / all;
  return html`<span class="share"><span class="bar" aria-hidden="true"><span style=${{ width: `${share * 100}%` }}></span></span>${percent(share)}</span>`;
}

const EXAMPLE = JSON.stringify({ model: "", messages: [{ role: "user", content: "Hello!" }] }, null, 2);

function Explain() {
  const [text, setText] = useState(EXAMPLE);
  const [wrong, setWrong] = useState("");
  const [found, setFound] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    setWrong("");
    setFound(null);
    let body;
    try {
      body = JSON.parse(text);
    } catch (error) {
      setWrong(`This is not JSON: ${error.message}`);
      return;
    }
    try {
      setFound(await post("/admin/v1/routes/explain", body));
    } catch (error) {
      setWrong(error.message);
    }
  };
  return html`<${Panel} title="Explain a request"><div class="split">
    <form class="form" onSubmit=${submit}>
      <${TextArea} label="Request" value=${text} onInput=${setText} error=${wrong} rows="9" spellcheck=${false} hint="Nobody is called for it. Only what routes look at matters: the model, tools, images, length." />
      <div><button type="submit" class="main">Explain</button></div>
    </form>
    <div aria-live="polite">${found ? html`<${Found} of=${found} />` : html`<${Empty} title="Who would answer, and why"><p>Fill in a model's name and press Explain.</p></${Empty}>`}</div>
  </div></${Panel}>`;
}

function Found({ of }) {
  const rows = of.candidates.map((candidate, place) => ({ ...candidate, place: place + 1, name: candidate.target ?? `${candidate.provider}:${candidate.model}`, is: candidate.standing ?? candidate.signals?.standing }));
  return html`<div class="stack"><p>${of.route ? html`By the route <code>${of.route}</code>.` : "By the model's name; no route is for it."}${of.needs?.capabilities?.length > 0 ? ` It needs ${of.needs.capabilities.join(", ")}.` : ""}${of.needs ? ` About ${count(of.needs.input_tokens_estimate)} input tokens.` : ""}</p>
    ${rows.length === 0 ? html`<${Notice} tone="warn">Nobody would answer it.</${Notice}>` : html`<${Table} label="Candidates" rows=${rows} keyOf=${({ name, place }) => name + place} columns=${[
      { id: "place", title: "Turn", isNumber: true, value: ({ place }) => place },
      { id: "name", title: "Target", isHead: true, value: ({ name }) => name, cell: ({ name }) => html`<code>${name}</code>` },
      { id: "is", title: "Standing", value: ({ is }) => is, cell: ({ is }) => html`<${Standing} of=${is} />` },
      { id: "cost", title: "Expected cost", isNumber: true, value: ({ expected_cost_usd: cost }) => (cost === null || cost === undefined ? null : Number(cost)), cell: ({ expected_cost_usd: cost }) => money(cost) },
    ]} />`}
    ${of.left_out.length > 0 && html`<div><h3>Left out</h3><ul class="stack">${of.left_out.map((left) => html`<li key=${left.target}><code>${left.target}</code> ${left.reason}</li>`)}</ul></div>`}
  </div>`;
}
