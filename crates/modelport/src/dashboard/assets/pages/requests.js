// Every request that has finished: those of the ledger, newest first, and those that finish while somebody looks.

import { html, useState, useValue } from "../lib/html.js";
import { brief, count, millis, moment, money, NOTHING } from "../lib/format.js";
import { go, link, place, useParameter } from "../lib/router.js";
import { PageHead, Panel } from "../components/frame.js";
import { Empty, Failure, Loading, Notice } from "../components/states.js";
import { Badge } from "../components/badge.js";
import { Feed } from "../components/feed.js";
import { Select, TextField } from "../components/form.js";
import { Details } from "./requests/details.js";
import { useRequests } from "./requests/list.js";
import { Ended } from "./requests/ended.js";

const TEXTS = [["model", "Model"], ["provider", "Provider"], ["key", "Key id"], ["team", "Team"], ["request_id", "Request id"]];
const STATUSES = [["", "Any status"], ["2xx", "2xx"], ["4xx", "4xx"], ["5xx", "5xx"], ["429", "429"], ["499", "499, the caller left"]];
const ENDINGS = [["", "Any ending"], ["answered", "Answered"], ["refused", "Refused"], ["failed", "Failed"], ["broken", "Broken off"], ["cancelled", "Cancelled"]];
const SURFACES = ["/chat/completions", "/responses", "/messages", "/completions", "/embeddings", "/rerank", "/moderations", "/images/generations", "/images/edits", "/images/variations", "/audio/speech", "/audio/transcriptions", "/audio/translations", "/messages/count_tokens"];
const SINCE = [["", "Any time"], ["15m", "Last 15 minutes"], ["1h", "Last hour"], ["24h", "Last 24 hours"], ["7d", "Last 7 days"], ["30d", "Last 30 days"]];
const SELECTS = [["status", "Status", STATUSES], ["ending", "Ending", ENDINGS], ["surface", "Endpoint", [["", "Any endpoint"], ...SURFACES.map((each) => [each, each])]], ["since", "Time", SINCE]];
const NAMES = [...TEXTS, ...SELECTS].map(([name]) => name);

export default function Requests({ session }) {
  const { query } = useValue(place);
  const [open, setOpen] = useParameter("open", "");
  const [isPaused, setPaused] = useState(false);
  const [isAway, setAway] = useState(false);
  const set = NAMES.filter((name) => query.get(name));
  const asked = new URLSearchParams(set.map((name) => [name, query.get(name)])).toString();
  const found = useRequests(asked, isPaused || isAway || open !== "");
  return html`<${PageHead} title="Requests" lead=${session.keeps_ledger
      ? "From the ledger, newest first; those that finish at this gateway are added at the top."
      : "The last 512 of this gateway, from memory. Set MODELPORT_DATA_DIR to keep all of them in a ledger."}>
      <${Standing} of=${found} isPaused=${isPaused} setPaused=${setPaused} /></${PageHead}>
    <${Filters} count=${set.length} />
    ${found.missed > 0 && html`<${Notice} tone="warn">${count(found.missed)} ${found.missed === 1 ? "request" : "requests"} came too fast to be shown as they finished. <button type="button" class="small" onClick=${found.reload}>Load again</button></${Notice}>`}
    <${Found} of=${found} isFiltered=${set.length > 0} session=${session} setAway=${setAway} onOpen=${({ id }) => setOpen(id)} />
    ${open && html`<${Details} key=${open} id=${open} onClose=${() => setOpen("")} />`}`;
}

function Standing({ of, isPaused, setPaused }) {
  const [tone, words] = isPaused ? ["idle", "paused"] : of.isOn ? ["good", "live"] : ["warn", "not live"];
  return html`<span class="live"><${Badge} tone=${tone}>${words}</${Badge}>${of.held.length > 0 && html`<span><b>${count(of.held.length)}</b> new</span>`}
    <button type="button" aria-pressed=${isPaused ? "true" : "false"} onClick=${() => setPaused(!isPaused)}>${isPaused ? "Go on" : "Pause"}</button></span>`;
}

function Filters({ count: chosen }) {
  const [isOpen, setOpen] = useState(false);
  return html`<section class="panel request-filters" aria-label="Filters">
    <button type="button" class="unfold" aria-expanded=${isOpen ? "true" : "false"} onClick=${() => setOpen(!isOpen)}>Filters${chosen > 0 ? ` (${chosen})` : ""}</button>
    <div class=${isOpen ? "fields open" : "fields"}>
      ${SELECTS.map(([name, label, options]) => html`<${Chosen} key=${name} name=${name} label=${label} options=${options} />`)}
      ${TEXTS.map(([name, label]) => html`<${Typed} key=${name} name=${name} label=${label} />`)}
      ${chosen > 0 && html`<button type="button" onClick=${() => go(link("requests"))}>Clear filters</button>`}
    </div>
  </section>`;
}

