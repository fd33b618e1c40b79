// A key's text, which the gateway tells once: after it was made, and after it was rotated.

import { html, useState } from "../../lib/html.js";
import { post } from "../../lib/api.js";
import { moment } from "../../lib/format.js";
import { Dialog } from "../../components/dialog.js";
import { Notice } from "../../components/states.js";
import { Select } from "../../components/form.js";
import { Snippet } from "../../components/copy.js";

/** @param {{ of: any, onClose: () => void }} props `of` is the key as the gateway answered, with its text */
export function Secret({ of, onClose }) {
  const old = of.replaced?.at(0);
  return html`<${Dialog} title=${`The text of ${of.name}`} onClose=${onClose} actions=${html`<button type="button" class="main" onClick=${onClose}>I have copied it</button>`}>
    <${Notice} tone="warn">Copy it now. It is shown this once: the gateway keeps only its digest.</${Notice}>
    <${Snippet} text=${of.key} what="the key" />
    ${old && html`<p>The one that begins with <code>${old.prefix}</code> is good until ${moment(Date.parse(old.until) / 1000)}.</p>`}
    <p class="hint">To try it:</p>
    <${Snippet} text=${`curl ${location.origin}/v1/models -H 'Authorization: Bearer ${of.key}'`} what="the line for curl" />
  </${Dialog}>`;
}

const GRACES = [["0", "Not at all: it ends now"], ["3600", "An hour"], ["86400", "A day"], ["604800", "A week"], ["2592000", "30 days"]];

/** Gives a key another text. @param {{ of: any, onClose: () => void, onDone: (key: any) => void }} props */
export function Rotate({ of, onClose, onDone }) {
  const [grace, setGrace] = useState("86400");
  const [fault, setFault] = useState("");
  const rotate = async () => {
    try {
      onDone(await post(`/admin/v1/keys/${encodeURIComponent(of.id)}/rotate`, { grace_seconds: Number(grace) }));
    } catch (error) {
      setFault(error.message);
    }
  };
  const actions = html`<button type="button" onClick=${onClose}>Cancel</button><button type="button" class="main" onClick=${rotate}>Rotate</button>`;
  return html`<${Dialog} title=${`Rotate ${of.name}`} onClose=${onClose} actions=${actions}>
    <p>It gets another text, which is shown once. Name, limits and what was used of them stay.</p>
    <${Select} label="For how long the old text stays good" value=${grace} onChange=${setGrace} options=${GRACES} hint="A text that was in grace already ends now." />
    ${fault && html`<${Notice} tone="bad">${fault}</${Notice}>`}
  </${Dialog}>`;
}
