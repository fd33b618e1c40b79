// What every component is written with: Preact's elements as tagged templates, its hooks, and values that the whole page
// shares.

import { h, render, Fragment, createPortal } from "../vendor/preact.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { effect, signal, computed, batch } from "../vendor/signals.js";
import htm from "../vendor/htm.js";

export const html = htm.bind(h);
export { render, Fragment, createPortal, signal, computed, batch };
export * from "../vendor/hooks.js";

/**
 * The value of a signal; the component is drawn again when it changes.
 * @template T
 * @param {{ value: T, peek(): T }} source
 * @returns {T}
 */
export function useValue(source) {
  const [value, setValue] = useState(() => source.peek());
  useEffect(() => effect(() => {
    const next = source.value;
    setValue(() => next);
  }), [source]);
  return value;
}

/** A name for an element that no other has. */
let names = 0;
export function useName() {
  return useState(() => `n${++names}`)[0];
}
