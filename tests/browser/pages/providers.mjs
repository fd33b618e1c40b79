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
};
