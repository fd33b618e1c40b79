// What is asked beside the message: the system prompt, parameters and tools.

import { html, useState } from "../../lib/html.js";
import { Check, Select, TextArea, TextField } from "../../components/form.js";
import { EFFORTS, faultsOf, NUMBERS } from "./request.js";
import { set, takeKey, talk } from "./talk.js";

const EXAMPLE = JSON.stringify([{ type: "function", function: { name: "get_weather", description: "The weather of a city now", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } } }], null, 2);

/** @param {{ now: any, needsKey: boolean }} props */
export function Settings({ now, needsKey }) {
  const { settings, key } = now;
  const [isOpen] = useState(() => matchMedia("(min-width: 1080px)").matches);
  const change = (name) => (value) => set({ settings: { ...talk.peek().settings, [name]: value } });
  const faults = faultsOf(settings);
  const hasTools = settings.tools.trim() !== "";
  return html`<details class="panel play-settings" open=${isOpen}><summary><h2>Settings</h2></summary><div class="form">
    <${TextField} label="Key of the gateway" type="password" autocomplete="off" value=${key} onInput=${takeKey} placeholder=${needsKey ? "mp-…" : "none needed"}
      hint=${`${needsKey ? "Callers need one here; the admin key is none." : "With one its scopes and limits hold."} It stays in this tab until you close it.`} />
    <${TextArea} label="System prompt" rows="3" value=${settings.system} onInput=${change("system")} />
    <div class="fields">${NUMBERS.map(([name, label]) => html`<${TextField} key=${name} label=${label} inputmode="decimal" placeholder="default" value=${settings[name]} error=${faults[name]} onInput=${change(name)} />`)}
      <${Select} label="Reasoning effort" value=${settings.reasoning_effort} onChange=${change("reasoning_effort")} options=${[["", "default"], ...EFFORTS.map((each) => [each, each])]} /></div>
    <${Check} label="Stream the answer" value=${settings.isStream} onChange=${change("isStream")} />
    <${TextArea} label="Tools" rows="5" spellcheck=${false} value=${settings.tools} error=${faults.tools} onInput=${change("tools")} hint="A list of tools as JSON." />
    ${hasTools ? html`<${Select} label="Tool choice" value=${settings.tool_choice} onChange=${change("tool_choice")} options=${[["auto", "auto"], ["none", "none"], ["required", "required"]]} />`
      : html`<div><button type="button" class="small" onClick=${() => change("tools")(EXAMPLE)}>Fill in an example</button></div>`}
    <${TextArea} label="Further fields" rows="2" spellcheck=${false} value=${settings.more} error=${faults.more} onInput=${change("more")} placeholder=${'{"response_format": {"type": "json_object"}}'} hint="An object as JSON, whose fields are sent as they are." />
  </div></details>`;
}
