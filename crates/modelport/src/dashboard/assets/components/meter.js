// How far something is used up: a bar, and the same in words.

import { html } from "../lib/html.js";

/** From this share on a bar says that there is little left. */
const NEARLY = 0.8;

/** @param {{ label: string, share: number, words: any, warnAt?: number }} props `share` of the whole, which may be more than 1 */
export function Meter({ label, share, words, warnAt = NEARLY }) {
  const held = Math.max(0, Math.min(1, share));
  const tone = share >= 1 ? "bad" : share >= warnAt ? "warn" : "";
  return html`<div class="meter"><div class="meter-head"><span>${label}</span><span class="muted">${words}</span></div>
    <div class="bar ${tone}" role="meter" aria-label=${label} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(held * 100)}><span style=${{ width: `${held * 100}%` }}></span></div></div>`;
}
