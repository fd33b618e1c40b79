import { expect } from "../support.mjs";

export const path = "/dashboard";
export const ready = "First token p50";

export const checks = {
  "shows what was sent": async ({ page, base }) => {
    const shown = async () => Number((await page.locator(".figures dd").first().innerText()).replaceAll(",", ""));
    const before = await shown();
    expect(before >= 40, `only ${before} requests are shown`);
    await page.request.post(`${base}/v1/chat/completions`, { data: { model: "spread", messages: [{ role: "user", content: "Hello!" }] } });
    await page.waitForFunction((known) => Number(document.querySelector(".figures dd").innerText.replaceAll(",", "")) > known, before, { timeout: 15000 });
    await page.locator(".live .badge.good").waitFor();
  },
  "tells each chart as a sentence and a table": async ({ page }) => {
    for (const name of ["Requests", "Errors", "Latency", "Time to first token", "Tokens", "Spend"]) {
      const chart = page.locator("figure", { has: page.getByRole("heading", { name, exact: true }) });
      const label = await chart.getByRole("img").getAttribute("aria-label");
      expect(label.length > name.length + 10, `${name} says ${label}`);
      await page.getByRole("button", { name: `Table of ${name}`, exact: true }).click();
      expect(await chart.locator("tbody tr").count() > 0, `${name} has no values`);
    }
  },
  "shows each range and what it is apart by": async ({ page }) => {
    for (const range of ["15 min", "6 h", "24 h", "7 d", "30 d"]) {
      await page.getByRole("button", { name: range, exact: true }).click();
      await page.getByText(`in the last ${range === "15 min" ? "15 minutes" : range === "7 d" ? "7 days" : range === "30 d" ? "30 days" : range === "6 h" ? "6 hours" : "24 hours"}`).first().waitFor();
    }
    await page.getByText("from the ledger").first().waitFor();
    await page.getByRole("button", { name: "Model", exact: true }).click();
    await page.getByRole("rowheader", { name: "sim-smart" }).waitFor();
    expect(page.url().includes("by=model") && page.url().includes("range=30d"), page.url());
  },
};
