"""Plain messages, and what the provider reads of them."""

from anthropic import Anthropic
from checks.harness import GATEWAY_KEY, LOCKED_GATEWAY, UPSTREAM_KEY, Trace, check, equal, user
from pydantic import BaseModel

from .clients import QUESTION, anthropic_options, ask, client, locked, prompt_tokens, request

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class Place(BaseModel):
    city: str
    country: str = "Norway"


@check
def a_message_has_text_usage_and_request_id():
    trace = Trace()
    message = ask(extra_headers=trace.headers)
    (block,) = message.content
    assert block.type == "text" and block.text.startswith(f"You said: {QUESTION} "), block
    assert message.id.startswith("msg_"), message
    equal((message.type, message.role, message.model), ("message", "assistant", "sim-fast"))
    equal((message.stop_reason, message.stop_sequence), ("end_turn", None))
    usage = message.usage
    equal((usage.input_tokens, usage.output_tokens), (prompt_tokens(QUESTION), len(block.text.split(" "))))
    equal(message._request_id, trace.id)
    equal(trace.outcomes(), ["answered"])


@check
def the_raw_answer_says_who_answered():
    raw = client.messages.with_raw_response.create(**request(model="vendor/sim-large:free"))
    equal(raw.headers["x-modelport-provider"], "openai_compatible")
    equal(raw.headers["x-modelport-model"], "vendor/sim-large:free")
    equal(raw.parse().model, "vendor/sim-large:free")


@check
def the_provider_reads_a_chat_request():
    trace = Trace()
    ask(
        model="openai_compatible:vendor/sim-large:free",
        system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        stop_sequences=["END"],
        metadata={"user_id": "u-1"},
        # The API takes it, the newest SDK only like this.
        extra_body={"temperature": 0.25},
        extra_headers=trace.headers,
    )
    expected = {
        "model": "vendor/sim-large:free",
        "messages": [{"role": "system", "content": "Be brief."}, *user(QUESTION)],
        "max_tokens": 1000,
        "temperature": 0.25,
        "stop": ["END"],
        "user": "u-1",
    }
    equal(trace.body(), expected)


@check
def a_limit_cuts_the_answer():
    message = ask(max_tokens=5)
    equal((message.stop_reason, message.usage.output_tokens), ("max_tokens", 5))
    equal(len(message.content[0].text.split(" ")), 5)


@check
def an_image_reaches_the_provider():
    content = [
        {"type": "text", "text": "What is on this? Ünï🙂"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
    ]
    trace = Trace()
    message = ask(model="sim-smart", messages=user(content), extra_headers=trace.headers)
    assert message.content[0].text.startswith("You said: What is on this? Ünï🙂"), message
    sent = [content[0], {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]
    equal(trace.body()["messages"], user(sent))


@check
def an_answer_is_sent_back_as_it_came():
    first = ask()
    trace = Trace()
    ask(messages=[*user("Hello"), first.to_param(), *user("And now?")], extra_headers=trace.headers)
    said = {"role": "assistant", "content": first.content[0].text}
    equal(trace.body()["messages"], [*user("Hello"), said, *user("And now?")])


@check
def the_sdk_parses_an_answer_into_a_class():
    trace = Trace()
    call = request(model="sim-smart", output_format=Place, extra_headers=trace.headers)
    message = client.messages.parse(**call)
    assert isinstance(message.parsed_output, Place), message
    equal(trace.body()["response_format"]["type"], "json_schema")


@check
def both_headers_for_a_key_are_taken_and_go_no_further():
    unset = {**anthropic_options(LOCKED_GATEWAY), "api_key": None}
    for caller in [locked, Anthropic(**unset, auth_token=GATEWAY_KEY)]:
        trace = Trace()
        assert ask(caller, extra_headers=trace.headers).content
        (seen,) = trace.seen()
        equal(seen["headers"]["authorization"], f"Bearer {UPSTREAM_KEY}")
        assert GATEWAY_KEY not in str(seen)
