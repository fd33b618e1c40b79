// A caller who goes away: the provider learns of it at once, and is not left at work for nobody.

import assert from "node:assert/strict";

import { APIConnectionTimeoutError, APIUserAbortError } from "openai";

import { Trace, check, client, raises, user } from "./harness.mjs";

// A stream that would take a minute.
const SLOW = { "x-sim-tps": "20", "x-sim-tokens": "1200" };
const COUNT = { model: "sim-fast", messages: user("Count"), stream: true };
const HANG = { model: "fault/hang", messages: user("Wait") };

check("leaving a stream ends it at the provider", async () => {
  const trace = new Trace();
  const stream = await client.chat.completions.create(COUNT, { headers: { ...SLOW, ...trace.headers } });
  for await (const chunk of stream) {
    if (!chunk.choices[0].delta.content) continue;
    // What arrives is not held back until the answer is whole.
    assert.deepEqual(await trace.outcomes(), ["running"]);
    break;
  }
  await trace.waitUntil("cancelled");
});

check("aborting a stream ends it at the provider", async () => {
  const trace = new Trace();
  const stream = await client.chat.completions.create(COUNT, { headers: { ...SLOW, ...trace.headers } });
  let chunks = 0;
  for await (const _ of stream) {
    chunks += 1;
    if (chunks === 3) stream.controller.abort();
  }
  assert.ok(chunks >= 3 && chunks < 20, `${chunks}`);
  await trace.waitUntil("cancelled");
});

check("an abort signal ends the wait at the provider", async () => {
  for (const stream of [false, true]) {
    const trace = new Trace();
    const abort = new AbortController();
    const options = { headers: trace.headers, signal: abort.signal };
    await Promise.all([
      raises(APIUserAbortError, () => client.chat.completions.create({ ...HANG, stream }, options)),
      trace.waitUntil("running").finally(() => abort.abort()),
    ]);
    await trace.waitUntil("cancelled");
  }
});

check("a client's timeout ends the wait at the provider", async () => {
  for (const stream of [false, true]) {
    const trace = new Trace();
    const options = { headers: trace.headers, timeout: 300 };
    await raises(APIConnectionTimeoutError, () => client.chat.completions.create({ ...HANG, stream }, options));
    await trace.waitUntil("cancelled");
  }
});

check("the gateway answers the next request after one was left", async () => {
  const chat = await client.chat.completions.create({ model: "sim-fast", messages: user("Still there?") });
  assert.ok(chat.choices[0].message.content.startsWith("You said: Still there?"));
});
