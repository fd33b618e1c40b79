// A name that stands for targets at two providers, of which the first is down.

import assert from "node:assert/strict";

import { check, routed } from "./harness.mjs";

const messages = [{ role: "user", content: "Hello!" }];

check("a route fails over unseen", async () => {
  for (const model of ["routed", "best"]) {
    const { data, response } = await routed.chat.completions.create({ model, messages }).withResponse();
    assert.equal(response.headers.get("x-modelport-provider"), "openai_compatible");
    assert.ok(data.choices[0].message.content);
  }
});

check("a streamed route fails over unseen", async () => {
  let text = "";
  let finished;
  for await (const { choices } of await routed.chat.completions.create({ model: "routed", messages, stream: true })) {
    text += choices[0]?.delta.content ?? "";
    finished = choices[0]?.finish_reason ?? finished;
  }
  assert.ok(text);
  assert.equal(finished, "stop");
});
