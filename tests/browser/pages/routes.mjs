export const path = "/dashboard/routes";
export const ready = "recent requests";

export const checks = {
  "explains a request": async ({ page, shots }) => {
    const field = page.getByLabel("Request", { exact: true });
    await field.fill("{");
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByText("This is not JSON").waitFor();
    await field.fill(JSON.stringify({ model: "smart", messages: [{ role: "user", content: "Hello!" }] }));
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByText("By the route").waitFor();
    await page.getByRole("region", { name: "Candidates" }).getByText("fast:sim-smart").waitFor();
    await page.screenshot({ path: `${shots}/routes-explained.png`, fullPage: true });
  },
};
