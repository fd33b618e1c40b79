// Counting tokens without asking a model.

import assert from "node:assert/strict";

import { BadRequestError } from "@anthropic-ai/sdk";

import { Trace, check, raises, user } from "../checks/harness.mjs";
import { QUESTION, client } from "./clients.mjs";
import { TOOLS } from "./tools.mjs";

async function count(more = {}, trace = new Trace()) {
  const body = { model: "sim-fast", messages: user(QUESTION), ...more };
  return (await client.messages.countTokens(body, { headers: trace.headers })).input_tokens;
}

check("tokens are counted without a request to the provider", async () => {
  const trace = new Trace();
  const short = await count({}, trace);
  assert.ok(short > 3 && short < 20, `${short}`);
  assert.deepEqual(await trace.seen(), []);
  const long = await count({ messages: user(QUESTION.repeat(100)) });
  assert.ok(long > 400 && long < 1000, `${long}`);
  assert.ok((await count({ tools: TOOLS })) > short + 40);
});

check("a conversation that is none is refused", async () => {
  const error = await raises(BadRequestError, () => count({ messages: "Hello" }));
  assert.deepEqual([error.status, error.type], [400, "invalid_request_error"]);
  assert.match(error.apiMessage, /`messages`/);
});
