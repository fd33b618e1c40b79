// How each provider is doing, and what it is.

import { html, useState } from "../lib/html.js";
import { useResource } from "../lib/resource.js";
import { post } from "../lib/api.js";
import { ago, count, millis, NOTHING, seconds } from "../lib/format.js";
import { link } from "../lib/router.js";
import { PageHead, Panel } from "../components/frame.js";
import { Loaded, Notice } from "../components/states.js";
import { Badge } from "../components/badge.js";
import { Table } from "../components/table.js";
import { announce } from "../components/announce.js";

const TONES = { healthy: "good", degraded: "warn", unhealthy: "bad", unknown: "idle", disabled: "idle" };
const BREAKERS = { closed: ["good", "closed"], half_open: ["warn", "half open"], open: ["bad", "open"] };

export default function Providers() {
  const providers = useResource("/admin/v1/providers", 3);
  const hour = useResource("/admin/v1/overview?range=1h&by=provider", 10);
  const past = (id) => hour.data?.lines.find(({ name }) => name === id);
  return html`<${PageHead} title="Providers" lead="Health comes from real traffic, and from free probes where there is none." />
    <${Loaded} of=${providers}>${({ data }) => html`<div class="cards">${inOrder(data).map((each) => html`<${Provider} key=${each.id} of=${each} past=${past(each.id)} reload=${providers.reload} />`)}</div>`}</${Loaded}>`;
}

/** Those that are asked first. */
const inOrder = (all) => [...all].sort((left, right) => Number(right.enabled) - Number(left.enabled));

const SOURCES = { discovered: "its own listing", configured: "the configuration", catalogue: "the embedded catalogue" };

function Provider({ of, past, reload }) {
  const { health } = of;
  const isSetUp = of.enabled && (of.configured || of.type === "ollama");
  return html`<section class="panel" aria-label=${of.name}>
    <div class="card-head"><h2>${of.name}</h2><${Badge} tone=${TONES[health.state]}>${health.state}</${Badge}>
      ${of.preferred && html`<${Badge} tone="info">preferred</${Badge}>`}<code class="muted push">${of.id}</code></div>
    <p class=${health.state === "unhealthy" ? "wrong" : "hint"}>${sentence(health.reason)}${health.checked_at ? ` (${ago(health.checked_at)})` : ""}</p>
    ${past?.steps && html`<${History} of=${past} />`}
    <dl class="facts">
      <dt>Base URL</dt><dd><code>${of.base_url}</code></dd>
      ${of.aliases.length > 0 && html`<dt>Also named</dt><dd>${of.aliases.join(", ")}</dd>`}
      <dt>Models</dt><dd>${isSetUp ? html`<a href=${`${link("models")}?provider=${encodeURIComponent(of.id)}`}>${count(of.models.count)}</a> from ${SOURCES[of.models.source] ?? of.models.source}${of.models.age_seconds === null ? "" : `, ${seconds(of.models.age_seconds)} old`}` : NOTHING}</dd>
      <dt>Last latency</dt><dd>${millis(health.latency_ms)}</dd>
      ${of.waiting_room && html`<dt>Waiting room</dt><dd>${of.waiting_room.under_way} of ${of.waiting_room.limit} under way, ${of.waiting_room.waiting} waiting, ${count(of.waiting_room.refused)} refused</dd>`}
      <dt>Timeout</dt><dd>${seconds(of.timeout_seconds)} of silence, ${of.max_retries} ${of.max_retries === 1 ? "retry" : "retries"}</dd>
      <dt>Keys</dt><dd><${Keys} all=${of.credentials} /></dd>
    </dl>
    ${of.models.problem && html`<${Notice} tone="warn">The listing could not be fetched: ${of.models.problem}</${Notice}>`}
    ${isSetUp && of.targets.length > 0 && html`<${Targets} of=${of} />`}
    ${isSetUp && html`<${Actions} of=${of} reload=${reload} />`}
  </section>`;
}

/** The requests of the last hour that ended at a provider, a mark for each minute. */
function History({ of: { requests, failed, steps } }) {
  const tone = (place) => {
    const share = steps.failed[place] / steps.requests[place];
    return Number.isNaN(share) ? "" : share === 0 ? "good" : share < 0.5 ? "warn" : "bad";
  };
  const said = `Last hour: ${count(requests)} requests, ${count(failed)} without a whole answer`;
  return html`<div class="strip" role="img" aria-label=${said} title=${said}>${steps.requests.map((_, place) => html`<span key=${place} class=${tone(place)}></span>`)}</div>`;
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function Keys({ all }) {
  if (all.length === 0) return "none";
  return html`<ul>${all.map(({ setting, rests_seconds: rests, models_resting: models }) => html`<li key=${setting}><code>${setting}</code>${" "}
    ${rests > 0 ? html`<${Badge} tone="bad">rests ${seconds(rests)}</${Badge}>` : models > 0 ? html`<${Badge} tone="warn">at its limit for ${models} ${models === 1 ? "model" : "models"}</${Badge}>` : html`<${Badge} tone="good">good</${Badge}>`}</li>`)}</ul>`;
}

const columns = [
  { id: "name", title: "Target", isHead: true, value: ({ name }) => name, cell: ({ name }) => html`<code>${name}</code>` },
  { id: "breaker", title: "Breaker", value: ({ signals }) => signals.breaker, cell: ({ signals }) => html`<${Badge} tone=${BREAKERS[signals.breaker][0]} title=${signals.reason ?? undefined}>${BREAKERS[signals.breaker][1]}</${Badge}>` },
  { id: "calls", title: "In flight", isNumber: true, value: ({ signals }) => signals.in_flight },
  { id: "first", title: "First output", hint: "Average and 95th percentile of the time to it", isNumber: true, value: ({ signals }) => signals.latency_ms, cell: ({ signals }) => `${millis(signals.latency_ms)} / ${millis(signals.p95_ms)}` },
  { id: "failed", title: "Failed, 10 s", isNumber: true, value: ({ signals }) => signals.failures, cell: ({ signals }) => `${signals.failures} of ${signals.calls}` },
];

function Targets({ of }) {
  return html`<${Table} label=${`Targets of ${of.name}`} columns=${columns} rows=${of.targets} keyOf=${({ name }) => name} order=${["name", 1]} />`;
}

function Actions({ of, reload }) {
  const [busy, setBusy] = useState("");
  const [fault, setFault] = useState("");
  const run = async (what, done) => {
    setBusy(what);
    setFault("");
    try {
      await post(`/admin/v1/providers/${encodeURIComponent(of.id)}/${what}`);
      announce(`${of.name}: ${done}`);
      await reload();
    } catch (error) {
      setFault(error.message);
    }
    setBusy("");
  };
  return html`<div class="tools">
    <button type="button" disabled=${busy !== ""} aria-label=${`Fetch models again: ${of.name}`} onClick=${() => run("refresh", "the models were fetched again")}>${busy === "refresh" ? "Fetching…" : "Fetch models again"}</button>
    <button type="button" disabled=${busy !== ""} aria-label=${`Probe: ${of.name}`} onClick=${() => run("probe", "it was probed")}>${busy === "probe" ? "Probing…" : "Probe"}</button>
    ${fault && html`<span class="wrong" role="alert">${fault}</span>`}
  </div>`;
}
