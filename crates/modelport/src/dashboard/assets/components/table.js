// A table that can be put in order by its columns. Of many rows only those are drawn that can be seen.

import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";

/** More rows than this are drawn only where they can be seen. */
const MANY = 120;

/** How high a row is then, in pixels, and how many beyond the edge are drawn. */
export const ROW = 37;
const BEYOND = 12;

/**
 * @typedef {object} Column
 * @property {string} id
 * @property {any} title
 * @property {(row: any) => any} [value] what rows are put in order by; without it they cannot be
 * @property {(row: any) => any} [cell] what is shown, the value unless given
 * @property {boolean} [isNumber] stands at the right, and begins with the largest
 * @property {boolean} [isHead] names the row
 * @property {string} [hint]
 */

/** Unknown values stand last, whichever way. */
function compare(left, right, sign) {
  const isNone = (value) => value === null || value === undefined || value === "";
  if (isNone(left) || isNone(right)) return Number(isNone(left)) - Number(isNone(right));
  if (typeof left === "number" && typeof right === "number") return sign * (left - right);
  return sign * String(left).localeCompare(String(right), "en", { numeric: true, sensitivity: "base" });
}

/**
 * @param {{ label: string, columns: Column[], rows: any[], keyOf: (row: any) => string, order?: [string, 1 | -1],
 *   empty?: any, onOpen?: (row: any) => void, openLabel?: (row: any) => string }} props
 */
export function Table({ label, columns, rows, keyOf, order, empty, onOpen, openLabel }) {
  const [[by, sign], setOrder] = useState(order ?? [null, 1]);
  const sorted = useMemo(() => {
    const column = columns.find(({ id, value }) => id === by && value);
    if (!column) return rows;
    return [...rows].sort((left, right) => compare(column.value(left), column.value(right), sign));
  }, [rows, columns, by, sign]);
  const box = useRef(null);
  const isLong = sorted.length > MANY;
  const { first, last } = useWindow(box, isLong, sorted.length);
  const press = (column) => setOrder(by === column.id ? [by, -sign] : [column.id, column.isNumber ? -1 : 1]);
  if (rows.length === 0 && empty) return empty;
  const all = onOpen ? [...columns, { id: "open", title: html`<span class="unseen">Details</span>` }] : columns;
  return html`<div class="table ${isLong ? "long" : ""}" ref=${box} tabindex="0" role="region" aria-label=${label}>
    <table aria-rowcount=${isLong ? sorted.length + 1 : undefined}>
      <thead><tr>${all.map((column) => html`<${Head} key=${column.id} column=${column} sign=${by === column.id ? sign : 0} press=${press} />`)}</tr></thead>
      <tbody>
        <${Gap} rows=${first} columns=${all.length} />
        ${sorted.slice(first, last).map((row, place) => html`<tr key=${keyOf(row)} aria-rowindex=${isLong ? first + place + 2 : undefined}>
          ${columns.map((column) => html`<${Cell} key=${column.id} column=${column} row=${row} />`)}
          ${onOpen && html`<td><button type="button" class="small" aria-label=${openLabel?.(row)} onClick=${() => onOpen(row)}>Details</button></td>`}
        </tr>`)}
        <${Gap} rows=${sorted.length - last} columns=${all.length} />
      </tbody>
    </table>
  </div>`;
}

/** Stands for rows that are not drawn. */
export function Gap({ rows, columns }) {
  return rows > 0 && html`<tr aria-hidden="true" class="gap"><td colspan=${columns} style=${{ height: `${rows * ROW}px` }}></td></tr>`;
}

function Head({ column, sign, press }) {
  const kind = column.isNumber ? "number" : "";
  if (!column.value) return html`<th scope="col" class=${kind} title=${column.hint}>${column.title}</th>`;
  const sort = { "1": "ascending", "-1": "descending", "0": undefined }[sign];
  return html`<th scope="col" class=${kind} aria-sort=${sort} title=${column.hint}>
    <button type="button" class="sort" onClick=${() => press(column)}>${column.title}<span aria-hidden="true">${sign === 1 ? " ↑" : sign === -1 ? " ↓" : " "}</span></button>
  </th>`;
}

function Cell({ column, row }) {
  const shown = column.cell ? column.cell(row) : column.value(row);
  const kind = column.isNumber ? "number" : "";
  return column.isHead ? html`<th scope="row" class=${kind}>${shown}</th>` : html`<td class=${kind}>${shown}</td>`;
}

/** From which to which row is drawn, and which is the topmost that can be seen. */
export function useWindow(box, isLong, count) {
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  useEffect(() => {
    const element = box.current;
    if (!isLong || !element) return undefined;
    const look = () => {
      setTop(Math.floor(element.scrollTop / ROW));
      setHeight(element.clientHeight);
    };
    look();
    element.addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      element.removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [isLong, box]);
  if (!isLong) return { first: 0, last: count, top: 0 };
  const first = Math.max(0, Math.min(top, count - 1) - BEYOND);
  return { first, last: Math.min(count, first + Math.ceil(height / ROW) + 2 * BEYOND), top };
}
