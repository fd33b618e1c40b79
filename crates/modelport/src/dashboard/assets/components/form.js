// Fields of forms, each with its name, a hint and what is wrong with it.

import { html, useName } from "../lib/html.js";

function Field({ name, label, hint, error, isHidden, children }) {
  return html`<div class="field">
    <label for=${name} class=${isHidden ? "unseen" : ""}>${label}</label>
    ${children}
    ${hint && html`<p class="hint" id=${`${name}-hint`}>${hint}</p>`}
    ${error && html`<p class="wrong" id=${`${name}-wrong`}>${error}</p>`}
  </div>`;
}

const described = (name, hint, error) =>
  [hint && `${name}-hint`, error && `${name}-wrong`].filter(Boolean).join(" ") || undefined;

/**
 * A line of text; every other property is the input's.
 * @param {{ label: string, value: string, onInput: (value: string) => void, hint?: any, error?: string, isLabelHidden?: boolean }} props
 */
export function TextField({ label, value, onInput, hint, error, isLabelHidden, ...more }) {
  const name = useName();
  return html`<${Field} name=${name} label=${label} hint=${hint} error=${error} isHidden=${isLabelHidden}>
    <input id=${name} type="text" value=${value} aria-invalid=${error ? "true" : undefined}
      aria-describedby=${described(name, hint, error)} onInput=${(event) => onInput(event.target.value)} ...${more} />
  </${Field}>`;
}

/** Several lines of text; every other property is the text area's. */
export function TextArea({ label, value, onInput, hint, error, isLabelHidden, ...more }) {
  const name = useName();
  return html`<${Field} name=${name} label=${label} hint=${hint} error=${error} isHidden=${isLabelHidden}>
    <textarea id=${name} aria-invalid=${error ? "true" : undefined} value=${value}
      aria-describedby=${described(name, hint, error)} onInput=${(event) => onInput(event.target.value)} ...${more}></textarea>
  </${Field}>`;
}

/**
 * One of several.
 * @param {{ label: string, value: string, onChange: (value: string) => void, options: [string, string][], hint?: any, error?: string, isLabelHidden?: boolean }} props
 */
export function Select({ label, value, onChange, options, hint, error, isLabelHidden, ...more }) {
  const name = useName();
  return html`<${Field} name=${name} label=${label} hint=${hint} error=${error} isHidden=${isLabelHidden}>
    <select id=${name} value=${value} aria-describedby=${described(name, hint, error)} onChange=${(event) => onChange(event.target.value)} ...${more}>
      ${options.map(([key, words]) => html`<option key=${key} value=${key} selected=${key === value}>${words}</option>`)}
    </select>
  </${Field}>`;
}

/** On or off. */
export function Check({ label, value, onChange }) {
  const name = useName();
  return html`<div class="check"><input id=${name} type="checkbox" checked=${value} onChange=${(event) => onChange(event.target.checked)} />
    <label for=${name}>${label}</label></div>`;
}

/** Few choices beside one another, of which one holds. */
export function Choice({ label, value, onChange, options }) {
  return html`<div class="choice" role="group" aria-label=${label}>
    ${options.map(([key, words]) => html`<button key=${key} type="button" aria-pressed=${key === value ? "true" : "false"} onClick=${() => onChange(key)}>${words}</button>`)}
  </div>`;
}
