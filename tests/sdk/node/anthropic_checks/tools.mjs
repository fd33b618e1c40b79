// Tool calls, whole and in pieces, and the turn after them.

import assert from "node:assert/strict";

import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";

import { Trace, check, user } from "../checks/harness.mjs";
import { ask, client, request } from "./clients.mjs";

const QUESTION = "What is the weather, and what is the time?";
export const TOOLS = [
  {
    name: "get_weather",
    description: "The weather in a city.",
    input_schema: {
      type: "object",
      properties: { city: { type: "string" }, unit: { enum: ["celsius", "fahrenheit"] } },
      required: ["city", "unit"],
    },
  },
  {
    name: "get_time",
    input_schema: { type: "object", properties: { timezone: { type: "string" } }, required: ["timezone"] },
  },
];
const CALLS = [
  ["call_sim_0", "get_weather", { city: "Oslo", unit: "celsius" }],
  ["call_sim_1", "get_time", { timezone: "Europe/Oslo" }],
];

function offer(more = {}) {
  return { model: "sim-smart", messages: user(QUESTION), tools: TOOLS, ...more };
}

function read(message) {
  const calls = message.content.filter((block) => block.type === "tool_use");
  return calls.map((block) => [block.id, block.name, block.input]);
}

check("parallel tool calls are read", async () => {
  const trace = new Trace();
  const message = await ask(offer(), { trace });
  assert.deepEqual([message.stop_reason, message.content.length], ["tool_use", 2]);
  assert.deepEqual(read(message), CALLS);
  const { tools } = await trace.body();
  assert.deepEqual(tools.map((tool) => tool.function.parameters), TOOLS.map((tool) => tool.input_schema));
});

check("one call when only one is wanted", async () => {
  const single = { type: "auto", disable_parallel_tool_use: true };
  assert.deepEqual(read(await ask(offer({ tool_choice: single }))), CALLS.slice(0, 1));
  const [[, name, input]] = read(await ask(offer({ tool_choice: { type: "tool", name: "get_time" } })));
  assert.deepEqual([name, input], CALLS[1].slice(1));
  assert.deepEqual(read(await ask(offer({ tool_choice: { type: "none" } }))), []);
});

check("streamed tool calls come together from their pieces", async () => {
  let pieces = 0;
  const stream = client.messages.stream(request(offer())).on("inputJson", () => (pieces += 1));
  const message = await stream.finalMessage();
  assert.deepEqual(read(message), CALLS);
  assert.equal(message.stop_reason, "tool_use");
  assert.ok(pieces > 4, `${pieces}`);
});

check("the turn after the tools answers in text", async () => {
  const { role, content } = await ask(offer());
  const results = content.map(({ id, name }) => ({
    type: "tool_result", tool_use_id: id, content: `The result of ${name}.`,
  }));
  const trace = new Trace();
  const messages = [...user(QUESTION), { role, content }, ...user(results)];
  const message = await ask(offer({ messages }), { trace });
  assert.equal(message.stop_reason, "end_turn");
  assert.ok(message.content[0].text.startsWith(`You said: ${QUESTION} `));
  const sent = (await trace.body()).messages;
  assert.deepEqual(sent.map((turn) => turn.role), ["user", "assistant", "tool", "tool"]);
  assert.deepEqual(sent[1].tool_calls.map((call) => call.id), ["call_sim_0", "call_sim_1"]);
});

check("the sdk's tool runner calls the tools and gets the answer", async () => {
  const called = [];
  const tools = TOOLS.map(({ name, description = name, input_schema: inputSchema }) =>
    betaTool({
      name,
      description,
      inputSchema,
      run: (given) => {
        called.push([name, given]);
        return "done";
      },
    }),
  );
  const message = await client.beta.messages.toolRunner(request(offer({ tools })));
  assert.deepEqual(called, CALLS.map(([, name, given]) => [name, given]));
  assert.ok(message.content[0].text.startsWith(`You said: ${QUESTION} `));
});
