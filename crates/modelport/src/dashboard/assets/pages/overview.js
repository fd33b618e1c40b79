// What goes through the gateway.

import { html, useMemo, useState } from "../lib/html.js";
import { useResource } from "../lib/resource.js";
import { useLive } from "../lib/live.js";
import { ago, brief, clock, count, millis, money, NOTHING, percent } from "../lib/format.js";
import { useParameter } from "../lib/router.js";
import { PageHead, Panel } from "../components/frame.js";
import { Loaded, Notice } from "../components/states.js";
import { Badge } from "../components/badge.js";
import { Chart } from "../components/chart.js";
import { Table } from "../components/table.js";
import { Choice } from "../components/form.js";
import { Snippet } from "../components/copy.js";

const RANGES = [["15m", "15 min"], ["1h", "1 h"], ["6h", "6 h"], ["24h", "24 h"], ["7d", "7 d"], ["30d", "30 d"]];
const IN_WORDS = { "15m": "15 minutes", "1h": "hour", "6h": "6 hours", "24h": "24 hours", "7d": "7 days", "30d": "30 days" };
const BY = [["provider", "Provider"], ["model", "Model"], ["key", "Key"]];
const COLOURS = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5", "--series-6"];

export default function Overview({ session }) {
  const [range, setRange] = useParameter("range", "1h");
  const [by, setBy] = useParameter("by", "provider");
  const every = { "15m": 5, "1h": 10 }[range] ?? 30;
  const overview = useResource(`/admin/v1/overview?range=${range}&by=${by}`, every);
  return html`<${PageHead} title="Overview"><${Live} /><${Choice} label="Range" value=${range} onChange=${setRange} options=${RANGES} /></${PageHead}>
    <${Loaded} of=${overview}>${(data) => html`<${Shown} data=${data} by=${by} setBy=${setBy} session=${session} />`}</${Loaded}>`;
}

function Live() {
  const { data, isOn } = useLive();
  if (!data) return null;
  return html`<span class="live"><${Badge} tone=${isOn ? "good" : "warn"}>${isOn ? "live" : "not live"}</${Badge}>
    <span><b>${count(data.in_flight)}</b> in flight</span>${data.waiting > 0 && html`<span><b>${count(data.waiting)}</b> waiting</span>`}
    <span><b>${brief(data.requests_last_minute)}</b> in the last minute</span></span>`;
}

function Shown({ data, by, setBy, session }) {
  if (data.total.requests === 0) return html`<${First} data=${data} session=${session} />`;
  const isCut = data.memory_since > data.times[0];
  const fromLedger = data.counts_from === "ledger";
  return html`<${Figures} of=${data.total} />
    ${isCut && html`<${Notice}>${fromLedger
      ? `Counts, tokens and spend are from the ledger. Latencies are kept in memory, since the start ${ago(data.memory_since)}.`
      : `This range is kept in memory, since the start ${ago(data.memory_since)}.${session.keeps_ledger ? " 7 d and 30 d also count what was before, from the ledger." : ""}`}</${Notice}>`}
    <${Charts} data=${data} />
    <${Panel} title="Breakdown" tools=${html`<${Choice} label="Apart by" value=${by} onChange=${setBy} options=${BY} />`}><${Lines} data=${data} /></${Panel}>`;
}

function Figures({ of }) {
  const figure = (name, value, more) => html`<div><dt>${name}</dt><dd>${value}${more && html` <span class="more">${more}</span>`}</dd></div>`;
  return html`<dl class="figures">
    ${figure("Requests", brief(of.requests))}
    ${figure("Errors", brief(of.failed), percent(of.failed / of.requests))}
    ${figure("Latency p50", millis(of.latency_ms.p50), `p95 ${millis(of.latency_ms.p95)}`)}
    ${figure("First token p50", millis(of.first_output_ms.p50), `p95 ${millis(of.first_output_ms.p95)}`)}
    ${figure("Tokens", brief(of.input_tokens + of.output_tokens), `${brief(of.output_tokens)} out`)}
    ${figure("Spend", money(of.cost_usd), of.unpriced > 0 && `${brief(of.unpriced)} unpriced`)}
  </dl>`;
}

const most = (values) => values.reduce((best, value, place) => (value !== null && value > (values[best] ?? -1) ? place : best), 0);

function Charts({ data }) {
  const { times, steps, lines, total } = data;
  const span = `in the last ${IN_WORDS[data.range]}`;
  const isLong = times.at(-1) - times[0] > 86400;
  const peak = (values, format) => `Most at ${clock(times[most(values)], isLong)}: ${format(values[most(values)])}.`;
  const named = useMemo(() => lines.filter((line) => line.steps).map((line, place) => ({ ...line, colour: COLOURS[place] })), [lines]);
  const apart = (of) => named.map((line) => ({ name: line.label, colour: line.colour, values: of(line.steps), isFilled: named.length === 1 }));
  const spread = (of) => [["p50", "--series-1"], ["p95", "--series-2"], ["p99", "--series-6"]].map(([name, colour]) => ({ name, colour, values: of[name] }));
  const told = (of) => (of.p50 === null ? `None was measured ${span}.` : `Half within ${millis(of.p50)}, 95 % within ${millis(of.p95)}, 99 % within ${millis(of.p99)} ${span}.`);
  return html`<div class="charts">
    <${Chart} title="Requests" times=${times} format=${brief} isWhole lines=${apart((each) => each.requests)}
      summary=${`${count(total.requests)} ${span}. ${peak(steps.requests, count)}`} />
    <${Chart} title="Errors" times=${times} format=${brief} isWhole lines=${[{ name: "Without a whole answer", colour: "--series-6", values: steps.failed, isFilled: true }]}
      summary=${total.failed === 0 ? `None ${span}.` : `${count(total.failed)} of ${count(total.requests)} requests ${span}, ${percent(total.failed / total.requests)}. ${peak(steps.failed, count)}`} />
    <${Chart} title="Latency" times=${times} format=${millis} lines=${spread(steps.latency_ms)} note="to within an eighth" summary=${told(total.latency_ms)} />
    <${Chart} title="Time to first token" times=${times} format=${millis} lines=${spread(steps.first_output_ms)} note="of streams" summary=${told(total.first_output_ms)} />
    <${Chart} title="Tokens" times=${times} format=${brief} isWhole lines=${[{ name: "Input", colour: "--series-1", values: steps.input_tokens }, { name: "Output", colour: "--series-3", values: steps.output_tokens }]}
      summary=${`${count(total.input_tokens)} in and ${count(total.output_tokens)} out ${span}.`} />
    <${Chart} title="Spend" times=${times} format=${money} lines=${apart((each) => each.cost_usd)}
      summary=${`${total.cost_usd === 0 ? `Nothing that is known ${span}.` : `${money(total.cost_usd)} ${span}. ${peak(steps.cost_usd, money)}`}${total.unpriced === 0 ? "" : ` What ${count(total.unpriced)} requests cost is not known, because nobody states a price.`}`} />
  </div>`;
}

