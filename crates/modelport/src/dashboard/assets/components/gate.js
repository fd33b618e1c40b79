// Stands before the dashboard where the gateway does not let one in: the question for the admin key, or why nobody is.

import { html, useState, useValue } from "../lib/html.js";
import { access, begin, takeKey } from "../lib/session.js";
import { TextField } from "./form.js";
import { Empty, Loading, Notice } from "./states.js";

export function Gate() {
  const { state, said } = useValue(access);
  if (state === "asking") return html`<main class="gate"><h1 class="unseen">modelport</h1><${Loading} /></main>`;
  if (state === "locked") return html`<main class="gate"><${Ask} said=${said} /></main>`;
  const title = state === "closed" ? "The dashboard is closed here" : "The gateway cannot be asked";
  return html`<main class="gate"><div class="panel"><h1>${title}</h1><p>${said}</p>
    ${state === "closed" && html`<${Empty} title="Where the dashboard is open"><p>With the admin key from everywhere, or without one in a browser on the gateway's own machine.</p></${Empty}>`}
    <button type="button" onClick=${begin}>Try again</button></div></main>`;
}

function Ask({ said }) {
  const [key, setKey] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    takeKey(key.trim());
    await begin();
    setBusy(false);
  };
  return html`<form class="panel" onSubmit=${submit}>
    <h1>modelport</h1>
    <p>Enter the admin key of this gateway, the value of <code>MODELPORT_ADMIN_KEY</code>.</p>
    ${said && html`<${Notice} tone="bad">${said}</${Notice}>`}
    <${TextField} label="Admin key" type="password" autocomplete="off" value=${key} onInput=${setKey} required autofocus
      hint="It stays in this tab until you close it, and is sent to this gateway only." />
    <button type="submit" class="main" disabled=${isBusy || key.trim() === ""}>Open the dashboard</button>
  </form>`;
}
