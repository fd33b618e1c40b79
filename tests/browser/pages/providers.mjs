import { expect } from "../support.mjs";

export const path = "/dashboard/providers";
export const ready = "Base URL";

export const checks = {
  "fetches and probes": async ({ page }) => {
    await page.getByRole("button", { name: "Fetch models again: Fast simulated" }).click();
    await page.getByText("Fast simulated: the models were fetched again").waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Probe: Fast simulated" }).click();
    await page.getByText("Fast simulated: it was probed").waitFor({ state: "attached" });
    await page.getByText("unhealthy").first().waitFor();
  },
  "shows the last hour of a provider": async ({ page }) => {
    const strip = page.getByRole("region", { name: "Fast simulated" }).getByRole("img", { name: /Last hour: \d+ requests, \d+ without/ });
    await strip.waitFor();
    expect(await strip.locator("span").count() >= 60, "not every minute has a mark");
    expect(await strip.locator(".good, .warn").count() > 0, "no request has a mark");
  },
};
