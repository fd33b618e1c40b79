// A long list of rows in a given order, of which only those are drawn that can be seen, and of which there may be more.
// It is one stop of the Tab key: arrows, Page Up and Down, Home and End go through it, and Enter opens a row.

import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { Gap, ROW, useWindow } from "./table.js";

/** So many rows before the end more are asked for. */
const AHEAD = 60;

/**
 * @param {{ label: string, columns: import("./table.js").Column[], rows: any[], keyOf: (row: any) => string,
 *   onOpen: (row: any) => void, openLabel: (row: any) => string, onEnd: () => void, onAway: (isAway: boolean) => void }} props
 *   the first column's cell is what is pressed; `onAway` is told whether the first row is out of sight
 */
export function Feed({ label, columns, rows, keyOf, onOpen, openLabel, onEnd, onAway }) {
  const box = useRef(null);
  const wanted = useRef(null);
  const opens = useRef(onOpen);
  opens.current = onOpen;
  const [active, setActive] = useState(null);
  const { first, last, top } = useWindow(box, true, rows.length);
  const drawn = rows.slice(first, last);
  const isDrawn = drawn.some((row) => keyOf(row) === active);
  const stop = isDrawn ? active : rows[top] && keyOf(rows[top]);
  const isAway = top > 0;
  const isNearEnd = last + AHEAD >= rows.length;
  useEffect(() => onAway(isAway), [isAway]);
  useEffect(() => {
    if (isNearEnd) onEnd();
  }, [isNearEnd, rows.length]);
  const focusWanted = () => {
    const found = wanted.current && box.current.querySelector(`[data-key="${wanted.current}"]`);
    if (!found) return;
    wanted.current = null;
    found.focus({ preventScroll: true });
  };
  // A row that was gone to may have to be drawn first.
  useEffect(focusWanted);
  const goTo = (place) => {
    wanted.current = keyOf(rows[place]);
    setActive(wanted.current);
    const head = box.current.querySelector("thead").offsetHeight;
    const seen = box.current.clientHeight - head;
    const above = place * ROW;
    if (above < box.current.scrollTop) box.current.scrollTop = above;
    else if (above + ROW > box.current.scrollTop + seen) box.current.scrollTop = above + ROW - seen;
    focusWanted();
  };
  const onKeyDown = (event) => {
    const page = Math.max(1, Math.floor(box.current.clientHeight / ROW) - 2);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length }[event.key];
    if (!step || rows.length === 0) return;
    event.preventDefault();
    const at = rows.findIndex((row) => keyOf(row) === stop);
    goTo(Math.min(rows.length - 1, Math.max(0, at + step)));
  };
  return html`<div class="table long feed" ref=${box} role="region" aria-label=${label} onKeyDown=${onKeyDown}>
    <table aria-rowcount=${rows.length + 1}>
      <thead><tr>${columns.map(({ id, title, isNumber, hint }) => html`<th key=${id} scope="col" class=${isNumber ? "number" : ""} title=${hint}>${title}</th>`)}</tr></thead>
      <tbody>
        <${Gap} rows=${first} columns=${columns.length} />
        ${drawn.map((row, place) => html`<${Row} key=${keyOf(row)} name=${keyOf(row)} row=${row} place=${first + place} columns=${columns} label=${openLabel(row)}
          isStop=${keyOf(row) === stop} opens=${opens} onFocus=${setActive} />`)}
        <${Gap} rows=${rows.length - last} columns=${columns.length} />
      </tbody>
    </table>
  </div>`;
}

/** A row is drawn anew only where something of it is another: most of those that are scrolled past stay as they are. */
function Row({ name, row, place, columns, label, isStop, opens, onFocus }) {
  const [head, ...others] = columns;
  return useMemo(() => html`<tr aria-rowindex=${place + 2} onClick=${() => opens.current(row)}>
    <th scope="row"><button type="button" class="opens" data-key=${name} tabindex=${isStop ? 0 : -1} aria-label=${label} onFocus=${() => onFocus(name)}>${head.cell(row)}</button></th>
    ${others.map(({ id, cell, isNumber }) => html`<td key=${id} class=${isNumber ? "number" : ""}>${cell(row)}</td>`)}
  </tr>`, [row, place, columns, isStop]);
}
