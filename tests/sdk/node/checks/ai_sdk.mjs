// Vercel's AI SDK, by its ways to a provider with OpenAI's API: the one for any such provider, and OpenAI's own two.

import assert from "node:assert/strict";

import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, Output, generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";

import { Trace, checkEach, raises } from "./harness.mjs";

const OPTIONS = { baseURL: process.env.GATEWAY_URL, apiKey: "the-callers-key" };
const compatible = createOpenAICompatible({
  ...OPTIONS, name: "modelport", includeUsage: true, supportsStructuredOutputs: true,
});
const openai = createOpenAI(OPTIONS);
// Each has a failure of its own that heals: the provider counts how often it showed one.
const WAYS = [
  { fault: "@ai-sdk/openai-compatible", model: (id) => compatible(id), healing: "retry-after-ms-50-500@1" },
  { fault: "@ai-sdk/openai", model: (id) => openai.chat(id), healing: "retry-after-ms-60-500@1" },
  // A bare name asks the Responses API.
  { fault: "@ai-sdk/openai responses", model: (id) => openai(id), healing: "retry-after-ms-70-500@1" },
];
const QUESTION = "What is the weather, and what is the time?";
const MEETING = z.object({ city: z.string(), attendees: z.number().int(), outdoors: z.boolean() });

// What the SDK is asked in every check.
function ask(way, { model = "sim-smart", ...more } = {}) {
  return { model: way.model(model), prompt: QUESTION, maxRetries: 0, ...more };
}

checkEach(WAYS, "ai sdk: a text with its usage", async (way) => {
  const trace = new Trace();
  const { text, finishReason, usage } = await generateText(ask(way, { headers: trace.headers }));
  const words = text.split(" ").length;
  assert.ok(text.startsWith(`You said: ${QUESTION} `) && words > 20, text);
  assert.deepEqual([finishReason, usage.outputTokens], ["stop", words]);
  assert.equal(usage.totalTokens, usage.inputTokens + usage.outputTokens);
  assert.deepEqual(await trace.outcomes(), ["answered"]);
});

checkEach(WAYS, "ai sdk: a stream has the same text and usage", async (way) => {
  const whole = await generateText(ask(way));
  const stream = streamText(ask(way));
  const deltas = [];
  for await (const delta of stream.textStream) deltas.push(delta);
  assert.ok(deltas.length > 10, `${deltas.length}`);
  assert.equal(deltas.join(""), whole.text);
  assert.equal(await stream.finishReason, "stop");
  assert.equal((await stream.usage).outputTokens, whole.usage.outputTokens);
});

checkEach(WAYS, "ai sdk: an object that fits its schema", async (way) => {
  const trace = new Trace();
  const { object } = await generateObject(ask(way, { schema: MEETING, headers: trace.headers }));
  assert.deepEqual(Object.keys(object), ["city", "attendees", "outdoors"]);
  assert.equal((await trace.body()).response_format.type, "json_schema");
  const { output } = await generateText(ask(way, { output: Output.object({ schema: MEETING }) }));
  assert.deepEqual(output, object);
  const stream = streamObject(ask(way, { schema: MEETING }));
  let last;
  for await (const partial of stream.partialObjectStream) last = partial;
  assert.deepEqual([last, await stream.object], [object, object]);
});

// Tools that note what they are called with.
function tools(called) {
  const noted = (name, inputSchema) =>
    tool({
      inputSchema,
      execute: (input) => {
        called.push([name, input]);
        return "done";
      },
    });
  return {
    get_weather: noted("get_weather", z.object({ city: z.string(), unit: z.enum(["celsius", "fahrenheit"]) })),
    get_time: noted("get_time", z.object({ timezone: z.string() })),
  };
}

const CALLS = [
  ["get_weather", { city: "Oslo", unit: "celsius" }],
  ["get_time", { timezone: "Europe/Oslo" }],
];

checkEach(WAYS, "ai sdk: tools are called and their results answered", async (way) => {
  const called = [];
  const { text, steps } = await generateText(ask(way, { tools: tools(called), stopWhen: stepCountIs(3) }));
  assert.deepEqual(called, CALLS);
  assert.deepEqual(steps.map((step) => step.finishReason), ["tool-calls", "stop"]);
  assert.ok(text.startsWith(`You said: ${QUESTION} `), text);
});

checkEach(WAYS, "ai sdk: tools are called from a stream", async (way) => {
  const called = [];
  const stream = streamText(ask(way, { tools: tools(called), stopWhen: stepCountIs(3) }));
  let text = "";
  for await (const delta of stream.textStream) text += delta;
  assert.deepEqual(called, CALLS);
  assert.ok(text.startsWith(`You said: ${QUESTION} `), text);
});

checkEach(WAYS, "ai sdk: a failure is an error with status and words", async (way) => {
  const error = await raises(APICallError, () => generateText(ask(way, { model: "fault/context-length" })));
  assert.deepEqual([error.statusCode, error.isRetryable], [400, false]);
  assert.match(error.message, /maximum context length/);
  const credential = await raises(APICallError, () => generateText(ask(way, { model: "fault/status-401" })));
  assert.equal(credential.statusCode, 502);
  assert.match(credential.message, /OPENAI_COMPATIBLE_API_KEY/);
});

checkEach(WAYS, "ai sdk: it tries again where it can help", async (way) => {
  const trace = new Trace();
  const options = { model: `fault/${way.healing}`, headers: trace.headers, maxRetries: 1 };
  const { text } = await generateText(ask(way, options));
  assert.ok(text.startsWith("You said: "), text);
  assert.equal((await trace.seen()).length, 2);
});

checkEach(WAYS, "ai sdk: a stream that breaks ends in an error", async (way) => {
  const errors = [];
  const stream = streamText(ask(way, { model: "fault/cut-3", onError: ({ error }) => errors.push(error) }));
  let text = "";
  const finishes = [];
  for await (const part of stream.fullStream) {
    if (part.type === "text-delta") text += part.text;
    if (part.type === "finish") finishes.push(part.finishReason);
  }
  assert.ok(text, "no text before the break");
  assert.equal(errors.length, 1);
  assert.ok(!finishes.includes("stop"), finishes.join());
});

checkEach(WAYS, "ai sdk: leaving a stream ends it at the provider", async (way) => {
  const trace = new Trace();
  const abort = new AbortController();
  const headers = { "x-sim-tps": "20", "x-sim-tokens": "1200", ...trace.headers };
  const stream = streamText(ask(way, { headers, abortSignal: abort.signal, onError: () => {} }));
  for await (const delta of stream.textStream) {
    if (delta) break;
  }
  abort.abort();
  await trace.waitUntil("cancelled");
});
