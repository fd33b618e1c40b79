// Who is let in, and how.

import { accessible, check, expect, focused, open } from "./support.mjs";

export async function access(browser, { base, locked, key, shots }) {
  await check("an admin key is asked for, and kept for the tab alone", async () => {
    const { page, close } = await open(browser, locked);
    await page.goto(`${locked}/`);
    expect(page.url() === `${locked}/dashboard`, `/ leads to ${page.url()}`);
    const field = page.getByLabel("Admin key");
    await field.waitFor();
    await accessible(page);
    await page.screenshot({ path: `${shots}/access-locked.png` });
    await field.fill("not-the-admin-key");
    await page.keyboard.press("Enter");
    await page.getByText("Incorrect admin key").waitFor();
    await field.fill(key);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    const kept = await page.evaluate(() => JSON.stringify(localStorage));
    expect(!kept.includes("admin"), `it is kept: ${kept}`);
    await page.getByRole("button", { name: "Forget the key" }).click();
    await field.waitFor();
    await close();
  });
  await check("another name that points here is not let in", async () => {
    const { page, close } = await open(browser, base);
    const status = await page.request.get(`${base}/admin/v1/session`, { headers: { host: "evil.example" } });
    expect(status.status() === 403, `the status is ${status.status()}`);
    await close();
  });
  await check("the theme can be chosen, and stays", async () => {
    const { page, close } = await open(browser, base);
    await page.goto(`${base}/dashboard`);
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.getByLabel("Theme").selectOption("dark");
    const dark = await ground();
    await page.reload();
    await page.getByLabel("Theme").waitFor();
    expect(await ground() === dark, "it is forgotten");
    await page.getByLabel("Theme").selectOption("light");
    expect(await ground() !== dark, "light is as dark");
    await close();
  });
  await check("the way to another page leads to its content", async () => {
    const { page, close } = await open(browser, base);
    await page.goto(`${base}/dashboard`);
    await page.getByRole("link", { name: "Models" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Models" }).waitFor();
    expect((await focused(page)).startsWith("main"), `the focus is at ${await focused(page)}`);
    await page.goBack();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.goto(`${base}/dashboard/nothing`);
    await page.getByText("There is no such page").waitFor();
    await close();
  });
  await check("a phone's menu opens and closes", async () => {
    const { page, close } = await open(browser, base, { width: 375, height: 780 });
    await page.goto(`${base}/dashboard`);
    const menu = page.getByRole("button", { name: "Menu" });
    await menu.click();
    await page.screenshot({ path: `${shots}/menu-phone.png` });
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    expect(await menu.getAttribute("aria-expanded") === "false", "it stays open");
    await close();
  });
}
