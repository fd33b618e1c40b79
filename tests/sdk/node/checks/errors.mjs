// Errors as the SDK's exceptions, and which of them it and the gateway try again.

import assert from "node:assert/strict";

import OpenAI, { APIError, AuthenticationError, InternalServerError } from "openai";

import { TABLES, Trace, check, checkEach, raises, textOf, user } from "./harness.mjs";
import { client, impatient, locked, wrongKey } from "./harness.mjs";

function ask(caller, model, body = {}, options = {}) {
  return caller.chat.completions.create({ model, messages: user("Hello"), ...body }, options);
}

function faults(...names) {
  return names.map((fault) => ({ fault }));
}

// The number of requests that a fault such as `status-503@2` leaves to the provider until it answers well.
function requestsUntilWell(row) {
  return Number(row.fault.at(-1)) + 1;
}

check("a wrong key is an authentication error", async () => {
  for (const call of [() => ask(wrongKey, "sim-fast"), () => wrongKey.models.list()]) {
    const error = await raises(AuthenticationError, call);
    assert.deepEqual([error.status, error.code, error.type], [401, "invalid_api_key", "authentication_error"]);
    assert.ok(error.requestID && !error.message.includes("not-the-key"), error.message);
  }
  assert.ok((await ask(locked, "sim-fast")).choices[0].message.content);
});

checkEach(TABLES.unread_refusals, "a refusal before the body is read reaches a client that goes on", async (row) => {
  const caller = row.key ? wrongKey : locked;
  for (const size of [100, 200_000, 8_000_000, 100, 200_000, 8_000_000, 100]) {
    const body = { model: "sim-fast", messages: user("x".repeat(size)) };
    const error = await raises(OpenAI[row.class], () => caller.post(row.path, { body }));
    assert.deepEqual([error.status, error.code], [row.status, row.code]);
  }
});

checkEach(TABLES.errors, "a failure is the exception of its kind", async (row) => {
  const trace = new Trace();
  const call = () => ask(client, `fault/${row.fault}`, {}, { headers: trace.headers });
  const error = await raises(OpenAI[row.class], call);
  assert.deepEqual([error.status, error.code, error.requestID], [row.status, row.code, trace.id]);
  assert.ok(error.type && error.message.includes(row.says ?? ""), error.message);
  assert.equal((await trace.seen()).length, 1);
});

checkEach(TABLES.broken_connections, "a connection that breaks is an internal server error", async (row) => {
  // How often the provider is asked is not looked at: a connection kept from earlier may have died unnoticed, so the
  // gateway then asks once more on a new one.
  const error = await raises(OpenAI[row.class], () => ask(client, `fault/${row.fault}`));
  assert.deepEqual([error.status, error.code], [row.status, row.code]);
});

check("a provider that hangs is a 504 that names the setting", async () => {
  const error = await raises(InternalServerError, () => ask(impatient, "fault/hang"));
  assert.deepEqual([error.status, error.code], [504, "upstream_timeout"]);
  assert.match(error.message, /OPENAI_COMPATIBLE_TIMEOUT=1\b/);
});

const HEALING = faults("status-503@1", "status-429@2", "retry-after-ms-100-500@1", "garbage@1");

checkEach(HEALING, "the sdk tries again where it can help", async (row) => {
  const trace = new Trace();
  const chat = await ask(client, `fault/${row.fault}`, {}, { headers: trace.headers, maxRetries: 2 });
  assert.ok(chat.choices[0].message.content.startsWith("You said: Hello"));
  const counts = (await trace.seen()).map((request) => Number(request.headers["x-stainless-retry-count"]));
  assert.deepEqual(counts, [...Array(requestsUntilWell(row)).keys()]);
});

const LASTING = faults("status-400", "status-404", "status-401", "quota");

checkEach(LASTING, "the sdk does not try again where it cannot help", async (row) => {
  const trace = new Trace();
  const options = { headers: trace.headers, maxRetries: 2 };
  await assert.rejects(async () => ask(client, `fault/${row.fault}`, {}, options), APIError);
  assert.equal((await trace.seen()).length, 1);
});

checkEach(faults("status-502@1", "reset@1"), "the gateway tries again unseen", async (row) => {
  const trace = new Trace();
  const chat = await ask(locked, `fault/${row.fault}`, {}, { headers: trace.headers });
  assert.ok(chat.choices[0].message.content.startsWith("You said: Hello"));
  assert.equal((await trace.seen()).length, requestsUntilWell(row));
});

checkEach(faults("status-500@2", "preamble-cut@1"), "the gateway tries a stream again unseen", async (row) => {
  const trace = new Trace();
  const stream = await ask(locked, `fault/${row.fault}`, { stream: true }, { headers: trace.headers });
  assert.match(await textOf(stream), /^You said: Hello/);
  assert.equal((await trace.seen()).length, requestsUntilWell(row));
});
