import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { accessible, expect, open } from "../support.mjs";

export const path = "/dashboard/playground";
export const ready = "Nothing was said yet";

const { SIM_URL: sim, PYTHON: python } = process.env;

/** Four red pixels. */
const PIXELS = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGO4oGAARAwQCgAiDgSBIDiXQgAAAABJRU5ErkJggg==";

const TOOLS = [{ type: "function", function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } } }];

/** Bodies of the chats that the provider has been asked for, and what became of them. */
async function seen() {
  const all = await (await fetch(`${sim}/__sim/requests`)).json();
  return all.filter((request) => request.path.endsWith("/chat/completions")).map(({ body, outcome }) => ({ ...JSON.parse(body), outcome }));
}

const forget = () => fetch(`${sim}/__sim/requests`, { method: "DELETE" });

async function say(page, text) {
  await page.getByLabel("Message").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

const answers = (page) => page.getByRole("article");
const answered = (page, place) => answers(page).nth(place).getByText("answered", { exact: false }).waitFor();

async function fact(answer, name) {
  return answer.locator(".took > div").filter({ has: answer.page().locator("dt", { hasText: name }) }).locator("dd").innerText();
}

/** What lines print that are put into a file beside the checks, where the packages are that they need. */
async function runCopied(command, name, code) {
  const file = fileURLToPath(new URL(`../${name}`, import.meta.url));
  await writeFile(file, code);
  return run(command, [file]);
}

/** What a program prints. */
const run = (command, args, env = {}) => new Promise((done, fail) => {
  execFile(command, args, { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } }, (error, out, said) => (error ? fail(new Error(`${error.message}\n${said}`)) : done(out)));
});

