import { accessible, expect, fits } from "../support.mjs";

export const path = "/docs";
export const ready = "The API of modelport";

export const checks = {
  "finds, opens and copies": async ({ page, shots }) => {
    await page.getByLabel("Search").fill("rotate");
    expect(await page.locator("details.operation").count() === 1, "too much is found");
    await page.getByLabel("Search").fill("");
    await page.getByRole("link", { name: "/v1/chat/completions" }).press("Enter");
    const opened = page.locator("#chat_completions");
    await opened.getByRole("heading", { name: "Answers" }).waitFor();
    for (const name of ["Fields of messages", "Fields of stream_options"]) await opened.getByText(name).press("Enter");
    await opened.getByText("Headers").first().press("Enter");
    await opened.getByText("x-modelport-provider").first().waitFor();
    await opened.getByRole("button", { name: "Copy command" }).press("Enter");
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied.startsWith("curl ") && copied.includes("/v1/chat/completions"), copied);
    await page.screenshot({ path: `${shots}/docs-opened.png`, fullPage: true });
    await accessible(page);
    await fits(page);
  },
  "leads to an operation by its address": async ({ page, base }) => {
    await page.goto(`${base}/docs#create_key`);
    await page.reload();
    await page.locator("#create_key").getByText("requests_per_minute").first().waitFor();
  },
  "opens everything on a phone and stays within it": async ({ page, shots }) => {
    await page.setViewportSize({ width: 375, height: 780 });
    const all = page.locator("details.operation > summary");
    for (let place = 0; place < await all.count(); place += 1) await all.nth(place).press("Enter");
    await fits(page);
    await accessible(page);
    await page.screenshot({ path: `${shots}/docs-all-phone.png` });
  },
};
