// The model list, and single models by ids that hold slashes and colons.

import assert from "node:assert/strict";

import { NotFoundError } from "openai";

import { check, client, raises } from "./harness.mjs";

const SIM_MODELS = ["sim-fast", "sim-smart", "vendor/sim-large:free", "text-embedding-sim"];

check("models are listed with more than the sdk knows", async () => {
  const listed = new Map();
  for await (const model of client.models.list({ query: { refresh: "true" } })) listed.set(model.id, model);
  assert.deepEqual([...listed.keys()].filter((id) => SIM_MODELS.includes(id)), SIM_MODELS);
  const model = listed.get("sim-fast");
  assert.deepEqual([model.object, model.owned_by, model.created], ["model", "modelport-sim", 1790000000]);
  assert.deepEqual([model.source, model.providers], ["discovered", ["openai_compatible"]]);
});

check("a model is retrieved by an id with slash and colon", async () => {
  for (const asked of ["vendor/sim-large:free", "openai_compatible:vendor/sim-large:free"]) {
    const model = await client.models.retrieve(asked);
    assert.deepEqual([model.id, model.object], ["vendor/sim-large:free", "model"]);
    assert.ok(model._request_id);
  }
});

check("an unknown model is not found", async () => {
  const error = await raises(NotFoundError, () => client.models.retrieve("vendor/no-such-model"));
  assert.deepEqual([error.status, error.code, error.type], [404, "model_not_found", "invalid_request_error"]);
  assert.match(error.message, /vendor\/no-such-model/);
});
