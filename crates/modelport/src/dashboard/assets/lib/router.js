// Which page is shown: the path below /dashboard, and what stands behind its question mark.

import { signal, useValue } from "./html.js";

const HOME = "/dashboard";

function here() {
  const path = location.pathname.slice(HOME.length).split("/").filter(Boolean);
  return { page: path[0] ?? "", rest: path.slice(1).map(decodeURIComponent), query: new URLSearchParams(location.search) };
}

/** The page's name, what follows it in the path, and its parameters. */
export const place = signal(here());

/** The address of a page. @param {string} page @param {string[]} rest */
export const link = (page, ...rest) => [HOME, page, ...rest.map(encodeURIComponent)].filter(Boolean).join("/");

/** @param {string} to */
export function go(to) {
  history.pushState(null, "", to);
  place.value = here();
  scrollTo(0, 0);
}

/**
 * A parameter of the address, and what changes it, so that a view can be shared and gone back to.
 * @param {string} name
 * @param {string} usual
 * @returns {[string, (value: string) => void]}
 */
export function useParameter(name, usual) {
  const { query } = useValue(place);
  const change = (value) => {
    const next = new URLSearchParams(location.search);
    if (value === usual || value === "") next.delete(name);
    else next.set(name, value);
    const text = next.toString();
    history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
    place.value = here();
  };
  return [query.get(name) ?? usual, change];
}

addEventListener("popstate", () => {
  place.value = here();
});

addEventListener("click", (event) => {
  const anchor = event.target instanceof Element ? event.target.closest("a[href]") : null;
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!anchor || !isPlain || anchor.target || anchor.origin !== location.origin) return;
  if (anchor.pathname !== HOME && !anchor.pathname.startsWith(`${HOME}/`)) return;
  event.preventDefault();
  go(anchor.pathname + anchor.search);
});
