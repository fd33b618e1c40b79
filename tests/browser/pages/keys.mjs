import { accessible, expect, fits, hasFocus, LOOKS, open } from "../support.mjs";

export const path = "/dashboard/keys";
export const ready = "ada-laptop";
export const isLocked = true;

const CHAT = { model: "sim-fast", messages: [{ role: "user", content: "Hello!" }] };

/** The status of a chat with a key. */
async function chat(base, key) {
  const answer = await fetch(`${base}/v1/chat/completions`, { method: "POST", headers: { authorization: `Bearer ${key}` }, body: JSON.stringify(CHAT) });
  await answer.text();
  return answer.status;
}

/** A team and keys in every state, of which one has been used. */
export async function prepare({ base, key }) {
  const send = async (method, path, body) => {
    const answer = await fetch(`${base}/admin/v1/${path}`, { method, headers: { authorization: `Bearer ${key}` }, body: JSON.stringify(body) });
    const said = await answer.json();
    expect(answer.ok, `${method} ${path}: ${JSON.stringify(said)}`);
    return said;
  };
  const inDays = (days) => new Date(Date.now() + days * 86400000).toISOString();
  await send("POST", "teams", { name: "research", tags: { "cost-center": "42" }, limits: { requests_per_minute: 600, budgets: [{ amount: "1000", per: "month", warn: "800" }] } });
  const ada = await send("POST", "keys", { name: "ada-laptop", team: "research", user: "ada@example.com", limits: { requests_per_minute: 20, tokens_per_day: 100000, budgets: [{ amount: "5.50", per: "day" }] } });
  await send("POST", "keys", { name: "nightly-eval", expires: inDays(3), priority: "low", tags: { project: "eval" }, scopes: { models: ["sim-*"], endpoints: ["/chat/completions"] } });
  const rotated = await send("POST", "keys", { name: "chat-widget", team: "research", priority: "high", limits: { concurrency: 8 } });
  await send("POST", `keys/${rotated.id}/rotate`, { grace_seconds: 3600 });
  const gone = await send("POST", "keys", { name: "left-the-team" });
  await send("DELETE", `keys/${gone.id}`);
  for (let sent = 0; sent < 17; sent += 1) await chat(base, ada.key);
}

const row = (page, name) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });

async function dialog(page, title) {
  const found = page.getByRole("dialog", { name: title });
  await found.waitFor();
  return found;
}

