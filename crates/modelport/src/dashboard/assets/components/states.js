// What stands where there is nothing to show: not yet, nothing at all, or a fault.

import { html } from "../lib/html.js";

/** @param {{ title: string, children?: any }} props */
export function Empty({ title, children }) {
  return html`<div class="state"><p class="state-title">${title}</p>${children}</div>`;
}

export function Loading() {
  return html`<div class="state" role="status"><span class="spinner" aria-hidden="true"></span> Loading</div>`;
}

/** @param {{ error: Error, retry?: () => void, title?: string }} props */
export function Failure({ error, retry, title = "This could not be loaded" }) {
  return html`<div class="state fault" role="alert">
    <p class="state-title">${title}</p>
    <p>${error.message}</p>
    ${retry && html`<button type="button" onClick=${retry}>Try again</button>`}
  </div>`;
}

/**
 * What a resource is drawn as, whichever state it is in. A fault that comes while there is something stands above it.
 * @param {{ of: ReturnType<typeof import("../lib/resource.js").useResource>, children: (data: any) => any }} props
 */
export function Loaded({ of: { data, error, isLoading, reload }, children }) {
  if (data === undefined && error) return html`<${Failure} error=${error} retry=${reload} />`;
  if (data === undefined) return isLoading ? html`<${Loading} />` : null;
  return html`${error && html`<${Notice} tone="warn">What is shown may be old: ${error.message}</${Notice}>`}${children(data)}`;
}

/** A line that says something to everybody who sees the page. */
export function Notice({ tone = "info", children }) {
  return html`<div class="notice ${tone}" role=${tone === "bad" ? "alert" : "status"}>${children}</div>`;
}
