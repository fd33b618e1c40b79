// Streamed messages: what arrives, and that a broken stream never looks like a whole one.

import assert from "node:assert/strict";

import Anthropic, { APIError } from "@anthropic-ai/sdk";

import { TABLES, Trace, check, checkEach, raises, user } from "../checks/harness.mjs";
import { ask, client, impatient, plainText, request } from "./clients.mjs";

// A stream that would take a minute.
const SLOW = { "x-sim-tps": "20", "x-sim-tokens": "1200" };

check("the final message is that of a plain call", async () => {
  const trace = new Trace();
  let text = "";
  const stream = client.messages.stream(request(), { headers: trace.headers }).on("text", (delta) => (text += delta));
  const message = await stream.finalMessage();
  const plain = await ask();
  assert.deepEqual([text, message.content[0].text], [plain.content[0].text, plain.content[0].text]);
  assert.deepEqual([message.stop_reason, message.model, message.role], ["end_turn", "sim-fast", "assistant"]);
  assert.equal(message.usage.input_tokens, plain.usage.input_tokens);
  assert.equal(message.usage.output_tokens, plain.usage.output_tokens);
  assert.equal(stream.request_id, trace.id);
  const sent = await trace.body();
  assert.deepEqual([sent.stream, sent.stream_options], [true, { include_usage: true }]);
});

check("events come in Anthropic's order", async () => {
  const types = [];
  for await (const event of await ask({ stream: true })) types.push(event.type);
  assert.deepEqual(types.slice(0, 2), ["message_start", "content_block_start"]);
  assert.deepEqual(types.slice(-3), ["content_block_stop", "message_delta", "message_stop"]);
  assert.ok(types.length > 20 && types.slice(2, -3).every((type) => type === "content_block_delta"));
});

checkEach(TABLES.refused_streams, "a failure before the first output is a plain error", async (row) => {
  const error = await raises(Anthropic[row.class], () => ask({ model: `fault/${row.fault}`, stream: true }));
  assert.deepEqual([error.status, error.error.type], [row.status, "error"]);
});

checkEach(TABLES.broken_streams, "a stream that breaks ends in an error", async (row) => {
  // A stall is only seen by the gateway that waits a short time.
  const caller = row.code === "upstream_timeout" ? impatient : client;
  let text = "";
  const types = new Set();
  // Exactly this class: the error is told in the stream, not by a connection that breaks.
  const error = await raises(APIError, async () => {
    for await (const event of await ask({ model: `fault/${row.fault}`, stream: true }, { caller })) {
      types.add(event.type);
      text += event.delta?.text ?? "";
    }
  });
  assert.match(error.type, /_error$/);
  assert.ok(error.error.request_id && error.apiMessage.includes(row.says ?? ""), error.message);
  for (const type of ["content_block_stop", "message_delta", "message_stop"]) assert.ok(!types.has(type), type);
  const whole = await plainText();
  assert.ok(text && text !== whole && whole.startsWith(text), text);
});

check("leaving a stream ends it at the provider", async () => {
  const trace = new Trace();
  const more = { messages: user("Count"), max_tokens: 2000, stream: true };
  const stream = await client.messages.create(request(more), { headers: { ...SLOW, ...trace.headers } });
  for await (const event of stream) {
    if (event.type !== "content_block_delta") continue;
    // What arrives is not held back until the answer is whole.
    assert.deepEqual(await trace.outcomes(), ["running"]);
    break;
  }
  await trace.waitUntil("cancelled");
});
