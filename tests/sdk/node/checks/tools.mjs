// Tool calls, whole and in fragments, and the turn after them.

import assert from "node:assert/strict";

import { Trace, check, client, user } from "./harness.mjs";

const QUESTION = "What is the weather, and what is the time?";
const WEATHER = {
  name: "get_weather",
  description: "The weather in a city.",
  parameters: {
    type: "object",
    properties: { city: { type: "string" }, unit: { enum: ["celsius", "fahrenheit"] } },
    required: ["city", "unit"],
  },
};
const TIME = {
  name: "get_time",
  parameters: { type: "object", properties: { timezone: { type: "string" } }, required: ["timezone"] },
};
const TOOLS = [WEATHER, TIME].map((definition) => ({ type: "function", function: definition }));
const CALLS = [
  ["call_sim_0", "get_weather", { city: "Oslo", unit: "celsius" }],
  ["call_sim_1", "get_time", { timezone: "Europe/Oslo" }],
];

function ask(body = {}, trace = new Trace()) {
  const request = { model: "sim-smart", messages: user(QUESTION), tools: TOOLS, ...body };
  return client.chat.completions.create(request, { headers: trace.headers });
}

function read(calls) {
  return calls.map((call) => [call.id, call.function.name, JSON.parse(call.function.arguments)]);
}

check("parallel tool calls are read", async () => {
  const [{ message, finish_reason }] = (await ask()).choices;
  assert.deepEqual([finish_reason, message.content], ["tool_calls", null]);
  assert.deepEqual(read(message.tool_calls), CALLS);
});

check("one call when only one is wanted", async () => {
  const single = await ask({ parallel_tool_calls: false });
  assert.deepEqual(read(single.choices[0].message.tool_calls), CALLS.slice(0, 1));
  const chosen = await ask({ tool_choice: { type: "function", function: { name: "get_time" } } });
  assert.deepEqual(read(chosen.choices[0].message.tool_calls), [["call_sim_0", ...CALLS[1].slice(1)]]);
  const none = await ask({ tool_choice: "none" });
  assert.equal(none.choices[0].message.tool_calls, undefined);
});

check("streamed parallel tool calls come together from fragments", async () => {
  const calls = [];
  const finishes = [];
  let fragments = 0;
  for await (const chunk of await ask({ stream: true })) {
    const [{ delta, finish_reason }] = chunk.choices;
    if (finish_reason) finishes.push(finish_reason);
    for (const part of delta.tool_calls ?? []) {
      const call = (calls[part.index] ??= { id: "", function: { name: "", arguments: "" } });
      call.id += part.id ?? "";
      call.function.name += part.function.name ?? "";
      call.function.arguments += part.function.arguments ?? "";
      fragments += 1;
    }
  }
  assert.deepEqual(read(calls), CALLS);
  assert.deepEqual(finishes, ["tool_calls"]);
  assert.ok(fragments > 6, `${fragments}`);
});

check("the turn after the tools answers in text", async () => {
  const { message } = (await ask()).choices[0];
  const result = (call) => ({ role: "tool", tool_call_id: call.id, content: call.function.name });
  const results = message.tool_calls.map(result);
  const trace = new Trace();
  const chat = await ask({ messages: [...user(QUESTION), message, ...results] }, trace);
  assert.equal(chat.choices[0].finish_reason, "stop");
  assert.ok(chat.choices[0].message.content.startsWith(`You said: ${QUESTION} `));
  const sent = (await trace.body()).messages;
  assert.deepEqual(sent.slice(1), [message, ...results]);
});

check("the sdk's tool runner calls the tools and gets the answer", async () => {
  const called = [];
  const tools = [WEATHER, TIME].map((definition) => ({
    type: "function",
    function: {
      ...definition,
      parse: JSON.parse,
      function: (given) => {
        called.push([definition.name, given]);
        return "done";
      },
    },
  }));
  const request = { model: "sim-smart", stream: true, messages: user(QUESTION), tools };
  const runner = client.chat.completions.runTools(request);
  const answer = await runner.finalContent();
  assert.deepEqual(called, CALLS.map(([, name, given]) => [name, given]));
  assert.ok(answer.startsWith(`You said: ${QUESTION} `), answer);
});
