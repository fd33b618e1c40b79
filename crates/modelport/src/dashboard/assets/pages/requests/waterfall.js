// When what happened in a request, one line for each attempt.

import { html } from "../../lib/html.js";
import { millis } from "../../lib/format.js";
import { Badge } from "../../components/badge.js";

const STEPS = { first: "first try", retry: "retry", failover: "failover", hedge: "beside a slow one" };

/** Parts of a line: from where to where, and what that was. Times in milliseconds from the request's arrival. */
function parts({ began_ms: began, head_ms: head, output_ms: output, ended_ms: ended }) {
  const until = (time, next) => Math.max(began, time ?? next);
  const first = until(head, until(output, ended));
  const second = until(output, ended);
  return [
    { kind: "wait", from: began, to: first },
    { kind: "head", from: first, to: head === null ? first : second },
    { kind: "flow", from: second, to: output === null ? second : ended },
  ].filter(({ from, to }) => to > from);
}

/** What the ledger alone has, as if there had been one attempt. */
const rough = (of) => ({ began_ms: 0, head_ms: null, output_ms: of.first_output_ms, ended_ms: of.duration_ms, step: null });

export function Waterfall({ of }) {
  const attempts = of.recent ? of.recent.attempts : [rough(of)];
  const whole = Math.max(of.duration_ms, 1, ...attempts.map(({ ended_ms: ended }) => ended));
  if (attempts.length === 0) return html`<p class="hint">No provider was asked. It took ${millis(of.duration_ms)}.</p>`;
  return html`<ol class="waterfall">${attempts.map((attempt, place) => html`<li key=${place}>
      <div class="attempt">${attempt.step && html`<b>${place + 1}.</b> <span>${STEPS[attempt.step]}</span> <code>${attempt.provider}${attempt.model ? `:${attempt.model}` : ""}</code>
        ${attempt.credential > 1 && html`<span class="muted">key ${attempt.credential}</span>`}
        <${Badge} tone=${attempt.outcome === "answered" ? "good" : attempt.outcome === "cancelled" ? "idle" : "bad"}>${attempt.outcome.replaceAll("_", " ")}${attempt.status ? ` ${attempt.status}` : ""}</${Badge}>`}</div>
      <div class="track" aria-hidden="true">${parts(attempt).map(({ kind, from, to }) => html`<span key=${kind} class=${kind} style=${{ left: `min(${(from / whole) * 100}%, 100% - 2px)`, width: `${((to - from) / whole) * 100}%` }}></span>`)}</div>
      <p class="hint">${told(attempt)}</p>
    </li>`)}</ol>
    <ul class="legend"><li><span class="key wait"></span>waiting for the provider</li><li><span class="key head"></span>from its head to the first output</li><li><span class="key flow"></span>answering</li></ul>
    <p class="hint">In all ${millis(of.duration_ms)}${of.recent ? `, of which ${millis(of.recent.waited_ms)} were spent waiting for providers` : ""}.</p>`;
}

function told({ began_ms: began, head_ms: head, output_ms: output, ended_ms: ended }) {
  const times = [`began at ${millis(began)}`, head !== null && `head at ${millis(head)}`, output !== null && `first output at ${millis(output)}`, `ended at ${millis(ended)}`];
  return times.filter(Boolean).join(", ");
}