export const checks = {
  "tells states, limits and what is used of them": async ({ page, shots }) => {
    for (const [name, state] of [["ada-laptop", "active"], ["nightly-eval", "expiring"], ["chat-widget", "in grace"]]) {
      await row(page, name).getByText(state).waitFor();
    }
    expect(await row(page, "left-the-team").count() === 0, "a revoked key is among the good ones");
    await page.getByRole("button", { name: "All", exact: true }).click();
    await row(page, "left-the-team").getByText("revoked").waitFor();
    await page.getByRole("button", { name: "Details of ada-laptop" }).click();
    const details = await dialog(page, "ada-laptop");
    for (const label of ["Requests a minute", "Tokens a day", "Budget a day"]) {
      const meter = details.getByRole("meter", { name: label });
      expect(Number(await meter.getAttribute("aria-valuenow")) >= 0, `${label} has no value`);
    }
    await details.getByText(/\d+ of 20, whole again in/).waitFor();
    await details.getByText(/\$0\.0\d+ of \$5\.50, begins anew in/).waitFor();
    await details.getByText(/ ago$/).first().waitFor();
    await accessible(page);
    await page.screenshot({ path: `${shots}/keys-details.png` });
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Details of left-the-team" }).click();
    expect(await (await dialog(page, "left-the-team")).getByRole("button", { name: "Revoke" }).count() === 0, "a revoked key can be revoked");
  },
  "makes a key by keyboard alone, which works, is rotated and revoked": async ({ page, base, shots }) => {
    await page.getByRole("button", { name: "New key" }).focus();
    await page.keyboard.press("Enter");
    const form = await dialog(page, "New key");
    await page.keyboard.press("Enter");
    await form.getByText("Give it a name").first().waitFor();
    await page.keyboard.type("made-here");
    await form.getByLabel("Requests a minute", { exact: true }).focus();
    await page.keyboard.type("none");
    await page.keyboard.press("Enter");
    await form.getByText("Give a whole number above 0").first().waitFor();
    await form.getByLabel("Requests a minute", { exact: true }).fill("3");
    await form.getByRole("button", { name: "Add a budget" }).press("Enter");
    await form.getByLabel("US dollars").fill("2.50");
    await form.getByLabel("Models", { exact: true }).fill("sim-fast, smart");
    await accessible(page);
    await page.screenshot({ path: `${shots}/keys-new.png` });
    await form.getByLabel("Name").press("Enter");
    const secret = await dialog(page, "The text of made-here");
    await secret.getByRole("button", { name: "Copy the key", exact: true }).press("Enter");
    const text = await page.evaluate(() => navigator.clipboard.readText());
    expect(/^mp-[\w-]{43}$/.test(text), `copied is ${text}`);
    await page.screenshot({ path: `${shots}/keys-secret.png` });
    expect(await secret.evaluate((element) => element.scrollWidth <= element.clientWidth), "the window is wider than it may be");
    await page.keyboard.press("Escape");
    expect(!(await page.content()).includes(text), "the text is still there");
    expect(await chat(base, text) === 200, "the key does not work");
    await row(page, "made-here").getByText("1 of 3").waitFor();

    await page.getByRole("button", { name: "Details of made-here" }).press("Enter");
    await (await dialog(page, "made-here")).getByRole("button", { name: "Rotate" }).press("Enter");
    await (await dialog(page, "Rotate made-here")).getByRole("button", { name: "Rotate" }).press("Enter");
    const next = await (await dialog(page, "The text of made-here")).getByRole("region", { name: "the key" }).innerText();
    expect(next !== text, "the text is the same");
    await page.getByText(/is good until/).waitFor();
    await page.keyboard.press("Escape");
    await hasFocus(page, "Details of made-here");
    await row(page, "made-here").getByText("in grace").waitFor();
    expect(await chat(base, text) === 200 && await chat(base, next) === 200, "a text does not work in grace");
    expect(await chat(base, next) === 429, "its limit does not hold");

    await page.getByRole("button", { name: "Details of made-here" }).press("Enter");
    await (await dialog(page, "made-here")).getByRole("button", { name: "Revoke" }).press("Enter");
    await page.screenshot({ path: `${shots}/keys-revoke.png` });
    await page.getByRole("button", { name: "Revoke for ever" }).press("Enter");
    await row(page, "made-here").waitFor({ state: "detached" });
    expect(await chat(base, text) === 401 && await chat(base, next) === 401, "a revoked key is let in");
  },
  "changes a key": async ({ page, base, key }) => {
    await page.getByRole("button", { name: "Details of nightly-eval" }).click();
    await (await dialog(page, "nightly-eval")).getByRole("button", { name: "Change" }).click();
    const form = await dialog(page, "Change nightly-eval");
    expect(await form.getByLabel("Models", { exact: true }).inputValue() === "sim-*", "what it opens is not there");
    await form.getByLabel("Team").selectOption("research");
    await form.getByRole("button", { name: "Save" }).click();
    await row(page, "nightly-eval").getByText("research").waitFor();
    const ends = async () => (await (await fetch(`${base}/admin/v1/keys`, { headers: { authorization: `Bearer ${key}` } })).json()).data.find(({ name }) => name === "nightly-eval").expires;
    expect(!(await ends()).includes(":00Z"), `its end has lost its seconds: ${await ends()}`);
    await page.getByRole("button", { name: "Details of nightly-eval" }).click();
    await (await dialog(page, "nightly-eval")).getByRole("button", { name: "Change" }).click();
    await form.getByLabel("Expires").selectOption("");
    await form.getByLabel("Tags").fill("project=other");
    await form.getByRole("button", { name: "Save" }).click();
    await row(page, "nightly-eval").getByText("active").waitFor();
    await page.getByRole("button", { name: "Details of nightly-eval" }).click();
    await (await dialog(page, "nightly-eval")).getByText("project=other").waitFor();
  },
  "makes, changes and deletes a team": async ({ page, shots }) => {
    await page.getByRole("button", { name: "New team" }).click();
    const form = await dialog(page, "New team");
    await form.getByLabel("Name").fill("interns");
    await form.getByLabel("Tokens a minute", { exact: true }).fill("5000");
    await form.getByRole("button", { name: "Create the team" }).click();
    await row(page, "interns").getByText("5,000 tok/min").waitFor();
    await page.getByRole("button", { name: "Details of the team interns" }).click();
    await (await dialog(page, "Team interns")).getByRole("button", { name: "Change" }).click();
    const change = await dialog(page, "Change the team interns");
    await change.getByLabel("Tokens a minute", { exact: true }).fill("");
    await change.getByRole("button", { name: "Add a budget" }).click();
    await change.getByLabel("US dollars").fill("50");
    await change.getByLabel("Only warn").check();
    await change.getByRole("button", { name: "Save" }).click();
    await row(page, "interns").getByText("$50.00 a month, soft", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Details of the team interns" }).click();
    await (await dialog(page, "Team interns")).getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog", { name: "Delete the team interns?" }).getByRole("button", { name: "Delete" }).click();
    await row(page, "interns").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Details of the team research" }).click();
    const research = await dialog(page, "Team research");
    expect(await research.getByRole("button", { name: "Delete" }).count() === 0, "a team with keys can be deleted");
    await research.getByText("once no key is in it").waitFor();
    await page.screenshot({ path: `${shots}/keys-team.png` });
  },
  "only looks where there is no admin key": async ({ browser, unlocked, shots }) => {
    for (const look of LOOKS) {
      const { page, faults, close } = await open(browser, unlocked, look);
      await page.goto(unlocked + path);
      await page.getByText("You may look, and not change anything").waitFor();
      await page.getByText("MODELPORT_ADMIN_KEY=").waitFor();
      await page.getByText("No keys yet").waitFor();
      expect(await page.getByRole("button", { name: /^New/ }).count() === 0, "a button is there that cannot work");
      await fits(page);
      await accessible(page);
      await page.screenshot({ path: `${shots}/keys-read-only-${look.name}.png`, fullPage: true });
      expect(faults.length === 0, faults.join("\n"));
      await close();
    }
  },
};
