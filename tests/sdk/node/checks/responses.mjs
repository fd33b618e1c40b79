// The Responses API, which is the same whether the provider has it or is asked by chat completions.

import assert from "node:assert/strict";

import OpenAI, { APIError, BadRequestError } from "openai";

import { TABLES, Trace, check, checkEach, client, locked, raises } from "./harness.mjs";

const QUESTION = "What does a gateway do?";
const TOOLS = [
  {
    type: "function",
    name: "get_weather",
    description: "The weather in a city.",
    parameters: {
      type: "object",
      properties: { city: { type: "string" }, unit: { enum: ["celsius", "fahrenheit"] } },
      required: ["city", "unit"],
      additionalProperties: false,
    },
    strict: true,
  },
  {
    type: "function",
    name: "get_time",
    parameters: { type: "object", properties: { timezone: { type: "string" } }, required: ["timezone"] },
    strict: false,
  },
];
const CALLS = [
  ["call_sim_0", "get_weather", { city: "Oslo", unit: "celsius" }],
  ["call_sim_1", "get_time", { timezone: "Europe/Oslo" }],
];
const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" }, attendees: { type: "integer", minimum: 2 } },
  required: ["city", "attendees"],
  additionalProperties: false,
};

function ask(body = {}, options = {}, caller = client) {
  return caller.responses.create({ model: "sim-fast", input: QUESTION, ...body }, options);
}

function read(response) {
  return response.output.map((call) => [call.call_id, call.name, JSON.parse(call.arguments)]);
}

async function eventsOf(stream) {
  const events = [];
  for await (const event of await stream) events.push(event);
  return events;
}

check("a response has text, usage and what was asked", async () => {
  const response = await ask({ instructions: "Be brief.", temperature: 0.25, metadata: { a: "b" } });
  const words = response.output_text.split(" ").length;
  assert.ok(response.output_text.startsWith(`You said: ${QUESTION} `), response.output_text);
  assert.deepEqual([response.object, response.status, response.model], ["response", "completed", "sim-fast"]);
  const { instructions, temperature, metadata } = response;
  assert.deepEqual([instructions, temperature, metadata], ["Be brief.", 0.25, { a: "b" }]);
  const { input_tokens, output_tokens, total_tokens } = response.usage;
  assert.deepEqual([output_tokens, total_tokens], [words, input_tokens + words]);
});

check("a streamed response agrees with a whole one", async () => {
  const whole = await ask();
  const events = await eventsOf(ask({ stream: true }));
  assert.deepEqual(events.map((event) => event.sequence_number), [...events.keys()]);
  const deltas = events.filter((event) => event.type === "response.output_text.delta");
  assert.ok(deltas.length > 20);
  assert.equal(deltas.map((event) => event.delta).join(""), whole.output_text);
  const last = events.at(-1);
  assert.equal(last.type, "response.completed");
  assert.deepEqual(last.response.usage, whole.usage);
});

check("the sdk's stream helper gives the final response", async () => {
  const stream = client.responses.stream({ model: "sim-fast", input: QUESTION });
  assert.ok((await stream.finalResponse()).output_text.startsWith(`You said: ${QUESTION} `));
});

check("a limit leaves the response incomplete", async () => {
  const streamed = await eventsOf(ask({ max_output_tokens: 5, stream: true }));
  for (const response of [await ask({ max_output_tokens: 5 }), streamed.at(-1).response]) {
    assert.deepEqual([response.status, response.incomplete_details.reason], ["incomplete", "max_output_tokens"]);
    assert.equal(response.usage.output_tokens, 5);
  }
});

check("tools are called and the next turn answers in text", async () => {
  const first = await ask({ tools: TOOLS });
  assert.deepEqual(read(first), CALLS);
  assert.deepEqual(read(await ask({ tools: TOOLS, parallel_tool_calls: false })), CALLS.slice(0, 1));
  const chosen = await ask({ tools: TOOLS, tool_choice: { type: "function", name: "get_time" } });
  assert.deepEqual(read(chosen).map(([, name]) => name), ["get_time"]);
  const result = (call) => ({ type: "function_call_output", call_id: call.call_id, output: call.name });
  const input = [{ role: "user", content: QUESTION }, ...first.output, ...first.output.map(result)];
  const answer = await ask({ tools: TOOLS, input });
  assert.ok(answer.output_text.startsWith(`You said: ${QUESTION} `), answer.output_text);
});

check("streamed response tool calls come together from fragments", async () => {
  const events = await eventsOf(ask({ tools: TOOLS, stream: true }));
  assert.deepEqual(read(events.at(-1).response), CALLS);
  const fragments = events.filter((event) => event.type === "response.function_call_arguments.delta");
  for (const [place, [, , given]] of CALLS.entries()) {
    const mine = fragments.filter((event) => event.output_index === place).map((event) => event.delta);
    assert.deepEqual(JSON.parse(mine.join("")), given);
  }
});

check("the sdk parses a response that fits a schema", async () => {
  const format = { type: "json_schema", name: "meeting", strict: true, schema: SCHEMA };
  const response = await client.responses.parse({ model: "sim-smart", input: QUESTION, text: { format } });
  assert.deepEqual(JSON.parse(response.output_text), { city: "Oslo", attendees: 2 });
});

check("a response that nobody kept cannot be continued", async () => {
  const error = await raises(BadRequestError, () => ask({ previous_response_id: "resp_1" }));
  assert.deepEqual([error.status, error.param], [400, "previous_response_id"]);
  assert.ok(error.requestID && error.message);
});

checkEach(TABLES.errors, "a failed response is the exception of its kind", async (row) => {
  const trace = new Trace();
  const call = () => ask({ model: `fault/${row.fault}` }, { headers: trace.headers });
  const error = await raises(OpenAI[row.class], call);
  assert.deepEqual([error.status, error.code, error.requestID], [row.status, row.code, trace.id]);
  assert.ok(error.type && error.message.includes(row.says ?? ""), error.message);
});

const BREAKS = ["error-event-6", "cut-6", "reset-6"].map((fault) => ({ fault }));

checkEach(BREAKS, "a streamed response that breaks off raises", async (row) => {
  const names = [];
  await raises(APIError, async () => {
    for await (const event of await ask({ model: `fault/${row.fault}`, stream: true })) names.push(event.type);
  });
  assert.ok(names.includes("response.output_text.delta") && !names.includes("response.completed"), `${names}`);
});

check("the gateway asks again for a response unseen", async () => {
  const trace = new Trace();
  const response = await ask({ model: "fault/status-504@1" }, { headers: trace.headers }, locked);
  assert.ok(response.output_text.startsWith("You said:"), response.output_text);
  assert.equal((await trace.seen()).length, 2);
});