export const checks = {
  "streams an answer in several turns and tells what it took": async ({ page, shots }) => {
    await forget();
    await page.getByLabel("Model", { exact: true }).fill("fast:sim-smart");
    await page.getByLabel("System prompt").fill("Be brief.");
    await page.getByLabel("Temperature").fill("0.5");
    await page.getByLabel("Max tokens").fill("40");
    await page.getByLabel("Seed").fill("7");
    await page.getByLabel("Reasoning effort").selectOption("low");
    await say(page, "What is a port?");
    await answered(page, 0);
    const first = answers(page).first();
    for (const name of ["First token", "Total", "Tokens in", "Tokens out", "Cost", "Provider"]) {
      expect(/[0-9a-z]/.test(await fact(first, name)), `${name} is ${await fact(first, name)}`);
    }
    expect((await fact(first, "Cost")).startsWith("$0.0"), `the cost is ${await fact(first, "Cost")}`);
    expect((await fact(first, "Provider")).includes("fast"), `the provider is ${await fact(first, "Provider")}`);
    await page.getByLabel("Message").fill("And a gateway?");
    await page.getByLabel("Message").press("Control+Enter");
    await answered(page, 1);
    await accessible(page);
    await page.screenshot({ path: `${shots}/playground-turns.png`, fullPage: true });
    const [one, two] = await seen();
    const { model, temperature, max_tokens: most, seed, reasoning_effort: effort, messages } = one;
    expect(JSON.stringify([model, temperature, most, seed, effort]) === '["sim-smart",0.5,40,7,"low"]', JSON.stringify(one));
    expect(messages.length === 2 && messages[0].content === "Be brief.", JSON.stringify(messages));
    expect(two.messages.map(({ role }) => role).join() === "system,user,assistant,user", JSON.stringify(two.messages));
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    expect(!kept.includes("gateway?"), `it is kept: ${kept}`);
    await page.getByRole("link", { name: "Models" }).click();
    await page.getByRole("link", { name: "Playground" }).click();
    await answered(page, 1);
    await page.getByRole("button", { name: "Start anew" }).click();
    await page.getByText(ready).waitFor();
  },
  "stops an answer": async ({ page }) => {
    await forget();
    await page.getByLabel("Model", { exact: true }).fill("fast:fault/stall-3");
    await say(page, "Go on for ever");
    await answers(page).first().locator(".said").waitFor();
    await page.getByRole("button", { name: "Stop" }).press("Enter");
    await answers(page).first().getByText("stopped").waitFor();
    await page.getByRole("button", { name: "Send" }).waitFor();
    for (let tries = 0; (await seen())[0].outcome !== "cancelled"; tries += 1) {
      expect(tries < 50, `the provider goes on: ${(await seen())[0].outcome}`);
      await page.waitForTimeout(100);
    }
  },
  "asks two models side by side": async ({ page, shots }) => {
    await forget();
    await page.getByRole("button", { name: "Two side by side" }).click();
    await page.getByLabel("Model 1").fill("fast:sim-fast");
    await page.getByLabel("Model 2").fill("smart");
    await say(page, "Compare yourselves");
    await answered(page, 0);
    await answered(page, 1);
    await say(page, "And again");
    await answered(page, 3);
    const asked = (await seen()).map(({ model }) => model).sort();
    expect(asked.join() === "sim-fast,sim-fast,sim-smart,sim-smart", `asked were ${asked}`);
    const boxes = await Promise.all([0, 1].map((place) => answers(page).nth(place).boundingBox()));
    expect(boxes[0].y === boxes[1].y && boxes[0].x < boxes[1].x, "they do not stand side by side");
    await page.screenshot({ path: `${shots}/playground-two.png`, fullPage: true });
    await page.setViewportSize({ width: 375, height: 780 });
    await page.screenshot({ path: `${shots}/playground-two-phone.png`, fullPage: true });
  },
  "sends tools and images as they are": async ({ page, shots }) => {
    await forget();
    await page.getByLabel("Model", { exact: true }).fill("fast:sim-smart");
    const tools = page.getByLabel("Tools", { exact: true });
    for (const [text, said] of [["[{", "This is not JSON"], ["{}", "Tools are a list"], ['[{"type": "function"}]', "Tool 1 has no name"], ['[{"type": "function", "function": {"name": "a b"}}]', "letters, digits"]]) {
      await tools.fill(text);
      await page.getByText(said).waitFor();
    }
    await say(page, "What is the weather in this picture?");
    await page.getByText("A setting is not right; what is wrong stands beside it.").waitFor();
    expect((await seen()).length === 0, "it was sent all the same");
    await tools.fill(JSON.stringify(TOOLS));
    const files = page.getByLabel("Images");
    await files.setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("x") });
    await page.getByText("notes.txt is not a PNG").waitFor();
    await files.setInputFiles({ name: "large.png", mimeType: "image/png", buffer: Buffer.alloc(9 * 1024 * 1024) });
    await page.getByText("An image may have up to 8 MiB").waitFor();
    await files.setInputFiles({ name: "pixel.png", mimeType: "image/png", buffer: Buffer.from(PIXELS, "base64") });
    await page.getByRole("button", { name: "Remove pixel.png" }).waitFor();
    await page.waitForFunction(() => document.querySelector(".thumb canvas").getContext("2d").getImageData(20, 20, 1, 1).data[0] > 150);
    await page.getByRole("button", { name: "Send" }).click();
    await answered(page, 0);
    const [asked] = await seen();
    expect(JSON.stringify(asked.tools) === JSON.stringify(TOOLS), JSON.stringify(asked.tools));
    expect(asked.messages[0].content[1].image_url.url === `data:image/png;base64,${PIXELS}`, JSON.stringify(asked.messages[0]));
    await page.getByRole("group", { name: "Call of get_weather" }).getByText("Oslo").waitFor();
    await page.getByLabel("What get_weather says").fill("12 degrees");
    await accessible(page);
    await page.screenshot({ path: `${shots}/playground-tools.png`, fullPage: true });
    await page.getByRole("button", { name: "Send" }).click();
    await answered(page, 1);
    const { messages } = (await seen())[1];
    const [call, result] = messages.slice(1);
    expect(call.tool_calls[0].id === result.tool_call_id && result.content === "12 degrees", JSON.stringify(messages));
  },
  "shows errors in the gateway's words": async ({ browser, base, shots }) => {
    // The browser reports every answer that is an error as a fault of the page's own.
    const { page, close } = await open(browser, base);
    await page.goto(base + path);
    for (const [model, said] of [["fast:fault/status-400", /\(400, invalid_value/], ["fast:fault/cut-3", /upstream_failed/], ["gone:none", /\(502/]]) {
      await page.getByLabel("Model", { exact: true }).fill(model);
      await say(page, "Hello!");
      await answers(page).last().getByText(said).waitFor();
      await answers(page).last().getByText("failed").first().waitFor();
    }
    await page.screenshot({ path: `${shots}/playground-errors.png`, fullPage: true });
    await close();
  },
  "gives code that works": async ({ page, shots }) => {
    const words = "Say 'it' in \"quotes\", $HOME, \\n and 🙂";
    await page.getByLabel("Model", { exact: true }).fill("fast:sim-smart");
    await page.getByLabel("Max tokens").fill("60");
    await page.getByLabel("Images").setInputFiles({ name: "pixel.png", mimeType: "image/png", buffer: Buffer.concat([Buffer.from(PIXELS, "base64"), Buffer.alloc(200_000)]) });
    await page.getByLabel("Message").fill(words);
    for (const isStream of [true, false]) {
      if (!isStream) await page.getByLabel("Stream the answer").uncheck();
      await page.getByRole("button", { name: "Copy as code" }).click();
      for (const [language, command, name] of [
        ["curl", "bash", "copied.sh"],
        ["Python", python, "copied.py"],
        ["Node", "node", "copied.mjs"],
      ]) {
        await forget();
        await page.getByRole("button", { name: language, exact: true }).click();
        await page.getByRole("button", { name: /^Copy the lines for/ }).click();
        const code = await page.evaluate(() => navigator.clipboard.readText());
        expect(code.length > 200_000, `${language} has no image`);
        const printed = await runCopied(command, name, code);
        expect(printed.includes("You said") || printed.includes('"content"'), `${language} prints ${printed.slice(0, 300)}`);
        const [asked] = await seen();
        expect(asked.messages[0].content[0].text === words && asked.max_tokens === 60, `${language}: ${JSON.stringify(asked).slice(0, 300)}`);
        expect(asked.messages[0].content[1].image_url.url.startsWith(`data:image/png;base64,${PIXELS.slice(0, 40)}`), `${language} sends another image`);
        expect((asked.stream ?? false) === isStream, `${language}: stream is ${asked.stream}`);
      }
      if (isStream) await page.screenshot({ path: `${shots}/playground-code.png` });
      await page.keyboard.press("Escape");
    }
  },
  "takes a key where callers need one": async ({ browser, locked, key }) => {
    const made = await (await fetch(`${locked}/admin/v1/keys`, { method: "POST", headers: { authorization: `Bearer ${key}` }, body: JSON.stringify({ name: "playground" }) })).json();
    const { page, close } = await open(browser, locked, { key });
    await page.goto(locked + path);
    await page.getByLabel("Model", { exact: true }).fill("fast:sim-fast");
    await page.getByLabel("Key of the gateway").fill("mp-not-a-key");
    await say(page, "Hello!");
    await answers(page).first().getByText(/\(401/).waitFor();
    await page.getByLabel("Key of the gateway").fill(made.key);
    await say(page, "Hello!");
    await answered(page, 1);
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
    expect(!kept.includes(made.key), `the key is kept: ${kept}`);
    await page.getByRole("button", { name: "Copy as code" }).click();
    expect(!(await page.getByRole("region", { name: "the lines for curl" }).innerText()).includes(made.key), "the key is in the code");
    await page.getByRole("button", { name: "Copy the lines for curl" }).click();
    const code = await page.evaluate(() => navigator.clipboard.readText());
    const printed = await run("bash", ["-c", code], { MODELPORT_KEY: made.key });
    expect(printed.includes("[DONE]"), printed.slice(0, 300));
    await close();
  },
  "is used by keyboard alone": async ({ page }) => {
    const model = page.getByLabel("Model", { exact: true });
    await model.focus();
    await page.keyboard.type("fast:sim-fast");
    await page.getByLabel("Message").focus();
    await page.keyboard.type("Hello!");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await answered(page, 0);
    await page.getByText("fast:sim-fast has answered").waitFor({ state: "attached" });
  },
};
