// Plain messages, and what the provider reads of them.

import assert from "node:assert/strict";

import { Trace, UPSTREAM_KEY, check, user } from "../checks/harness.mjs";
import { QUESTION, ask, locked } from "./clients.mjs";

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

check("a message has text, usage and request id", async () => {
  const trace = new Trace();
  const message = await ask({}, { trace });
  assert.equal(message.content.length, 1);
  const [{ type, text }] = message.content;
  assert.ok(type === "text" && text.startsWith(`You said: ${QUESTION} `), text);
  assert.match(message.id, /^msg_./);
  assert.deepEqual([message.type, message.role, message.model], ["message", "assistant", "sim-fast"]);
  assert.deepEqual([message.stop_reason, message.stop_sequence], ["end_turn", null]);
  const { input_tokens, output_tokens } = message.usage;
  assert.deepEqual([input_tokens, output_tokens], [4 + Math.ceil(QUESTION.length / 4), text.split(" ").length]);
  assert.equal(message._request_id, trace.id);
  assert.deepEqual(await trace.outcomes(), ["answered"]);
});

check("the raw answer says who answered", async () => {
  const { data, response, request_id } = await ask({ model: "vendor/sim-large:free" }).withResponse();
  assert.ok(request_id);
  assert.equal(response.headers.get("x-modelport-provider"), "openai_compatible");
  assert.equal(response.headers.get("x-modelport-model"), "vendor/sim-large:free");
  assert.equal(data.model, "vendor/sim-large:free");
});

check("the provider reads a chat request", async () => {
  const trace = new Trace();
  const more = {
    model: "openai_compatible:vendor/sim-large:free",
    system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
    temperature: 0.25,
    stop_sequences: ["END"],
    metadata: { user_id: "u-1" },
  };
  await ask(more, { trace });
  assert.deepEqual(await trace.body(), {
    model: "vendor/sim-large:free",
    messages: [{ role: "system", content: "Be brief." }, ...user(QUESTION)],
    max_tokens: 1000,
    temperature: 0.25,
    stop: ["END"],
    user: "u-1",
  });
});

check("a limit cuts the answer", async () => {
  const message = await ask({ max_tokens: 5 });
  assert.deepEqual([message.stop_reason, message.usage.output_tokens], ["max_tokens", 5]);
  assert.equal(message.content[0].text.split(" ").length, 5);
});

check("an image reaches the provider", async () => {
  const text = { type: "text", text: "What is on this? Ünï🙂" };
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } };
  const trace = new Trace();
  const message = await ask({ model: "sim-smart", messages: user([text, image]) }, { trace });
  assert.ok(message.content[0].text.startsWith("You said: What is on this? Ünï🙂"));
  const sent = { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } };
  assert.deepEqual((await trace.body()).messages, user([text, sent]));
});

check("an answer is sent back as it came", async () => {
  const { role, content } = await ask();
  const trace = new Trace();
  await ask({ messages: [...user("Hello"), { role, content }, ...user("And now?")] }, { trace });
  const said = { role: "assistant", content: content[0].text };
  assert.deepEqual((await trace.body()).messages, [...user("Hello"), said, ...user("And now?")]);
});

check("the provider sees the gateway's key and never the caller's", async () => {
  const trace = new Trace();
  await ask({}, { caller: locked, trace });
  const [request] = await trace.seen();
  assert.equal(request.headers.authorization, `Bearer ${UPSTREAM_KEY}`);
  assert.ok(!JSON.stringify(request).includes(locked.apiKey));
});
