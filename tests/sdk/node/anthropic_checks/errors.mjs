// Errors as the SDK's exceptions, and which of them it and the gateway try again.

import assert from "node:assert/strict";

import Anthropic, { AuthenticationError, BadRequestError, GatewayTimeoutError } from "@anthropic-ai/sdk";

import { TABLES, Trace, check, checkEach, raises, user } from "../checks/harness.mjs";
import { ask, impatient, locked, wrongKey } from "./clients.mjs";

// Where this SDK has a class of its own and OpenAI's has none.
const CLASSES = { 503: "ServiceUnavailableError" };
const TYPES = { 404: "not_found_error", 429: "rate_limit_error" };

function typeOf({ status }) {
  return TYPES[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
}

function classOf(row) {
  return Anthropic[CLASSES[row.status] ?? row.class];
}

function faults(...names) {
  return names.map((fault) => ({ fault }));
}

check("a wrong key is an authentication error", async () => {
  const error = await raises(AuthenticationError, () => ask({}, { caller: wrongKey }));
  assert.deepEqual([error.status, error.type], [401, "authentication_error"]);
  assert.ok(error.requestID && !error.message.includes("not-the-key"), error.message);
});

checkEach(TABLES.errors, "a failure is the exception of its kind", async (row) => {
  const trace = new Trace();
  const error = await raises(classOf(row), () => ask({ model: `fault/${row.fault}` }, { trace }));
  assert.deepEqual([error.status, error.type, error.requestID], [row.status, typeOf(row), trace.id]);
  assert.deepEqual([error.error.type, error.error.request_id], ["error", trace.id]);
  assert.ok(error.apiMessage.includes(row.says ?? ""), error.apiMessage);
  assert.equal((await trace.seen()).length, 1);
});

checkEach(TABLES.broken_connections, "a connection that breaks is an internal server error", async (row) => {
  const error = await raises(classOf(row), () => ask({ model: `fault/${row.fault}` }));
  assert.deepEqual([error.status, error.type], [row.status, "api_error"]);
});

check("a provider that hangs is a 504 that names the setting", async () => {
  const error = await raises(GatewayTimeoutError, () => ask({ model: "fault/hang" }, { caller: impatient }));
  assert.deepEqual([error.status, error.type], [504, "timeout_error"]);
  assert.match(error.apiMessage, /OPENAI_COMPATIBLE_TIMEOUT=1\b/);
});

check("what cannot be translated is refused with its place", async () => {
  const content = [{ type: "text", text: "Read:" }, { type: "container_upload", file_id: "f" }];
  const error = await raises(BadRequestError, () => ask({ messages: user(content) }));
  assert.equal(error.type, "invalid_request_error");
  assert.match(error.apiMessage, /`messages\[0\]\.content\[1\]\.type`/);
});

checkEach(faults("status-503@1", "status-429@2", "garbage@1"), "the sdk tries again where it can help", async (row) => {
  const trace = new Trace();
  const message = await ask({ model: `fault/${row.fault}` }, { trace, maxRetries: 2 });
  assert.ok(message.content[0].text.startsWith("You said: "));
  assert.equal((await trace.seen()).length, Number(row.fault.at(-1)) + 1);
});

checkEach(faults("status-502@1", "reset@1"), "the gateway tries again unseen", async (row) => {
  const trace = new Trace();
  const message = await ask({ model: `fault/${row.fault}` }, { caller: locked, trace });
  assert.ok(message.content[0].text.startsWith("You said: "));
  assert.equal((await trace.seen()).length, Number(row.fault.at(-1)) + 1);
});