const columns = [
  { id: "label", title: "Name", isHead: true, value: ({ label }) => label, cell: ({ label, name }) => html`<span title=${name}>${label}</span>` },
  { id: "requests", title: "Requests", isNumber: true, value: ({ requests }) => requests, cell: ({ requests }) => count(requests) },
  { id: "share", title: "Errors", isNumber: true, value: ({ failed, requests }) => failed / requests, cell: ({ failed, requests }) => (failed === 0 ? "0" : `${count(failed)} (${percent(failed / requests)})`) },
  { id: "p50", title: "Latency p50", isNumber: true, value: ({ latency_ms: of }) => of.p50, cell: ({ latency_ms: of }) => millis(of.p50) },
  { id: "p95", title: "p95", isNumber: true, value: ({ latency_ms: of }) => of.p95, cell: ({ latency_ms: of }) => millis(of.p95) },
  { id: "p99", title: "p99", isNumber: true, value: ({ latency_ms: of }) => of.p99, cell: ({ latency_ms: of }) => millis(of.p99) },
  { id: "first", title: "First token p50", isNumber: true, value: ({ first_output_ms: of }) => of.p50, cell: ({ first_output_ms: of }) => millis(of.p50) },
  { id: "first95", title: "p95", isNumber: true, value: ({ first_output_ms: of }) => of.p95, cell: ({ first_output_ms: of }) => millis(of.p95) },
  { id: "in", title: "Tokens in", isNumber: true, value: ({ input_tokens: tokens }) => tokens, cell: ({ input_tokens: tokens }) => brief(tokens) },
  { id: "out", title: "Tokens out", isNumber: true, value: ({ output_tokens: tokens }) => tokens, cell: ({ output_tokens: tokens }) => brief(tokens) },
  { id: "cost", title: "Spend", isNumber: true, value: ({ cost_usd: cost }) => cost, cell: ({ cost_usd: cost, unpriced }) => `${cost === 0 ? NOTHING : money(cost)}${unpriced > 0 ? ` + ${count(unpriced)} unpriced` : ""}` },
];

function Lines({ data }) {
  return html`<${Table} label=${`Figures by ${data.by}`} columns=${columns} rows=${data.lines} keyOf=${({ name }) => name} order=${["requests", -1]} />`;
}

function First({ data, session }) {
  const models = useResource("/admin/v1/models");
  const [language, setLanguage] = useState("curl");
  const first = models.data?.data?.find(({ id }) => !id.includes("embed"))?.id ?? "MODEL";
  const lines = request(language, first, session.callers_need_key);
  return html`<${Panel} title=${`No requests in the last ${IN_WORDS[data.range]}`} tools=${html`<${Choice} label="Language" value=${language} onChange=${setLanguage} options=${[["curl", "curl"], ["python", "Python"], ["node", "Node"]]} />`}>
    <div class="stack"><p>Send one, and it shows here within seconds.${models.data?.data?.length === 0 ? " No provider has listed a model yet: put one's name in place of MODEL, or see the page Providers." : ""}</p>
    <${Snippet} text=${lines} what=${`the lines for ${language}`} />
    ${session.callers_need_key && html`<p class="hint">Callers need a key here: put yours in place of YOUR_KEY.</p>`}</div>
  </${Panel}>`;
}

/** The first request, with this gateway's own address. */
function request(language, model, needsKey) {
  const base = `${location.origin}/v1`;
  const key = needsKey ? "YOUR_KEY" : "none";
  if (language === "curl") {
    return `curl ${base}/chat/completions \\\n${needsKey ? `  -H 'Authorization: Bearer ${key}' \\\n` : ""}  -H 'Content-Type: application/json' \\\n  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello!"}]}'`;
  }
  if (language === "python") {
    return `from openai import OpenAI\n\nclient = OpenAI(base_url="${base}", api_key="${key}")\nanswer = client.chat.completions.create(\n    model="${model}",\n    messages=[{"role": "user", "content": "Hello!"}],\n)\nprint(answer.choices[0].message.content)`;
  }
  return `import OpenAI from "openai";\n\nconst client = new OpenAI({ baseURL: "${base}", apiKey: "${key}" });\nconst answer = await client.chat.completions.create({\n  model: "${model}",\n  messages: [{ role: "user", content: "Hello!" }],\n});\nconsole.log(answer.choices[0].message.content);`;
}
