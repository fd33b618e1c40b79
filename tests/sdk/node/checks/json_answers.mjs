// Answers that are JSON: JSON mode, and a schema.

import assert from "node:assert/strict";

import { Trace, check, client, textOf, user } from "./harness.mjs";

const QUESTION = "Where shall we meet?";
const SCHEMA = {
  type: "object",
  properties: {
    city: { type: "string" },
    attendees: { type: "integer", minimum: 2 },
    outdoors: { type: "boolean" },
    tags: { type: "array", items: { enum: ["work", "fun"] }, minItems: 2 },
  },
  required: ["city", "attendees", "outdoors", "tags"],
  additionalProperties: false,
};
const MEETING = { city: "Oslo", attendees: 2, outdoors: true, tags: ["work", "work"] };
const FORMAT = { type: "json_schema", json_schema: { name: "meeting", strict: true, schema: SCHEMA } };
const ASK = { model: "sim-smart", messages: user(QUESTION) };

check("json mode gives an object", async () => {
  const chat = await client.chat.completions.create({ ...ASK, response_format: { type: "json_object" } });
  assert.deepEqual(JSON.parse(chat.choices[0].message.content), { answer: QUESTION, simulated: true });
});

check("a schema gives an object that fits it", async () => {
  const trace = new Trace();
  const body = { ...ASK, response_format: FORMAT };
  const chat = await client.chat.completions.create(body, { headers: trace.headers });
  assert.deepEqual(JSON.parse(chat.choices[0].message.content), MEETING);
  assert.deepEqual((await trace.body()).response_format, FORMAT);
});

check("a schema gives the same object in a stream", async () => {
  const stream = await client.chat.completions.create({ ...ASK, response_format: FORMAT, stream: true });
  assert.deepEqual(JSON.parse(await textOf(stream)), MEETING);
});

check("the sdk's own parsing reads an answer", async () => {
  const chat = await client.chat.completions.parse({ ...ASK, response_format: FORMAT });
  assert.deepEqual(JSON.parse(chat.choices[0].message.content), MEETING);
});
