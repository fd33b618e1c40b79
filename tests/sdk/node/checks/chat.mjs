// Plain chat completions, and that what the caller wrote is what the provider reads.

import assert from "node:assert/strict";

import { Trace, UPSTREAM_KEY, check, client, locked, user } from "./harness.mjs";

export const QUESTION = "What does a gateway do?";
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function ask(body, trace = new Trace()) {
  return client.chat.completions.create(
    { model: "sim-fast", messages: user(QUESTION), ...body },
    { headers: trace.headers },
  );
}

check("a chat has text, usage and request id", async () => {
  const trace = new Trace();
  const chat = await ask({}, trace);
  assert.equal(chat.choices.length, 1);
  const [{ message, finish_reason }] = chat.choices;
  const words = message.content.split(" ").length;
  assert.ok(message.content.startsWith(`You said: ${QUESTION} `) && words > 20, message.content);
  assert.deepEqual([finish_reason, message.role, chat.model], ["stop", "assistant", "sim-fast"]);
  const prompt = 4 + Math.ceil(QUESTION.length / 4);
  const { prompt_tokens, completion_tokens, total_tokens } = chat.usage;
  assert.deepEqual([prompt_tokens, completion_tokens, total_tokens], [prompt, words, prompt + words]);
  assert.equal(chat._request_id, trace.id);
  assert.deepEqual(await trace.outcomes(), ["answered"]);
});

check("the raw answer says who answered", async () => {
  const { data, response, request_id } = await ask({ model: "vendor/sim-large:free" }).withResponse();
  assert.ok(request_id);
  assert.equal(response.headers.get("x-modelport-provider"), "openai_compatible");
  assert.equal(response.headers.get("x-modelport-model"), "vendor/sim-large:free");
  assert.equal(data.model, "vendor/sim-large:free");
});

check("a provider prefix goes no further than the gateway", async () => {
  const trace = new Trace();
  await ask({ model: "openai_compatible:vendor/sim-large:free" }, trace);
  assert.equal((await trace.body()).model, "vendor/sim-large:free");
});

check("a limit cuts the answer", async () => {
  const chat = await ask({ max_completion_tokens: 5 });
  assert.deepEqual([chat.choices[0].finish_reason, chat.usage.completion_tokens], ["length", 5]);
  assert.equal(chat.choices[0].message.content.split(" ").length, 5);
});

check("n gives as many choices", async () => {
  const chat = await ask({ n: 3 });
  assert.deepEqual(chat.choices.map((choice) => choice.index), [0, 1, 2]);
  assert.ok(chat.choices.every((choice) => choice.message.content.startsWith("You said:")));
});

check("parts with an image reach the provider as they are", async () => {
  const parts = [
    { type: "text", text: "What is on this? Ünï🙂" },
    { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}`, detail: "low" } },
  ];
  const trace = new Trace();
  const chat = await ask({ model: "sim-smart", messages: user(parts) }, trace);
  assert.ok(chat.choices[0].message.content.startsWith("You said: What is on this? Ünï🙂"));
  assert.ok(chat.usage.prompt_tokens > 85);
  assert.deepEqual((await trace.body()).messages, user(parts));
});

check("unknown fields of the body reach the provider", async () => {
  const extra = { provider: { order: ["a", "b"], allow_fallbacks: false }, x_future: [1, { deep: null }, 1.5, "é"] };
  const trace = new Trace();
  await ask({ temperature: 0.25, seed: 7, ...extra }, trace);
  assert.deepEqual(await trace.body(), {
    model: "sim-fast", messages: user(QUESTION), temperature: 0.25, seed: 7, ...extra,
  });
});

check("the provider sees the gateway's key and never the caller's", async () => {
  for (const caller of [client, locked]) {
    const trace = new Trace();
    const body = { model: "sim-fast", messages: user(QUESTION) };
    await caller.chat.completions.create(body, { headers: trace.headers });
    const [request] = await trace.seen();
    assert.equal(request.headers.authorization, `Bearer ${UPSTREAM_KEY}`);
    assert.ok(!JSON.stringify(request).includes(caller.apiKey));
  }
});

check("fifty calls at once are all answered with their own", async () => {
  const numbers = Array.from({ length: 50 }, (_, number) => number);
  const chats = await Promise.all(numbers.map((number) => ask({ messages: user(`number ${number}`) })));
  for (const number of numbers) {
    assert.ok(chats[number].choices[0].message.content.startsWith(`You said: number ${number} `));
  }
});
