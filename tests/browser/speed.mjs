// How heavy the dashboard is, how soon it is there, and what it costs the gateway.

import { readFile } from "node:fs/promises";
import { check, expect, open } from "./support.mjs";

/** The most that all of a page's files may weigh as they are sent, in bytes. */
const MAX_WEIGHT = 100_000;

/** The longest until something is painted, in milliseconds; here, where the machine is busy with other things. */
const MAX_PAINT = 5000;

/** The most of one core that an open dashboard may take beside what the gateway takes anyway, in a debug build. */
const MAX_SHARE = 0.01;

/** How long that is watched, in milliseconds. */
const WATCHED = 10_000;

/** Clock ticks a second, in which Linux counts a process's time. */
const TICKS = 100;

async function ticks(process) {
  const stat = await readFile(`/proc/${process}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/** The share of a core that a process takes for a while. */
async function share(process) {
  const before = await ticks(process);
  await new Promise((done) => setTimeout(done, WATCHED));
  return (await ticks(process) - before) / TICKS / (WATCHED / 1000);
}

export async function speed(browser, { base, key, process }) {
  const idle = await share(process);
  const { page, close } = await open(browser, base, { key });
  await check("the overview is light and soon there", async () => {
    await page.goto(`${base}/dashboard`);
    await page.locator(".picture canvas").first().waitFor();
    const [weight, paint, files] = await page.evaluate(() => {
      const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
        .filter(({ name }) => !name.includes("/admin/"));
      return [all.reduce((sum, { transferSize }) => sum + transferSize, 0), performance.getEntriesByName("first-contentful-paint")[0].startTime, all.length];
    });
    console.log(`      ${weight} bytes in ${files} files, first contentful paint after ${Math.round(paint)} ms`);
    expect(weight < MAX_WEIGHT, `it weighs ${weight} bytes`);
    expect(paint < MAX_PAINT, `it is painted after ${paint} ms`);
    await page.reload();
    await page.locator(".picture canvas").first().waitFor();
    const again = await page.evaluate(() => performance.getEntriesByType("resource").filter(({ name }) => name.includes("/assets/")).reduce((sum, { transferSize }) => sum + transferSize, 0));
    expect(again === 0, `${again} bytes are fetched again`);
  });
  await check("an open dashboard costs the gateway next to nothing", async () => {
    await page.waitForTimeout(1000);
    const more = await share(process) - idle;
    console.log(`      ${(idle * 100).toFixed(2)} % of a core without it, ${(more * 100).toFixed(2)} % more with it`);
    expect(more <= MAX_SHARE, `it takes ${(more * 100).toFixed(2)} % of a core`);
  });
  await close();
}
