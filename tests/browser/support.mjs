// What the checks of all pages need: a browser, and what is to be so on every page.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** The looks that every page is checked in. */
export const LOOKS = [
  { name: "light-wide", scheme: "light", width: 1280, height: 860 },
  { name: "dark-wide", scheme: "dark", width: 1280, height: 860 },
  { name: "light-phone", scheme: "light", width: 375, height: 780 },
  { name: "dark-phone", scheme: "dark", width: 375, height: 780 },
];

export const launch = () => chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });

let passed = 0;
let failed = 0;

/** Makes one check and says how it went. */
export async function check(name, work) {
  try {
    await work();
    passed += 1;
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}: ${error.stack ?? error}`);
  }
}

export const outcome = () => ({ passed, failed });

export function expect(is, words) {
  if (!is) throw new Error(words);
}

/** A page of its own, whose faults and requests elsewhere fail the check that uses it. */
export async function open(browser, base, { scheme = "light", width = 1280, height = 860, key } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(base)) faults.push(`a request to ${request.url()}`);
  });
  if (key) await page.addInitScript((text) => sessionStorage.setItem("modelport-admin-key", text), key);
  return { page, faults, close: () => context.close() };
}

/** That nothing sticks out of the page at the side. */
export async function fits(page) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over <= 0, `the page is ${over} px wider than the window`);
}

/** That axe has nothing serious to say. */
export async function accessible(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const said = grave.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html} (${failureSummary})`).join("; ")}`);
  expect(grave.length === 0, said.join("\n"));
}

/** Waits until what has this in its name has the focus: pages give it back a moment after a window is gone. */
export const hasFocus = (page, name) => page.waitForFunction((name) => {
  const at = document.activeElement;
  return at !== document.body && (at.getAttribute("aria-label") ?? at.textContent).includes(name);
}, name);

/** What has the focus, in words. */
export const focused = (page) => page.evaluate(() => {
  const at = document.activeElement;
  return `${at.tagName.toLowerCase()} ${at.getAttribute("aria-label") ?? at.textContent.trim().slice(0, 60)}`;
});

/** That the Tab key goes through the whole page and out of it, shows where it is, and stops nowhere. Gives all stops. */
export async function tabbable(page) {
  const stops = [];
  await page.evaluate(() => document.activeElement?.blur());
  for (let count = 0; count < 400; count += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const mark = (window.stops ??= new Map());
      if (!mark.has(element)) mark.set(element, mark.size);
      const style = getComputedStyle(element);
      return { number: mark.get(element), outline: style.outlineStyle !== "none", label: `${element.tagName} ${element.textContent.trim().slice(0, 40)}` };
    });
    if (at === null || at.number < stops.length) return stops;
    expect(at.outline, `nothing shows that ${at.label} has the focus`);
    stops.push(at.label);
  }
  throw new Error("the Tab key does not come to an end");
}
