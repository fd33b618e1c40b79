// Says aloud, for those who hear the page, what others see happen.

import { html, signal, useValue } from "../lib/html.js";

const said = signal("");

/** @param {string} text */
export function announce(text) {
  said.value = "";
  setTimeout(() => {
    said.value = text;
  }, 50);
}

export function Announcer() {
  return html`<div class="unseen" role="status" aria-live="polite">${useValue(said)}</div>`;
}
