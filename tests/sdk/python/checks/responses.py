"""The Responses API, which is the same whether the provider has it or is asked by chat completions."""

import json

import openai

from .harness import TABLES, Trace, check, check_each, client, equal, locked, raises
from .json_answers import Meeting, Person

QUESTION = "What does a gateway do?"
TOOLS = [
    {
        "type": "function",
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
        "strict": True,
    },
    {
        "type": "function",
        "name": "get_time",
        "parameters": {"type": "object", "properties": {"timezone": {"type": "string"}}, "required": ["timezone"]},
    },
]
CALLS = [
    ("call_sim_0", "get_weather", {"city": "Oslo", "unit": "celsius"}),
    ("call_sim_1", "get_time", {"timezone": "Europe/Oslo"}),
]


def ask(caller=client, **options):
    return caller.responses.create(**{"model": "sim-fast", "input": QUESTION, **options})


def read(response) -> list[tuple]:
    return [(call.call_id, call.name, json.loads(call.arguments)) for call in response.output]


@check
def a_response_has_text_usage_and_what_was_asked():
    response = ask(instructions="Be brief.", temperature=0.25, metadata={"a": "b"})
    text = response.output_text
    assert text.startswith(f"You said: {QUESTION} "), text
    equal((response.object, response.status, response.model), ("response", "completed", "sim-fast"))
    equal((response.instructions, response.temperature, response.metadata), ("Be brief.", 0.25, {"a": "b"}))
    equal((response.error, response.incomplete_details, response.previous_response_id), (None, None, None))
    (message,) = response.output
    equal((message.type, message.role, message.status), ("message", "assistant", "completed"))
    usage = response.usage
    equal((usage.output_tokens, usage.total_tokens), (len(text.split(" ")), usage.input_tokens + usage.output_tokens))
    equal((usage.input_tokens_details.cached_tokens, usage.output_tokens_details.reasoning_tokens), (0, 0))


@check
def a_streamed_response_agrees_with_a_whole_one():
    whole, events = ask(), list(ask(stream=True))
    equal([event.sequence_number for event in events], list(range(len(events))))
    names = [event.type for event in events if event.type != "response.output_text.delta"]
    equal(
        names,
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ],
    )
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    equal((len(deltas) > 20, "".join(deltas)), (True, whole.output_text))
    last = events[-1].response
    equal((last.output_text, last.usage), (whole.output_text, whole.usage))


@check
def the_sdks_stream_helper_gives_the_final_response():
    with client.responses.stream(model="sim-fast", input=QUESTION) as events:
        text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        equal(events.get_final_response().output_text, text)


@check
def a_limit_leaves_the_response_incomplete():
    for response in [ask(max_output_tokens=5), list(ask(max_output_tokens=5, stream=True))[-1].response]:
        equal((response.status, response.incomplete_details.reason), ("incomplete", "max_output_tokens"))
        equal((response.usage.output_tokens, len(response.output_text.split(" "))), (5, 5))


@check
def tools_are_called_and_the_next_turn_answers_in_text():
    first = ask(tools=TOOLS)
    equal(read(first), CALLS)
    equal(read(ask(tools=TOOLS, parallel_tool_calls=False)), CALLS[:1])
    ((_, name, _),) = read(ask(tools=TOOLS, tool_choice={"type": "function", "name": "get_time"}))
    equal(name, "get_time")
    results = [
        {"type": "function_call_output", "call_id": call.call_id, "output": json.dumps({"result": call.name})}
        for call in first.output
    ]
    answer = ask(tools=TOOLS, input=[{"role": "user", "content": QUESTION}, *first.output, *results])
    assert answer.output_text.startswith(f"You said: {QUESTION} "), answer


@check
def streamed_tool_calls_come_together_from_fragments():
    with client.responses.stream(model="sim-smart", input=QUESTION, tools=TOOLS) as events:
        fragments = [event for event in events if event.type == "response.function_call_arguments.delta"]
        equal(read(events.get_final_response()), CALLS)
    assert len(fragments) > 4, fragments
    for place, (_, _, arguments) in enumerate(CALLS):
        equal(json.loads("".join(part.delta for part in fragments if part.output_index == place)), arguments)


@check
def the_sdk_parses_a_response_into_a_class():
    response = client.responses.parse(model="sim-smart", input=QUESTION, text_format=Meeting)
    person = Person(name="Ada", email="sim@example.com")
    equal(response.output_parsed, Meeting(city="Oslo", mood="good", people=[person]))


@check
def a_response_that_nobody_kept_cannot_be_continued():
    error = raises(openai.BadRequestError, lambda: ask(previous_response_id="resp_1"))
    equal((error.status_code, error.param), (400, "previous_response_id"))
    assert error.request_id and error.message, error


@check_each(TABLES["errors"])
def a_failed_response_is_the_exception_of_its_kind(row):
    trace = Trace()
    error = raises(
        getattr(openai, row["class"]), lambda: ask(model=f"fault/{row['fault']}", extra_headers=trace.headers)
    )
    equal((error.status_code, error.code, error.request_id), (row["status"], row["code"], trace.id))
    assert error.type and row.get("says", "") in error.message, error.message


@check_each([{"fault": fault} for fault in ["error-event-6", "cut-6", "reset-6"]])
def a_streamed_response_that_breaks_off_raises(row):
    events = []

    def listen():
        for event in ask(model=f"fault/{row['fault']}", stream=True):
            events.append(event)

    raises(openai.APIError, listen)
    assert "response.output_text.delta" in [event.type for event in events], events
    assert not [event for event in events if event.type == "response.completed"], events


@check
def the_gateway_asks_again_for_a_response_unseen():
    trace = Trace()
    response = ask(locked, model="fault/status-504@1", extra_headers=trace.headers)
    assert response.output_text.startswith("You said:"), response
    equal(len(trace.seen()), 2)
