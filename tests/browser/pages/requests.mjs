import { accessible, expect, fits, focused, hasFocus, open as openPage } from "../support.mjs";

export const path = "/dashboard/requests";
export const ready = "Tokens in / out";

/** Rows that the ledger holds beside those of real traffic; see `history` in scripts/test-browser. */
const MANY = 10_000;

/** The longest that 95 of 100 frames may take while 10,000 rows are scrolled through, in milliseconds; much more than it
 *  is where nothing else runs. */
const MAX_FRAME = 250;

const rows = (page) => page.locator(".feed tbody tr:not(.gap)");
const chat = (page, base, model, id, more) => page.request.post(`${base}/v1/chat/completions`, {
  data: { model, messages: [{ role: "user", content: "Hello!" }], ...more }, headers: { "x-request-id": id },
});

export const checks = {
  "shows a request as it ends, and holds it back while paused": async ({ page, base }) => {
    await page.locator(".live .badge.good").waitFor();
    await chat(page, base, "smart", "seen-live");
    await page.getByRole("button", { name: "details of seen-live" }).waitFor({ timeout: 5000 });
    await page.getByRole("button", { name: "Pause" }).click();
    await chat(page, base, "smart", "seen-later");
    await page.getByText("1 new").waitFor();
    expect(await page.getByRole("button", { name: "details of seen-later" }).count() === 0, "it is not held back");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("button", { name: "details of seen-later" }).waitFor();
  },
  "keeps its filters in the address": async ({ page }) => {
    await page.getByLabel("Status").selectOption("5xx");
    await page.getByText("fault/status-500").first().waitFor();
    await page.getByLabel("Model").fill("fast:fault/status-500");
    await page.keyboard.press("Enter");
    await page.waitForURL(/status=5xx.*model=fast/);
    await page.getByText("3 requests", { exact: true }).waitFor();
    await page.reload();
    await page.getByText("3 requests", { exact: true }).waitFor();
    expect(await page.getByLabel("Model").inputValue() === "fast:fault/status-500", "the field is empty");
    await page.getByLabel("Team").fill("nobody");
    await page.keyboard.press("Enter");
    await page.getByText("No request is like that").waitFor();
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.getByText("sim-smart").or(page.getByText("spread")).first().waitFor();
    expect(!page.url().includes("?"), page.url());
  },
  "tells all of one, by keyboard alone": async ({ page, browser, base, key, shots }) => {
    await chat(page, base, "smart", "told-1", { user: "ada" });
    const first = page.getByRole("button", { name: "details of told-1" });
    await first.waitFor();
    await first.focus();
    await page.keyboard.press("ArrowDown");
    expect(!(await focused(page)).includes("told-1"), "the arrow stays");
    await page.keyboard.press("ArrowUp");
    expect((await focused(page)).includes("told-1"), `the focus is at ${await focused(page)}`);
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Decision").waitFor();
    for (const words of ["first output at", "as they came", "computed from the tokens", "first try", "gone:sim-smart"]) {
      await dialog.getByText(words).first().waitFor();
    }
    await accessible(page);
    await page.screenshot({ path: `${shots}/requests-details.png` });
    await page.getByRole("button", { name: "Copy the request id" }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText()) === "told-1", "it is not copied");
    const shared = page.url();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await hasFocus(page, "told-1");
    for (const look of [{ name: "light-phone", scheme: "light" }, { name: "dark-phone", scheme: "dark" }]) {
      const phone = await openPage(browser, base, { ...look, width: 375, height: 780, key });
      await phone.page.goto(shared);
      await phone.page.getByRole("dialog").getByText("Decision").waitFor();
      await fits(phone.page);
      await accessible(phone.page);
      await phone.page.screenshot({ path: `${shots}/requests-details-${look.name}.png` });
      await phone.close();
    }
  },
  "tells what went wrong, attempt by attempt": async ({ page, shots }) => {
    await rows(page).filter({ hasText: "fault/status-500" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.locator(".waterfall li").nth(3).waitFor();
    await dialog.getByText("At fault: upstream.").waitFor();
    await accessible(page);
    await page.screenshot({ path: `${shots}/requests-details-retries.png` });
    await page.getByRole("button", { name: "Close" }).click();
    await page.locator(".feed-foot").getByText("more as you go down").waitFor();
    await page.getByLabel("Request id").fill("past-9000");
    await page.keyboard.press("Enter");
    await page.getByText("1 request", { exact: true }).waitFor();
    await page.getByRole("button", { name: "details of past-9000" }).click();
    await dialog.getByText("This is what the ledger has").waitFor();
    await page.screenshot({ path: `${shots}/requests-details-ledger.png` });
  },
  "stays smooth through 10,000 requests": async ({ page, shots }) => {
    await rows(page).first().waitFor();
    const told = await page.evaluate(async (many) => {
      const box = document.querySelector(".feed");
      const frames = [];
      const tasks = [];
      new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
      const count = () => Number(box.querySelector("table").getAttribute("aria-rowcount")) - 1;
      const start = performance.now();
      let last = start;
      let most = 0;
      while ((count() < many || box.scrollTop + box.clientHeight < box.scrollHeight - 1) && last - start < 60_000) {
        box.scrollTop += 400;
        await new Promise(requestAnimationFrame);
        frames.push(performance.now() - last);
        last = performance.now();
        most = Math.max(most, box.querySelectorAll("tbody tr").length);
      }
      frames.sort((left, right) => left - right);
      const at = (share) => Math.round(frames[Math.floor((frames.length - 1) * share)]);
      return { count: count(), frames: frames.length, seconds: Math.round((last - start) / 100) / 10, p50: at(0.5), p95: at(0.95), longest: at(1),
        tasks: tasks.length, longestTask: Math.round(Math.max(0, ...tasks)), most };
    }, MANY);
    console.log(`      ${told.count} rows in ${told.frames} frames and ${told.seconds} s: a frame takes ${told.p50} ms (p50), ${told.p95} ms (p95), ${told.longest} ms at most; ${told.tasks} tasks over 50 ms, the longest ${told.longestTask} ms; ${told.most} rows drawn at most`);
    expect(told.count >= MANY, `only ${told.count} rows were reached`);
    expect(told.p95 < MAX_FRAME, `a frame takes ${told.p95} ms`);
    expect(told.most < 120, `${told.most} rows are drawn`);
    await page.screenshot({ path: `${shots}/requests-10000.png` });
    await page.locator(".feed tbody button[tabindex='0']").focus();
    await page.keyboard.press("Home");
    await page.waitForFunction(() => document.querySelector(".feed").scrollTop === 0 && document.activeElement.closest("tr")?.getAttribute("aria-rowindex") === "2");
    await page.keyboard.press("End");
    await page.waitForFunction(() => document.activeElement.closest("tr")?.getAttribute("aria-rowindex") === document.querySelector(".feed table").getAttribute("aria-rowcount"));
  },
  "helps where there is nothing": async ({ page, base, shots }) => {
    await page.route(`${base}/admin/v1/requests?*`, (route) => route.fulfill({ json: { object: "list", source: "ledger", data: [], next: null, looked_to: null } }));
    await page.reload();
    await page.getByText("No request has finished yet").waitFor();
    await accessible(page);
    await page.screenshot({ path: `${shots}/requests-empty.png` });
  },
};
