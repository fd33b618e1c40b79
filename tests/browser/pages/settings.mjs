import { expect } from "../support.mjs";

export const path = "/dashboard/settings";
export const ready = "What it comes to";

export const checks = {
  "shows no secret": async ({ page }) => {
    await page.getByRole("button", { name: "All", exact: true }).click();
    await page.getByText("SHUTDOWN_TIMEOUT").waitFor();
    await page.getByLabel("Find a setting").fill("api_key");
    await page.getByText("(hidden)").first().waitFor();
    const text = await page.locator("body").innerText();
    expect(!text.includes("the-key-of"), "a key is shown");
  },
};
