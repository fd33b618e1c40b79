import { expect, hasFocus } from "../support.mjs";

export const path = "/dashboard/models";
export const ready = "sim-smart";

/** The longest a screen of a long list may take to be drawn, in milliseconds; much more than it does where nothing else runs. */
const MAX_FRAME = 1000;

export const checks = {
  "finds, puts in order and tells more": async ({ page, shots }) => {
    await page.getByLabel("Search").fill("smart");
    expect(await page.locator("tbody tr").count() < 7, "nothing is left out");
    await page.getByLabel("Search").fill("");
    await page.getByRole("button", { name: "Output / 1M" }).click();
    await page.locator("th[aria-sort=descending]").waitFor();
    await page.getByRole("button", { name: "Details of sim-smart" }).first().press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.screenshot({ path: `${shots}/models-details.png` });
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await hasFocus(page, "Details of sim-smart");
  },
  "stays smooth with 2,000 models": async ({ page, base, shots }) => {
    await page.route(`${base}/admin/v1/models`, (route) => route.fulfill({ json: { object: "list", data: many() } }));
    await page.reload();
    await page.getByText("2,000 of 2,000").waitFor();
    const drawn = await page.locator("tbody tr").count();
    expect(drawn < 120, `${drawn} rows are drawn`);
    await page.screenshot({ path: `${shots}/models-2000.png` });
    const longest = await page.evaluate(async () => {
      const box = document.querySelector(".table.long");
      let last = performance.now();
      let most = 0;
      for (let step = 0; step < 60; step += 1) {
        box.scrollTop += 1000;
        await new Promise(requestAnimationFrame);
        most = Math.max(most, performance.now() - last);
        last = performance.now();
      }
      box.scrollTop = box.scrollHeight;
      return most;
    });
    console.log(`      the longest frame took ${Math.round(longest)} ms`);
    expect(longest < MAX_FRAME, `a frame took ${longest} ms`);
    await page.getByText("vendor/model-1999").first().waitFor();
  },
};

const many = () => Array.from({ length: 2000 }, (_, number) => ({
  id: `vendor/model-${number}`, providers: ["fast"], qualified_ids: [`fast:vendor/model-${number}`], context_length: 1000 * (number % 200), source: "discovered",
  pricing: { prompt: `0.00000${number % 9}`, completion: `0.0000${number % 9}` },
  capabilities: { tools: { supported: true, source: "listing" }, vision: { supported: number % 2 === 0, source: "listing" } },
}));
