// The dashboard: who may look, and which page is shown.

import { html, render, useEffect, useState, useValue } from "./lib/html.js";
import { access, begin } from "./lib/session.js";
import { link, place } from "./lib/router.js";
import { Frame, PageHead } from "./components/frame.js";
import { Gate } from "./components/gate.js";
import { Empty, Failure, Loading } from "./components/states.js";
import { pages } from "./pages.js";

/** Components of pages that were loaded, by their path. */
const loaded = new Map();

function App() {
  const { state, session } = useValue(access);
  const { page, rest } = useValue(place);
  if (state !== "in") return html`<${Gate} />`;
  const current = pages.find(({ path }) => path === page);
  return html`<${Frame} pages=${pages} current=${current}>
    ${current ? html`<${Shown} key=${current.path} page=${current} rest=${rest} session=${session} />` : html`<${Missing} />`}
  </${Frame}>`;
}

function Shown({ page, rest, session }) {
  const [error, setError] = useState(null);
  const [Component, setComponent] = useState(() => loaded.get(page.path));
  useEffect(() => {
    if (Component) return;
    page.load().then((module) => {
      loaded.set(page.path, module.default);
      setComponent(() => module.default);
    }, setError);
  }, []);
  if (error) return html`<${Failure} error=${error} title="This page could not be loaded" retry=${() => location.reload()} />`;
  return Component ? html`<${Component} session=${session} rest=${rest} />` : html`<${Loading} />`;
}

function Missing() {
  return html`<${PageHead} title="Not found" /><${Empty} title="There is no such page"><p><a href=${link("")}>Go to the overview</a></p></${Empty}>`;
}

render(html`<${App} />`, document.getElementById("app"));
begin();
