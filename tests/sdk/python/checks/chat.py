"""Plain chat completions, and that what the caller wrote is what the provider reads."""

import math

from .harness import UPSTREAM_KEY, Trace, check, client, equal, locked, user

QUESTION = "What does a gateway do?"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@check
def a_chat_has_text_usage_and_request_id():
    trace = Trace()
    chat = client.chat.completions.create(model="sim-fast", messages=user(QUESTION), extra_headers=trace.headers)
    (choice,) = chat.choices
    text = choice.message.content
    assert text.startswith(f"You said: {QUESTION} "), text
    assert len(text.split(" ")) > 20, text
    equal((choice.finish_reason, choice.message.role, chat.model), ("stop", "assistant", "sim-fast"))
    prompt, completion = 4 + math.ceil(len(QUESTION) / 4), len(text.split(" "))
    usage = chat.usage
    equal((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (prompt, completion, prompt + completion))
    equal(chat._request_id, trace.id)
    equal(trace.outcomes(), ["answered"])


@check
def the_raw_answer_says_who_answered():
    raw = client.chat.completions.with_raw_response.create(model="vendor/sim-large:free", messages=user(QUESTION))
    assert raw.headers["x-request-id"]
    equal(raw.headers["x-modelport-provider"], "openai_compatible")
    equal(raw.headers["x-modelport-model"], "vendor/sim-large:free")
    equal(raw.parse().model, "vendor/sim-large:free")


@check
def a_provider_prefix_goes_no_further_than_the_gateway():
    trace = Trace()
    client.chat.completions.create(
        model="openai_compatible:vendor/sim-large:free", messages=user(QUESTION), extra_headers=trace.headers
    )
    equal(trace.body()["model"], "vendor/sim-large:free")


@check
def a_limit_cuts_the_answer():
    chat = client.chat.completions.create(model="sim-fast", messages=user(QUESTION), max_completion_tokens=5)
    equal((chat.choices[0].finish_reason, chat.usage.completion_tokens), ("length", 5))
    equal(len(chat.choices[0].message.content.split(" ")), 5)


@check
def n_gives_as_many_choices():
    chat = client.chat.completions.create(model="sim-fast", messages=user(QUESTION), n=3)
    equal([choice.index for choice in chat.choices], [0, 1, 2])
    assert all(choice.message.content.startswith("You said:") for choice in chat.choices)


@check
def parts_with_an_image_reach_the_provider_as_they_are():
    parts = [
        {"type": "text", "text": "What is on this? Ünï🙂"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}},
    ]
    trace = Trace()
    chat = client.chat.completions.create(model="sim-smart", messages=user(parts), extra_headers=trace.headers)
    assert chat.choices[0].message.content.startswith("You said: What is on this? Ünï🙂"), chat
    assert chat.usage.prompt_tokens > 85, chat.usage
    equal(trace.body()["messages"], user(parts))


@check
def unknown_fields_of_the_body_reach_the_provider():
    extra = {"provider": {"order": ["a", "b"], "allow_fallbacks": False}, "x_future": [1, {"deep": None}, 1.50, "é"]}
    trace = Trace()
    known = {"model": "sim-fast", "messages": user(QUESTION), "temperature": 0.25, "seed": 7}
    client.chat.completions.create(**known, extra_body=extra, extra_headers=trace.headers)
    equal(trace.body(), {**known, **extra})


@check
def the_provider_sees_the_gateways_key_and_never_the_callers():
    for caller in [client, locked]:
        trace = Trace()
        caller.chat.completions.create(model="sim-fast", messages=user(QUESTION), extra_headers=trace.headers)
        (request,) = trace.seen()
        equal(request["headers"]["authorization"], f"Bearer {UPSTREAM_KEY}")
        assert caller.api_key not in str(request)