function Chosen({ name, label, options }) {
  const [value, setValue] = useParameter(name, "");
  const isKnown = options.some(([each]) => each === value);
  return html`<${Select} label=${label} value=${value} onChange=${setValue} options=${isKnown ? options : [...options, [value, value]]} />`;
}

/** What is typed counts once it is whole. */
function Typed({ name, label }) {
  const [value, setValue] = useParameter(name, "");
  const [text, setText] = useState(null);
  const take = () => {
    if (text !== null) setValue(text.trim());
    setText(null);
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter") take();
  };
  return html`<${TextField} label=${label} type="search" placeholder="exact" value=${text ?? value} onInput=${setText} onBlur=${take} onKeyDown=${onKeyDown} />`;
}

function Found({ of, isFiltered, session, setAway, onOpen }) {
  if (of.rows.length === 0) {
    if (of.error) return html`<${Failure} error=${of.error} retry=${of.reload} />`;
    if (of.isLoading) return html`<${Loading} />`;
    return html`<${Panel}>${of.lookedTo ? html`<${Further} of=${of} />` : html`<${Nothing} isFiltered=${isFiltered} session=${session} />`}</${Panel}>`;
  }
  // Where a search ended because it had looked through so many, the next one is somebody's decision.
  const onEnd = () => of.lookedTo === null && !of.error && of.more();
  return html`<${Feed} label="Requests" columns=${columns} rows=${of.rows} keyOf=${({ id }) => id} onOpen=${onOpen}
      openLabel=${({ at, request_id: id }) => `${when(at)}, details of ${id}`} onEnd=${onEnd} onAway=${setAway} />
    <div class="feed-foot" role="status">${of.error
      ? html`<span class="wrong">${of.error.message}</span> <button type="button" class="small" onClick=${of.more}>Try again</button>`
      : of.isLoading ? "Loading more" : of.lookedTo ? html`<${Further} of=${of} />` : `${count(of.rows.length)} ${of.rows.length === 1 ? "request" : "requests"}${of.next ? "; more as you go down" : ""}`}</div>`;
}

function Further({ of }) {
  return html`<p>${count(of.rows.length)} found so far, among 100,000 requests back to ${moment(Date.parse(of.lookedTo) / 1000)}. <button type="button" class="small" disabled=${of.isLoading} onClick=${of.more}>Look further back</button></p>`;
}

function Nothing({ isFiltered, session }) {
  if (isFiltered) {
    return html`<${Empty} title="No request is like that"><p>Names are compared exactly: a model as it was asked for or as its provider knows it, a key by its id. Take a filter away to see more.</p></${Empty}>`;
  }
  return html`<${Empty} title="No request has finished yet"><p>The page <a href=${link("")}>Overview</a> has the lines that send a first one; it shows here within a second of its end.${session.keeps_ledger ? "" : " Without a ledger a restart forgets them."}</p></${Empty}>`;
}

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** The time of day, with the day unless it is today's. */
function when(at) {
  const then = new Date(at);
  const isToday = then.toDateString() === new Date().toDateString();
  return isToday ? time.format(then) : `${day.format(then)} ${time.format(then)}`;
}

const columns = [
  { id: "at", title: "Arrived", cell: ({ at }) => when(at) },
  { id: "ended", title: "Ended", cell: (row) => html`<${Ended} of=${row} />` },
  { id: "model", title: "Model", cell: ({ requested_model: asked, upstream_model: model }) => html`<code class="cut" title=${model && model !== asked ? `asked for as ${asked}, sent as ${model}` : undefined}>${asked ?? NOTHING}</code>` },
  { id: "provider", title: "Provider", cell: ({ provider, attempts }) => html`${provider ?? NOTHING}${attempts > 1 && html` <span class="muted">× ${attempts}</span>`}` },
  { id: "key", title: "Key", cell: ({ key, key_name: name }) => html`<span class="cut" title=${key}>${name ?? key ?? NOTHING}</span>` },
  { id: "duration", title: "Took", isNumber: true, cell: ({ duration_ms: took }) => millis(took) },
  { id: "first", title: "First output", isNumber: true, cell: ({ first_output_ms: first }) => millis(first) },
  { id: "tokens", title: "Tokens in / out", isNumber: true, cell: ({ input_tokens: input, output_tokens: output }) => (input + output === 0 ? NOTHING : `${brief(input)} / ${brief(output)}`) },
  { id: "cost", title: "Cost", isNumber: true, hint: "~ stands before an estimate", cell: ({ cost_usd: cost, cost_source: source }) => (cost === null ? NOTHING : `${source === "estimated" ? "~" : ""}${money(cost)}`) },
];
