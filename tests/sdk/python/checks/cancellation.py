"""A caller who goes away: the provider learns of it at once, and is not left at work for nobody."""

import openai

from .harness import Trace, check, client, equal, raises, user

# A stream that would take a minute.
SLOW = {"x-sim-tps": "20", "x-sim-tokens": "1200"}


@check
def leaving_a_stream_ends_it_at_the_provider():
    trace = Trace()
    chunks = client.chat.completions.create(
        model="sim-fast", messages=user("Count"), stream=True, extra_headers={**SLOW, **trace.headers}
    )
    with chunks:
        for chunk in chunks:
            if chunk.choices[0].delta.content:
                break
        # What arrives is not held back until the answer is whole.
        equal(trace.outcomes(), ["running"])
    trace.wait_until("cancelled")


@check
def a_clients_timeout_ends_the_wait_at_the_provider():
    hasty = client.with_options(timeout=0.3)
    for stream in [False, True]:
        trace = Trace()
        ask = {"model": "fault/hang", "messages": user("Wait"), "stream": stream, "extra_headers": trace.headers}
        raises(openai.APITimeoutError, lambda: hasty.chat.completions.create(**ask))
        trace.wait_until("cancelled")


@check
def the_gateway_answers_the_next_request_after_one_was_left():
    chat = client.chat.completions.create(model="sim-fast", messages=user("Still there?"))
    assert chat.choices[0].message.content.startswith("You said: Still there?"), chat
