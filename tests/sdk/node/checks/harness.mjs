// What all checks share: how one is declared and run, the clients, and a look at what the provider saw.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import OpenAI from "openai";

// Milliseconds until the provider must have noticed that nobody waits any more.
const NOTICE = 1_000;
// Milliseconds until a check counts as hanging.
const PATIENCE = 20_000;
// Exit status when all checks were made and some failed; a crash has another.
const SOME_FAILED = 3;

const { env } = process;
const SIM_ROOT = env.SIM_URL.replace(/\/v1$/, "");
export const UPSTREAM_KEY = env.UPSTREAM_KEY;
export const TABLES = JSON.parse(readFileSync(env.SDK_TABLES, "utf8"));

// Options of a client that leaves retries to the checks that are about them.
export function options(baseURL, apiKey = "the-callers-key") {
  return { baseURL, apiKey, maxRetries: 0, timeout: PATIENCE };
}

export const client = new OpenAI(options(env.GATEWAY_URL));
// Retries by itself, and asks for a key.
export const locked = new OpenAI(options(env.LOCKED_GATEWAY_URL, env.GATEWAY_KEY));
export const wrongKey = new OpenAI(options(env.LOCKED_GATEWAY_URL, "not-the-key"));
// Waits one second for a provider.
export const impatient = new OpenAI(options(env.IMPATIENT_GATEWAY_URL));
// Has a route whose first target is down.
export const routed = new OpenAI(options(env.ROUTED_GATEWAY_URL));

const checks = [];

// Declares a check.
export function check(name, body) {
  checks.push({ name, body });
}

// Declares a check that is made for every row of a table.
export function checkEach(rows, name, body) {
  for (const row of rows) checks.push({ name: `${name}: ${row.fault}`, body: () => body(row) });
}

// Runs all checks, tells of each in a line, and gives the exit status.
export async function run() {
  let failed = 0;
  for (const { name, body } of checks) {
    const hanging = new AbortController();
    try {
      await Promise.race([
        body(),
        sleep(PATIENCE, null, { signal: hanging.signal }).then(() => assert.fail("it hangs")),
      ]);
      console.log(`ok    node    ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  node    ${name}: ${error.message.split("\n").join(" ")}`);
      console.error(error);
    } finally {
      hanging.abort();
    }
  }
  return failed ? SOME_FAILED : 0;
}

// The exception of exactly this class that `work` ends in.
export async function raises(exact, work) {
  let result;
  try {
    result = await work();
  } catch (error) {
    const raised = `raised ${error.constructor.name} (${error.message}), expected ${exact.name}`;
    assert.equal(error.constructor, exact, raised);
    return error;
  }
  assert.fail(`ended well with ${JSON.stringify(result)}, expected ${exact.name}`);
}

// The messages of a conversation that begins.
export function user(content) {
  return [{ role: "user", content }];
}

// Joins the text of a stream's first choice.
export async function textOf(stream) {
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
  return text;
}

// Finds what the provider saw of one call: the request id that the caller chooses goes all the way.
export class Trace {
  id = `sdk-${randomUUID()}`;
  headers = { "x-request-id": this.id };

  // The requests of this call that reached the provider, with their outcome.
  async seen() {
    const answer = await fetch(`${SIM_ROOT}/__sim/requests`);
    const requests = (await answer.json()).map((request) => ({
      ...request,
      headers: Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value])),
    }));
    return requests.filter((request) => request.headers["x-request-id"] === this.id);
  }

  // The one request's body as the provider got it.
  async body() {
    const requests = await this.seen();
    assert.equal(requests.length, 1);
    return JSON.parse(requests[0].body);
  }

  async outcomes() {
    return (await this.seen()).map((request) => request.outcome);
  }

  // Fails unless the one request comes to this outcome soon.
  async waitUntil(outcome) {
    const end = performance.now() + NOTICE;
    while ((await this.outcomes()).join() !== outcome && performance.now() < end) await sleep(20);
    assert.deepEqual(await this.outcomes(), [outcome]);
  }
}
