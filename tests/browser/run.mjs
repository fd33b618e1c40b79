// Looks at every page of the dashboard in a real browser: in light and dark, wide and on a phone, by keyboard alone.
// Each file in pages/ is one page: `path`, `ready` (a text that is there once it is drawn) and, if there is more to
// check, `checks(tools)`. One with `isLocked` is looked at where an admin key is set, `prepare(tools)` comes first.

import { mkdir, readdir } from "node:fs/promises";
import { LOOKS, accessible, check, expect, fits, launch, open, outcome, tabbable } from "./support.mjs";
import { access } from "./access.mjs";
import { speed } from "./speed.mjs";

const { GATEWAY_URL: unlocked, LOCKED_GATEWAY_URL: locked, ADMIN_KEY: key, SCREENSHOTS: shots } = process.env;
const only = process.argv[2];

await mkdir(shots, { recursive: true });
const browser = await launch();
const names = (await readdir(new URL("pages/", import.meta.url))).filter((name) => name.endsWith(".mjs")).sort();
for (const name of names.filter((each) => !only || each.startsWith(only))) {
  const spec = await import(`./pages/${name}`);
  const title = name.replace(".mjs", "");
  const base = spec.isLocked ? locked : unlocked;
  await spec.prepare?.({ base, key });
  for (const look of LOOKS) {
    await check(`${title} ${look.name}`, async () => {
      const { page, faults, close } = await open(browser, base, { ...look, key });
      await page.goto(base + spec.path);
      await page.getByText(spec.ready).first().waitFor({ timeout: 10000 });
      await page.waitForTimeout(600);
      await page.screenshot({ path: `${shots}/${title}-${look.name}.png`, fullPage: true });
      await fits(page);
      await accessible(page);
      expect(faults.length === 0, faults.join("\n"));
      await close();
    });
  }
  await check(`${title} by keyboard`, async () => {
    const { page, close } = await open(browser, base, { key });
    await page.goto(base + spec.path);
    await page.getByText(spec.ready).first().waitFor();
    const stops = await tabbable(page);
    expect(stops[0].includes("Skip to the content"), `the first stop is ${stops[0]}`);
    expect(stops.length > 6, `there are only ${stops.length} stops`);
    await close();
  });
  for (const [what, work] of Object.entries(spec.checks ?? {})) {
    await check(`${title} ${what}`, async () => {
      const { page, faults, close } = await open(browser, base, { key });
      await page.goto(base + spec.path);
      await page.getByText(spec.ready).first().waitFor();
      await work({ page, browser, base, unlocked, locked, key, shots });
      expect(faults.length === 0, faults.join("\n"));
      await close();
    });
  }
}
if (!only) {
  await access(browser, { base: unlocked, locked, key, shots });
  await speed(browser, { base: unlocked, key, process: process.env.GATEWAY_PROCESS });
}
await browser.close();
const { passed, failed } = outcome();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 3);
