"""Counting tokens without asking a model."""

import anthropic
from checks.harness import Trace, check, equal, raises, user

from .clients import QUESTION, client
from .tools import TOOLS


def count(**more) -> int:
    return client.messages.count_tokens(**{"model": "sim-fast", "messages": user(QUESTION), **more}).input_tokens


@check
def tokens_are_counted_without_a_request_to_the_provider():
    trace = Trace()
    short = count(extra_headers=trace.headers)
    assert 3 < short < 20, short
    equal(trace.seen(), [])
    long = count(messages=user(QUESTION * 100))
    assert 400 < long < 1000, long
    assert count(tools=TOOLS) > short + 40
    assert count(system="Be brief. " * 40) > short + 80


@check
def a_conversation_that_is_none_is_refused():
    error = raises(anthropic.BadRequestError, lambda: count(messages="Hello"))
    equal((error.status_code, error.type), (400, "invalid_request_error"))
    assert "`messages`" in error.api_message, error.api_message
