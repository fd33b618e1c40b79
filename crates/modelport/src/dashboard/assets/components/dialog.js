// A window above the page: the browser's own, which keeps the keyboard inside and closes by Escape.

import { html, useEffect, useName, useRef } from "../lib/html.js";

/** @param {{ title: string, onClose: () => void, children: any, actions?: any, wide?: boolean }} props */
export function Dialog({ title, onClose, children, actions, wide = false }) {
  const place = useRef(null);
  const name = useName();
  useEffect(() => {
    const before = document.activeElement;
    const dialog = place.current;
    dialog.showModal();
    return () => {
      // While it is open nothing beside it takes the focus.
      dialog.close();
      before?.focus();
    };
  }, []);
  const onCancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog ref=${place} class=${wide ? "wide" : ""} aria-labelledby=${name} onCancel=${onCancel}>
    <header><h2 id=${name}>${title}</h2><button type="button" class="plain" aria-label="Close" onClick=${onClose}>✕</button></header>
    <div class="dialog-body">${children}</div>
    ${actions && html`<footer>${actions}</footer>`}
  </dialog>`;
}

/** Asks before something is done that cannot be undone. */
export function Confirm({ title, action, onConfirm, onClose, children }) {
  const actions = html`<button type="button" onClick=${onClose}>Cancel</button>
    <button type="button" class="danger" onClick=${onConfirm}>${action}</button>`;
  return html`<${Dialog} title=${title} onClose=${onClose} actions=${actions}>${children}</${Dialog}>`;
}
