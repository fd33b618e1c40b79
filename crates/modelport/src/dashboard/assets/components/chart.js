// A chart over time. The picture is for those who see it: beside it stand a sentence and, on demand, a table.

import { html, useEffect, useRef, useState, useValue } from "../lib/html.js";
import { colour, repaint } from "../lib/theme.js";
import { clock } from "../lib/format.js";

/** How high the picture is, in pixels. */
const HEIGHT = 170;

/**
 * @typedef {{ name: string, values: (number | null)[], colour: string, isFilled?: boolean }} Line
 * @param {{ title: string, summary: string, times: number[], lines: Line[], format: (value: number | null) => string, isWhole?: boolean, note?: any }} props
 *   `times` in seconds since 1970, each line with a value for each of them; `isWhole` of what is counted
 */
export function Chart({ title, summary, times, lines, format, isWhole, note }) {
  const [isOpen, setOpen] = useState(false);
  return html`<figure class="chart">
    <figcaption><h3>${title}</h3><p class="summary">${summary}</p></figcaption>
    <${Picture} label=${`${title}. ${summary}`} times=${times} lines=${lines} format=${format} isWhole=${isWhole} />
    <div class="chart-foot">
      <ul class="legend">${lines.map((line) => html`<li key=${line.name}><span class="key" style=${{ background: `var(${line.colour})` }}></span>${line.name}</li>`)}</ul>
      ${note && html`<span class="note">${note}</span>`}
      <button type="button" class="plain small" aria-expanded=${isOpen ? "true" : "false"} aria-label=${`Table of ${title}`} onClick=${() => setOpen(!isOpen)}>Table</button>
    </div>
    ${isOpen && html`<${Values} title=${title} times=${times} lines=${lines} format=${format} />`}
  </figure>`;
}

function Values({ title, times, lines, format }) {
  const isLong = times.length > 1 && times.at(-1) - times[0] > 86400;
  const places = times.map((_, place) => place).filter((place) => lines.some(({ values }) => values[place] !== null));
  return html`<div class="table values" tabindex="0" role="region" aria-label=${`Values of ${title}`}>
    <table>
      <thead><tr><th scope="col">From</th>${lines.map(({ name }) => html`<th key=${name} scope="col" class="number">${name}</th>`)}</tr></thead>
      <tbody>${places.reverse().map((place) => html`<tr key=${times[place]}>
        <th scope="row">${clock(times[place], isLong)}</th>
        ${lines.map(({ name, values }) => html`<td key=${name} class="number">${format(values[place])}</td>`)}
      </tr>`)}</tbody>
    </table>
  </div>`;
}

function Picture({ label, times, lines, format, isWhole }) {
  const box = useRef(null);
  const plot = useRef(null);
  const paints = useValue(repaint);
  const shape = lines.map(({ name, colour: of, isFilled }) => `${name}${of}${isFilled}`).join();
  useEffect(() => {
    let isGone = false;
    let watch;
    import("../vendor/uplot.js").then(({ default: UPlot }) => {
      if (isGone || !box.current) return;
      const width = box.current.clientWidth;
      plot.current = new UPlot(options(lines, format, width, isWhole), data(times, lines), box.current);
      watch = new ResizeObserver(([entry]) => {
        const next = Math.floor(entry.contentRect.width);
        if (next > 0 && plot.current.width !== next) plot.current.setSize({ width: next, height: HEIGHT });
      });
      watch.observe(box.current);
    });
    return () => {
      isGone = true;
      watch?.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
    // What is drawn anew in place is drawn below.
  }, [shape, paints]);
  useEffect(() => plot.current?.setData(data(times, lines)), [times, lines]);
  return html`<div class="picture" ref=${box} role="img" aria-label=${label} style=${{ height: `${HEIGHT}px` }}></div>`;
}

const data = (times, lines) => [times, ...lines.map(({ values }) => values)];

function options(lines, format, width, isWhole) {
  const text = colour("--muted");
  const grid = { stroke: colour("--grid"), width: 1 };
  const font = "11px system-ui, sans-serif";
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    padding: [8, 8, 0, 0],
    scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.1 : 1] } },
    axes: [
      { stroke: text, grid: { show: false }, ticks: grid, font, size: 28, values: (self, splits) => splits.map((at) => clock(at, self.scales.x.max - self.scales.x.min > 172800)), space: 80 },
      { stroke: text, grid, ticks: { show: false }, font, size: 58, values: (_, splits) => splits.map((value) => (value === null || (isWhole && value % 1 !== 0) ? "" : format(value))) },
    ],
    series: [{}, ...lines.map(({ name, colour: of, isFilled }) => ({
      label: name,
      stroke: colour(of),
      fill: isFilled ? faint(colour(of)) : undefined,
      width: 1.5,
      points: { size: 4, show: (self, index) => lone(self.data[index]) },
    }))],
  };
}

/** Whether a line has values too far apart to be joined, so that only points show them. */
const lone = (values) => values.filter((value) => value !== null && value !== undefined).length < 8;

const faint = (solid) => solid.replace("rgb(", "rgba(").replace(")", ", 0.14)");
