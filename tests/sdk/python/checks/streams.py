"""Streamed chat completions: what arrives, and that a broken stream never looks like a whole one."""

import openai

from .harness import TABLES, Trace, check, check_each, client, equal, impatient, raises, user
from .chat import QUESTION

FORMS = ["comments", "crlf", "split-7", "one-write", "no-space", "multiline", "no-done", "bom"]


def stream(caller=client, model="sim-fast", **options):
    return caller.chat.completions.create(model=model, messages=user(QUESTION), stream=True, **options)


def plain_text() -> str:
    chat = client.chat.completions.create(model="sim-fast", messages=user(QUESTION))
    return chat.choices[0].message.content


@check
def a_stream_has_the_whole_text_and_ends_in_usage():
    trace = Trace()
    chunks = list(stream(stream_options={"include_usage": True}, extra_headers=trace.headers))
    deltas = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
    assert len([delta for delta in deltas if delta]) > 20, deltas
    equal("".join(deltas), plain_text())
    finishes = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    equal(finishes, ["stop"])
    last = chunks[-1]
    equal((last.choices, last.usage.completion_tokens), ([], len(plain_text().split(" "))))
    equal(last.usage.total_tokens, last.usage.prompt_tokens + last.usage.completion_tokens)
    assert all(chunk.usage is None for chunk in chunks[:-1])
    equal(trace.outcomes(), ["answered"])


@check
def a_stream_has_no_usage_unless_asked_for():
    chunks = list(stream())
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


@check
def a_stream_has_a_request_id():
    trace = Trace()
    with stream(extra_headers=trace.headers) as chunks:
        equal(chunks.response.headers["x-request-id"], trace.id)
        assert chunks.response.headers["content-type"].startswith("text/event-stream")


@check
def choices_of_a_stream_keep_apart():
    texts = {0: "", 1: ""}
    for chunk in stream(n=2):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    equal(texts, {0: plain_text(), 1: plain_text()})


@check
def the_sdks_stream_helper_puts_the_answer_together():
    with client.chat.completions.stream(
        model="sim-fast", messages=user(QUESTION), stream_options={"include_usage": True}
    ) as events:
        text = "".join(event.delta for event in events if event.type == "content.delta")
        chat = events.get_final_completion()
    equal((text, chat.choices[0].message.content), (plain_text(), plain_text()))
    equal(chat.usage.completion_tokens, len(plain_text().split(" ")))


@check_each([{"fault": fault} for fault in FORMS])
def a_stream_in_an_unusual_form_is_whole(row):
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream(model=f"fault/{row['fault']}"))
    equal(text, plain_text())


@check_each(TABLES["refused_streams"])
def a_failure_before_the_first_output_is_a_plain_error(row):
    error = raises(getattr(openai, row["class"]), lambda: stream(model=f"fault/{row['fault']}"))
    equal((error.status_code, error.code), (row["status"], row["code"]))


@check_each(TABLES["broken_streams"])
def a_stream_that_breaks_ends_in_an_error(row):
    # A stall is only seen by the gateway that waits a short time.
    caller = impatient if row["code"] == "upstream_timeout" else client
    text, finishes = "", []

    def read():
        nonlocal text
        for chunk in stream(caller, f"fault/{row['fault']}"):
            text += chunk.choices[0].delta.content or ""
            finishes.append(chunk.choices[0].finish_reason)

    # Exactly this class: the error is told in the stream, not by a connection that breaks.
    error = raises(openai.APIError, read)
    equal((error.body["code"], set(finishes)), (row["code"], {None}))
    assert error.message and row.get("says", "") in error.message, error.message
    assert text and text != plain_text() and plain_text().startswith(text), text
