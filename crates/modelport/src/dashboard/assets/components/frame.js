// What stands around every page: the way to the others, the theme, and who looks.

import { html, useEffect, useRef, useState, useValue } from "../lib/html.js";
import { access, begin, takeKey } from "../lib/session.js";
import { link, place } from "../lib/router.js";
import { choose, theme } from "../lib/theme.js";
import { Announcer } from "./announce.js";

/** @param {{ pages: import("../pages.js").Page[], current?: import("../pages.js").Page, children: any }} props */
export function Frame({ pages, current, children }) {
  const main = useRef(null);
  const isFirst = useRef(true);
  const { page } = useValue(place);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    document.title = `${current?.title ?? "Not found"} · modelport`;
    setOpen(false);
    // Who goes to another page by keyboard goes on from its beginning.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [page]);
  return html`<button type="button" class="skip" onClick=${() => main.current?.focus()}>Skip to the content</button>
    <header class="side">
      <div class="brand"><a href=${link("")}><${Mark} /> modelport</a>
        <button type="button" class="menu" aria-expanded=${isOpen ? "true" : "false"} aria-controls="pages" onClick=${() => setOpen(!isOpen)}>Menu</button></div>
      <nav id="pages" class=${isOpen ? "open" : ""} aria-label="Pages">
        <ul>${pages.map((each) => html`<li key=${each.path}><a href=${link(each.path)} aria-current=${each === current ? "page" : undefined}>${each.title}</a></li>`)}</ul>
        <${Foot} />
      </nav>
    </header>
    <main ref=${main} tabindex="-1">${children}</main>
    <${Announcer} />`;
}

function Mark() {
  return html`<svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true"><rect width="32" height="32" rx="7" fill="currentColor" /><path d="M7 9h5l4 7-4 7H7l4-7z" fill="var(--surface)" /><path d="M18 9h7M20.500 16H25M18 23h7" stroke="var(--surface)" stroke-width="3" fill="none" /></svg>`;
}

function Foot() {
  const chosen = useValue(theme);
  const { session } = useValue(access);
  const leave = () => {
    takeKey("");
    begin();
  };
  return html`<div class="side-foot">
    <label>Theme <select value=${chosen} onChange=${(event) => choose(event.target.value)}>
      ${["system", "light", "dark"].map((each) => html`<option key=${each} value=${each} selected=${each === chosen}>${each[0].toUpperCase() + each.slice(1)}</option>`)}
    </select></label>
    ${session && html`<p class="version">modelport ${session.version}</p>`}
    ${session?.may_change
      ? html`<button type="button" class="small" onClick=${leave}>Forget the key</button>`
      : session && html`<p class="hint">Read-only. Set MODELPORT_ADMIN_KEY to change things here.</p>`}
  </div>`;
}

/** The head of a page. @param {{ title: string, lead?: any, children?: any }} props */
export function PageHead({ title, lead, children }) {
  return html`<div class="page-head"><div><h1>${title}</h1>${lead && html`<p class="lead">${lead}</p>`}</div>
    ${children && html`<div class="tools">${children}</div>`}</div>`;
}

/** A part of a page. @param {{ title?: any, tools?: any, children: any }} props */
export function Panel({ title, tools, children }) {
  return html`<section class="panel">${(title || tools) && html`<div class="panel-head">${title && html`<h2>${title}</h2>`}${tools && html`<div class="tools">${tools}</div>`}</div>`}${children}</section>`;
}
