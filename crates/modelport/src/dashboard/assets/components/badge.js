// A word about how something stands; its sign says the same as its colour.

import { html } from "../lib/html.js";

const SIGNS = { good: "●", warn: "▲", bad: "■", info: "◆", idle: "○" };

/** @param {{ tone?: "good" | "warn" | "bad" | "info" | "idle", title?: string, children: any }} props */
export function Badge({ tone = "idle", title, children }) {
  return html`<span class="badge ${tone}" title=${title}><span aria-hidden="true">${SIGNS[tone]}</span>${children}</span>`;
}

/** A short word without a meaning of its own, such as a capability. */
export function Tag({ title, children }) {
  return html`<span class="tag" title=${title}>${children}</span>`;
}
