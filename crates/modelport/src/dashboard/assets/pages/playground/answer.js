// One answer: its text, what it calls, and what it took.

import { html } from "../../lib/html.js";
import { count, millis, money, NOTHING } from "../../lib/format.js";
import { Badge } from "../../components/badge.js";
import { Notice } from "../../components/states.js";
import { TextField } from "../../components/form.js";

const STATES = { running: ["info", "answering"], done: ["good", "answered"], stopped: ["warn", "stopped"], failed: ["bad", "failed"] };

/** @param {{ of: import("./ask.js").Answer, onResult?: (place: number, text: string) => void }} props with `onResult` what tools say can be typed */
export function AnswerView({ of, onResult }) {
  const [tone, word] = STATES[of.state];
  return html`<article class="answer" aria-label=${`Answer of ${of.model}`} aria-busy=${of.state === "running" ? "true" : "false"}>
    <div class="card-head"><code>${of.model}</code><${Badge} tone=${tone}>${word}</${Badge}>${of.finish && of.finish !== "stop" && html`<span class="hint">${of.finish}</span>`}</div>
    ${of.reasoning && html`<details open=${!of.text}><summary>Reasoning</summary><p class="said muted">${of.reasoning}</p></details>`}
    ${of.text && html`<p class="said">${of.text}</p>`}
    ${of.calls.map((call, place) => html`<${Call} key=${place} of=${call} onResult=${onResult && ((text) => onResult(place, text))} />`)}
    ${of.error && html`<${Notice} tone="bad">${of.error.message}${of.error.code || of.error.status ? html` <span class="why-code">(${[of.error.status, of.error.code, of.error.param && `field ${of.error.param}`].filter(Boolean).join(", ")})</span>` : ""}</${Notice}>`}
    <${Facts} of=${of} />
  </article>`;
}

function Call({ of, onResult }) {
  return html`<div class="call" role="group" aria-label=${`Call of ${of.name}`}><p><b>Calls</b> <code>${of.name}</code></p><pre class="mono" tabindex="0">${pretty(of.arguments)}</pre>
    ${onResult ? html`<${TextField} label=${`What ${of.name} says`} value=${of.result} onInput=${onResult} hint="Goes with the next message." />` : of.result && html`<p>It said: <code>${of.result}</code></p>`}</div>`;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function Facts({ of: { firstMs, totalMs, usage, cost, told, state } }) {
  const fact = (name, value) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  const output = usage?.completion_tokens;
  const speed = output > 1 && totalMs - firstMs > SHORT ? ` (${count(output / ((totalMs - firstMs) / 1000))}/s)` : "";
  const spent = cost?.usd ?? usage?.cost;
  return html`<dl class="took">
    ${fact("First token", millis(firstMs))}
    ${fact("Total", totalMs === null ? "…" : millis(totalMs))}
    ${fact("Tokens in", count(usage?.prompt_tokens))}
    ${fact("Tokens out", usage ? `${count(output)}${speed}` : NOTHING)}
    ${fact("Cost", spent === undefined ? html`<span title=${state === "done" ? UNKNOWN : undefined}>${NOTHING}</span>` : html`<span title=${`$${spent}`}>${money(spent)}</span>${cost?.source ? html` <span class="muted">${cost.source}</span>` : ""}`)}
    ${told.provider && fact("Provider", html`<code>${told.provider}</code>${told.model ? html` <code class="muted">${told.model}</code>` : ""}`)}
    ${told.cache && fact("Cache", told.cache)}
    ${told.params && fact("Fields changed", told.params)}
    ${told.request && fact("Request", html`<code class="muted">${told.request}</code>`)}
  </dl>`;
}

/** Over less time than this, in milliseconds, a speed says nothing. */
const SHORT = 100;

const UNKNOWN = "Not told. A stream tells it with MODELPORT_STREAM_COST=true, where a price is known.";
