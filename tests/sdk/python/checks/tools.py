"""Tool calls, whole and in fragments, and the turn after them."""

import json

from .harness import Trace, check, client, equal, user

QUESTION = "What is the weather, and what is the time?"
TOOLS = [
    {
        "type": "function",
        "function": {
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
    },
    {
        "type": "function",
        "function": {
            "name": "get_time",
            "parameters": {"type": "object", "properties": {"timezone": {"type": "string"}}, "required": ["timezone"]},
        },
    },
]
CALLS = [
    ("call_sim_0", "get_weather", {"city": "Oslo", "unit": "celsius"}),
    ("call_sim_1", "get_time", {"timezone": "Europe/Oslo"}),
]


def ask(**options):
    request = {"model": "sim-smart", "messages": user(QUESTION), "tools": TOOLS, **options}
    return client.chat.completions.create(**request)


def read(calls) -> list[tuple]:
    return [(call.id, call.function.name, json.loads(call.function.arguments)) for call in calls]


@check
def parallel_tool_calls_are_read():
    (choice,) = ask().choices
    equal((choice.finish_reason, choice.message.content), ("tool_calls", None))
    equal(read(choice.message.tool_calls), CALLS)


@check
def one_call_when_only_one_is_wanted():
    equal(read(ask(parallel_tool_calls=False).choices[0].message.tool_calls), CALLS[:1])
    choice = {"type": "function", "function": {"name": "get_time"}}
    ((_, name, arguments),) = read(ask(tool_choice=choice).choices[0].message.tool_calls)
    equal((name, arguments), CALLS[1][1:])
    equal(ask(tool_choice="none").choices[0].message.tool_calls, None)


@check
def streamed_parallel_tool_calls_come_together_from_fragments():
    calls, fragments, finishes = {}, 0, []
    for chunk in ask(stream=True):
        finishes += [chunk.choices[0].finish_reason] if chunk.choices[0].finish_reason else []
        for part in chunk.choices[0].delta.tool_calls or []:
            id, name, arguments = calls.get(part.index, ("", "", ""))
            calls[part.index] = (
                id + (part.id or ""),
                name + (part.function.name or ""),
                arguments + (part.function.arguments or ""),
            )
            fragments += 1
    equal([(id, name, json.loads(arguments)) for id, name, arguments in calls.values()], CALLS)
    equal(finishes, ["tool_calls"])
    assert fragments > 6, fragments


@check
def the_sdks_stream_helper_puts_tool_calls_together():
    with client.chat.completions.stream(model="sim-smart", messages=user(QUESTION), tools=TOOLS) as events:
        equal(read(events.get_final_completion().choices[0].message.tool_calls), CALLS)


@check
def the_turn_after_the_tools_answers_in_text():
    message = ask().choices[0].message
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": json.dumps({"result": call.function.name})}
        for call in message.tool_calls
    ]
    trace = Trace()
    chat = ask(messages=[*user(QUESTION), message, *results], extra_headers=trace.headers)
    (choice,) = chat.choices
    equal((choice.finish_reason, choice.message.tool_calls), ("stop", None))
    assert choice.message.content.startswith(f"You said: {QUESTION} "), choice
    sent = trace.body()["messages"]
    equal([turn["role"] for turn in sent], ["user", "assistant", "tool", "tool"])
    equal([call["id"] for call in sent[1]["tool_calls"]], ["call_sim_0", "call_sim_1"])
    equal(sent[2:], results)
