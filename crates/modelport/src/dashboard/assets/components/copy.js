// Copies a text.

import { html, useState } from "../lib/html.js";
import { announce } from "./announce.js";

async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // A page that came over plain HTTP from another machine has no clipboard of the newer kind.
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  if (!isDone) throw new Error("The browser does not allow it.");
}

/** @param {{ text: string, label?: string, what?: string }} props */
export function CopyButton({ text, label = "Copy", what = "text" }) {
  const [said, setSaid] = useState("");
  const press = async () => {
    try {
      await copy(text);
      setSaid("Copied");
      announce(`Copied ${what}`);
    } catch {
      setSaid("Not copied");
      announce("The browser did not allow copying. Select the text instead.");
    }
    setTimeout(() => setSaid(""), 2000);
  };
  return html`<button type="button" class="small" aria-label=${`${said || label} ${what}`} onClick=${press}>${said || label}</button>`;
}

/** Lines to run, with a button that copies them; `shown` stands for what is too long to be looked at. */
export function Snippet({ text, what, shown = text }) {
  return html`<div class="snippet"><pre tabindex="0" role="region" aria-label=${what}>${shown}</pre><${CopyButton} text=${text} what=${what} /></div>`;
}
