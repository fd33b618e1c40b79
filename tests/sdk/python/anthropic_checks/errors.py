"""Errors as the SDK's exceptions, and which of them it and the gateway try again."""

import anthropic
from anthropic import Anthropic
from checks.harness import GATEWAY, LOCKED_GATEWAY, TABLES, Trace, check, check_each, equal, raises, user

from .clients import anthropic_options, ask, client, impatient, locked

# Where this SDK has a class of its own and OpenAI's has none.
CLASSES = {503: "ServiceUnavailableError"}
TYPES = {400: "invalid_request_error", 404: "not_found_error", 409: "invalid_request_error"}
TYPES |= {422: "invalid_request_error", 429: "rate_limit_error", 500: "api_error", 502: "api_error", 503: "api_error"}


def class_of(row) -> type:
    return getattr(anthropic, CLASSES.get(row["status"], row["class"]))


@check
def a_wrong_key_is_an_authentication_error():
    wrong = Anthropic(**anthropic_options(LOCKED_GATEWAY, "not-the-key"))
    error = raises(anthropic.AuthenticationError, lambda: ask(wrong))
    equal((error.status_code, error.type), (401, "authentication_error"))
    assert error.request_id and "not-the-key" not in error.message, error.message


@check_each(TABLES["errors"])
def a_failure_is_the_exception_of_its_kind(row):
    trace = Trace()
    error = raises(class_of(row), lambda: ask(model=f"fault/{row['fault']}", extra_headers=trace.headers))
    equal((error.status_code, error.type, error.request_id), (row["status"], TYPES[row["status"]], trace.id))
    equal((error.body["type"], error.body["request_id"]), ("error", trace.id))
    assert row.get("says", "") in error.api_message, error.api_message
    equal(len(trace.seen()), 1)


@check_each(TABLES["broken_connections"])
def a_connection_that_breaks_is_an_internal_server_error(row):
    error = raises(class_of(row), lambda: ask(model=f"fault/{row['fault']}"))
    equal((error.status_code, error.type), (row["status"], "api_error"))


@check
def a_provider_that_hangs_is_a_504_that_names_the_setting():
    error = raises(anthropic.GatewayTimeoutError, lambda: ask(impatient, model="fault/hang"))
    equal((error.status_code, error.type), (504, "timeout_error"))
    assert "OPENAI_COMPATIBLE_TIMEOUT=1" in error.api_message, error.api_message


@check
def what_cannot_be_translated_is_refused_with_its_place():
    content = [{"type": "text", "text": "Read:"}, {"type": "container_upload", "file_id": "f"}]
    error = raises(anthropic.BadRequestError, lambda: ask(messages=user(content)))
    equal(error.type, "invalid_request_error")
    assert "`messages[0].content[1].type`" in error.api_message, error.api_message


@check_each([{"fault": fault} for fault in ["status-503@1", "status-429@2", "garbage@1"]])
def the_sdk_tries_again_where_it_can_help(row):
    trace = Trace()
    retrying = client.with_options(max_retries=2)
    message = ask(retrying, model=f"fault/{row['fault']}", extra_headers=trace.headers)
    assert message.content[0].text.startswith("You said: "), message
    equal(len(trace.seen()), int(row["fault"][-1]) + 1)


@check_each([{"fault": fault} for fault in ["status-400", "status-404", "status-401", "quota"]])
def the_sdk_does_not_try_again_where_it_cannot_help(row):
    trace = Trace()
    retrying = Anthropic(**{**anthropic_options(GATEWAY), "max_retries": 2})
    try:
        ask(retrying, model=f"fault/{row['fault']}", extra_headers=trace.headers)
    except anthropic.APIStatusError:
        equal(len(trace.seen()), 1)
    else:
        raise AssertionError("it ended well")


@check_each([{"fault": "status-502@1"}, {"fault": "reset@1"}])
def the_gateway_tries_again_unseen(row):
    trace = Trace()
    message = ask(locked, model=f"fault/{row['fault']}", extra_headers=trace.headers)
    assert message.content[0].text.startswith("You said: "), message
    equal(len(trace.seen()), int(row["fault"][-1]) + 1)
