// Streamed chat completions: what arrives, and that a broken stream never looks like a whole one.

import assert from "node:assert/strict";

import OpenAI, { APIError } from "openai";

import { QUESTION } from "./chat.mjs";
import { TABLES, Trace, check, checkEach, client, impatient, raises, textOf, user } from "./harness.mjs";

function stream(body = {}, { caller = client, headers = {} } = {}) {
  const request = { model: "sim-fast", messages: user(QUESTION), stream: true, ...body };
  return caller.chat.completions.create(request, { headers });
}

async function plainText() {
  const chat = await client.chat.completions.create({ model: "sim-fast", messages: user(QUESTION) });
  return chat.choices[0].message.content;
}

check("a stream has the whole text and ends in usage", async () => {
  const trace = new Trace();
  const body = { stream_options: { include_usage: true } };
  const chunks = [];
  for await (const chunk of await stream(body, { headers: trace.headers })) chunks.push(chunk);
  const choices = chunks.flatMap((chunk) => chunk.choices);
  const deltas = choices.map((choice) => choice.delta.content).filter(Boolean);
  const text = await plainText();
  assert.ok(deltas.length > 20);
  assert.equal(deltas.join(""), text);
  assert.deepEqual(choices.map((choice) => choice.finish_reason).filter(Boolean), ["stop"]);
  const last = chunks.pop();
  assert.deepEqual([last.choices, last.usage.completion_tokens], [[], text.split(" ").length]);
  assert.equal(last.usage.total_tokens, last.usage.prompt_tokens + last.usage.completion_tokens);
  assert.ok(chunks.every((chunk) => !chunk.usage));
  assert.deepEqual(await trace.outcomes(), ["answered"]);
});

check("a stream has no usage unless asked for", async () => {
  for await (const chunk of await stream()) assert.ok(!chunk.usage && chunk.choices.length === 1);
});

check("a stream has a request id", async () => {
  const trace = new Trace();
  const { data, response, request_id } = await stream({}, { headers: trace.headers }).withResponse();
  assert.equal(request_id, trace.id);
  assert.match(response.headers.get("content-type"), /^text\/event-stream/);
  assert.equal(await textOf(data), await plainText());
});

check("choices of a stream keep apart", async () => {
  const texts = ["", ""];
  for await (const chunk of await stream({ n: 2 })) {
    for (const choice of chunk.choices) texts[choice.index] += choice.delta.content ?? "";
  }
  assert.deepEqual(texts, [await plainText(), await plainText()]);
});

check("the sdk's stream helper puts the answer together", async () => {
  const body = { model: "sim-fast", messages: user(QUESTION), stream_options: { include_usage: true } };
  const runner = client.chat.completions.stream(body);
  let text = "";
  runner.on("content", (delta) => (text += delta));
  const chat = await runner.finalChatCompletion();
  assert.deepEqual([text, chat.choices[0].message.content], [await plainText(), await plainText()]);
  assert.equal(chat.usage.completion_tokens, text.split(" ").length);
});

const FORMS = ["comments", "crlf", "split-7", "one-write", "no-space", "multiline", "no-done", "bom"];

checkEach(FORMS.map((fault) => ({ fault })), "a stream in an unusual form is whole", async (row) => {
  assert.equal(await textOf(await stream({ model: `fault/${row.fault}` })), await plainText());
});

checkEach(TABLES.refused_streams, "a failure before the first output is a plain error", async (row) => {
  const error = await raises(OpenAI[row.class], () => stream({ model: `fault/${row.fault}` }));
  assert.deepEqual([error.status, error.code], [row.status, row.code]);
});

checkEach(TABLES.broken_streams, "a stream that breaks ends in an error", async (row) => {
  // A stall is only seen by the gateway that waits a short time.
  const caller = row.code === "upstream_timeout" ? impatient : client;
  let text = "";
  const finishes = [];
  // Exactly this class: the error is told in the stream, not by a connection that breaks.
  const error = await raises(APIError, async () => {
    for await (const chunk of await stream({ model: `fault/${row.fault}` }, { caller })) {
      text += chunk.choices[0].delta.content ?? "";
      finishes.push(chunk.choices[0].finish_reason ?? null);
    }
  });
  assert.equal(error.code, row.code);
  assert.ok(error.message.includes(row.says ?? ""), error.message);
  assert.ok(finishes.every((reason) => reason === null), finishes.join());
  const whole = await plainText();
  assert.ok(text && text !== whole && whole.startsWith(text), text);
});
