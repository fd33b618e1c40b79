"""The model list, and single models by ids that hold slashes and colons."""

import openai

from .harness import check, client, equal, raises

SIM_MODELS = ["sim-fast", "sim-smart", "vendor/sim-large:free", "text-embedding-sim"]


@check
def models_are_listed_with_more_than_the_sdk_knows():
    page = client.models.list(extra_query={"refresh": "true"})
    listed = {model.id: model for model in page}
    equal([id for id in listed if id in SIM_MODELS], SIM_MODELS)
    model = listed["sim-fast"]
    equal((model.object, model.owned_by, model.created), ("model", "modelport-sim", 1790000000))
    equal((model.model_extra["source"], model.model_extra["providers"]), ("discovered", ["openai_compatible"]))
    equal(model.model_extra["qualified_ids"], ["openai_compatible:sim-fast"])


@check
def a_model_is_retrieved_by_an_id_with_slash_and_colon():
    for asked in ["vendor/sim-large:free", "openai_compatible:vendor/sim-large:free"]:
        model = client.models.retrieve(asked)
        equal((model.id, model.object), ("vendor/sim-large:free", "model"))
        assert model._request_id


@check
def an_unknown_model_is_not_found():
    error = raises(openai.NotFoundError, lambda: client.models.retrieve("vendor/no-such-model"))
    equal((error.status_code, error.code, error.type), (404, "model_not_found", "invalid_request_error"))
    assert "vendor/no-such-model" in error.message, error.message
