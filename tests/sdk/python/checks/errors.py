"""Errors as the SDK's exceptions, and which of them it and the gateway try again."""

import openai
from openai import OpenAI

from .harness import (
    GATEWAY,
    GATEWAY_KEY,
    LOCKED_GATEWAY,
    TABLES,
    Trace,
    check,
    check_each,
    client,
    equal,
    impatient,
    locked,
    options,
    raises,
    user,
)


def ask(caller, model, **rest):
    return caller.chat.completions.create(model=model, messages=user("Hello"), **rest)


@check
def a_wrong_key_is_an_authentication_error():
    wrong = OpenAI(**options(LOCKED_GATEWAY, "not-the-key"))
    for call in [lambda: ask(wrong, "sim-fast"), wrong.models.list]:
        error = raises(openai.AuthenticationError, call)
        equal((error.status_code, error.code, error.type), (401, "invalid_api_key", "authentication_error"))
        assert error.request_id and "not-the-key" not in error.message, error.message
    assert ask(locked, "sim-fast").choices[0].message.content


@check_each(TABLES["unread_refusals"])
def a_refusal_before_the_body_is_read_reaches_a_client_that_goes_on(row):
    caller = OpenAI(**options(LOCKED_GATEWAY, row.get("key", GATEWAY_KEY)))
    for size in [100, 200_000, 8_000_000] * 3:
        body = {"model": "sim-fast", "messages": user("x" * size)}
        error = raises(getattr(openai, row["class"]), lambda: caller.post(row["path"], body=body, cast_to=object))
        equal((error.status_code, error.code), (row["status"], row["code"]))


@check_each(TABLES["errors"])
def a_failure_is_the_exception_of_its_kind(row):
    trace = Trace()
    error = raises(
        getattr(openai, row["class"]),
        lambda: ask(client, f"fault/{row['fault']}", extra_headers=trace.headers),
    )
    equal((error.status_code, error.code, error.request_id), (row["status"], row["code"], trace.id))
    assert error.type and row.get("says", "") in error.message, error.message
    equal(len(trace.seen()), 1)


@check_each(TABLES["broken_connections"])
def a_connection_that_breaks_is_an_internal_server_error(row):
    # How often the provider is asked is not looked at: a connection kept from earlier may have died unnoticed, so the
    # gateway then asks once more on a new one.
    error = raises(getattr(openai, row["class"]), lambda: ask(client, f"fault/{row['fault']}"))
    equal((error.status_code, error.code), (row["status"], row["code"]))


@check
def a_provider_that_hangs_is_a_504_that_names_the_setting():
    error = raises(openai.InternalServerError, lambda: ask(impatient, "fault/hang"))
    equal((error.status_code, error.code), (504, "upstream_timeout"))
    assert "OPENAI_COMPATIBLE_TIMEOUT=1" in error.message, error.message


@check_each([{"fault": fault} for fault in ["status-503@1", "status-429@2", "retry-after-ms-100-500@1", "garbage@1"]])
def the_sdk_tries_again_where_it_can_help(row):
    trace = Trace()
    retrying = client.with_options(max_retries=2)
    chat = ask(retrying, f"fault/{row['fault']}", extra_headers=trace.headers)
    assert chat.choices[0].message.content.startswith("You said: Hello"), chat
    tries = int(row["fault"][-1]) + 1
    counts = [request["headers"]["x-stainless-retry-count"] for request in trace.seen()]
    equal(counts, [str(count) for count in range(tries)])


@check_each([{"fault": fault} for fault in ["status-400", "status-404", "status-401", "quota"]])
def the_sdk_does_not_try_again_where_it_cannot_help(row):
    trace = Trace()
    retrying = OpenAI(**{**options(GATEWAY), "max_retries": 2})
    try:
        ask(retrying, f"fault/{row['fault']}", extra_headers=trace.headers)
    except openai.APIStatusError:
        equal(len(trace.seen()), 1)
    else:
        raise AssertionError("it ended well")


@check_each(
    [
        {"fault": "status-502@1", "stream": False},
        {"fault": "reset@1", "stream": False},
        {"fault": "status-500@2", "stream": True},
        {"fault": "preamble-cut@1", "stream": True},
    ]
)
def the_gateway_tries_again_unseen(row):
    trace = Trace()
    answer = ask(locked, f"fault/{row['fault']}", stream=row["stream"], extra_headers=trace.headers)
    if row["stream"]:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in answer)
    else:
        text = answer.choices[0].message.content
    assert text.startswith("You said: Hello"), text
    equal(len(trace.seen()), int(row["fault"][-1]) + 1)
