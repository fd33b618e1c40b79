"""Streamed messages: what arrives, and that a broken stream never looks like a whole one."""

import anthropic
from checks.cancellation import SLOW
from checks.harness import TABLES, Trace, check, check_each, equal, raises, user

from .clients import QUESTION, ask, client, impatient, prompt_tokens, request


def plain_text() -> str:
    return ask().content[0].text


@check
def the_final_message_is_that_of_a_plain_call():
    trace = Trace()
    with client.messages.stream(**request(extra_headers=trace.headers)) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
    plain = ask()
    equal((text, message.content[0].text), (plain.content[0].text, plain.content[0].text))
    equal((message.stop_reason, message.model, message.role), ("end_turn", "sim-fast", "assistant"))
    usage = message.usage
    equal((usage.input_tokens, usage.output_tokens), (prompt_tokens(QUESTION), plain.usage.output_tokens))
    equal(stream.request_id, trace.id)
    equal(trace.outcomes(), ["answered"])
    equal((trace.body()["stream"], trace.body()["stream_options"]), (True, {"include_usage": True}))


@check
def events_come_in_anthropics_order():
    events = list(ask(stream=True))
    types = [event.type for event in events]
    equal(types[:2], ["message_start", "content_block_start"])
    equal(types[-3:], ["content_block_stop", "message_delta", "message_stop"])
    equal(set(types[2:-3]), {"content_block_delta"})
    assert len(types) > 20, types
    assert events[0].message.usage.input_tokens > 0, events[0]


@check_each([{"fault": fault} for fault in ["comments", "crlf", "split-7", "one-write", "no-done", "bom"]])
def a_stream_in_an_unusual_form_is_whole(row):
    with client.messages.stream(**request(model=f"fault/{row['fault']}")) as stream:
        equal("".join(stream.text_stream), plain_text())


@check_each(TABLES["refused_streams"])
def a_failure_before_the_first_output_is_a_plain_error(row):
    error = raises(getattr(anthropic, row["class"]), lambda: ask(stream=True, model=f"fault/{row['fault']}"))
    equal((error.status_code, error.body["type"]), (row["status"], "error"))


@check_each(TABLES["broken_streams"])
def a_stream_that_breaks_ends_in_an_error(row):
    # A stall is only seen by the gateway that waits a short time.
    caller = impatient if row["code"] == "upstream_timeout" else client
    text, types = "", []

    def read():
        nonlocal text
        for event in ask(caller, stream=True, model=f"fault/{row['fault']}"):
            types.append(event.type)
            text += event.delta.text if event.type == "content_block_delta" else ""

    # Exactly this class: the error is told in the stream, not by a connection that breaks.
    error = raises(anthropic.APIStatusError, read)
    equal((error.status_code, error.body["type"]), (200, "error"))
    assert error.type.endswith("_error") and error.body["request_id"], error.body
    assert row.get("says", "") in error.api_message, error.api_message
    assert not {"content_block_stop", "message_delta", "message_stop"} & set(types), types
    assert text and text != plain_text() and plain_text().startswith(text), text


@check
def leaving_a_stream_ends_it_at_the_provider():
    trace = Trace()
    ask_slowly = request(messages=user("Count"), max_tokens=2000, extra_headers={**SLOW, **trace.headers})
    with client.messages.stream(**ask_slowly) as stream:
        for _ in stream.text_stream:
            break
        # What arrives is not held back until the answer is whole.
        equal(trace.outcomes(), ["running"])
    trace.wait_until("cancelled")
