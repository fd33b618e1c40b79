"""A name that stands for targets at two providers, of which the first is down."""

from .harness import check, equal, routed

HELLO = [{"role": "user", "content": "Hello!"}]


@check
def a_route_fails_over_unseen():
    for name in ["routed", "best"]:
        raw = routed.chat.completions.with_raw_response.create(model=name, messages=HELLO)
        equal(raw.headers["x-modelport-provider"], "openai_compatible")
        assert raw.parse().choices[0].message.content


@check
def a_streamed_route_fails_over_unseen():
    stream = routed.chat.completions.create(model="routed", messages=HELLO, stream=True)
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    equal([chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1], "stop")


@check
def the_names_are_listed():
    listed = {model.id: model for model in routed.models.list()}
    equal(listed["routed"].model_extra["qualified_ids"], ["gone:sim-smart", "openai_compatible:sim-smart"])
    equal(routed.models.retrieve("best").model_extra["alias_of"], "routed")


@check
def a_decision_is_found_by_the_id_that_the_sdk_knows():
    answer = routed.chat.completions.create(model="routed", messages=HELLO)
    decision = routed.get(f"/route/decisions/{answer._request_id}", cast_to=object)
    equal(decision["attempts"][-1]["target"], "openai_compatible:sim-smart")
    equal(decision["attempts"][-1]["outcome"], "answered")
