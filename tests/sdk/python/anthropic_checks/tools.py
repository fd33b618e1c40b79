"""Tool calls, whole and in pieces, and the turn after them."""

from anthropic import beta_tool
from checks.harness import Trace, check, equal, user

from .clients import ask, client, request

QUESTION = "What is the weather, and what is the time?"
TOOLS = [
    {
        "name": "get_weather",
        "description": "The weather in a city.",
        "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
            "required": ["city", "unit"],
        },
    },
    {
        "name": "get_time",
        "input_schema": {"type": "object", "properties": {"timezone": {"type": "string"}}, "required": ["timezone"]},
    },
]
CALLS = [
    ("call_sim_0", "get_weather", {"city": "Oslo", "unit": "celsius"}),
    ("call_sim_1", "get_time", {"timezone": "Europe/Oslo"}),
]


def offer(**more) -> dict:
    return request(model="sim-smart", messages=user(QUESTION), tools=TOOLS, **more)


def read(message) -> list[tuple]:
    return [(block.id, block.name, block.input) for block in message.content if block.type == "tool_use"]


@check
def parallel_tool_calls_are_read():
    trace = Trace()
    message = ask(**offer(extra_headers=trace.headers))
    equal((message.stop_reason, len(message.content)), ("tool_use", 2))
    equal(read(message), CALLS)
    sent = trace.body()["tools"]
    equal([tool["type"] for tool in sent], ["function", "function"])
    equal(sent[0]["function"]["parameters"], TOOLS[0]["input_schema"])


@check
def one_call_when_only_one_is_wanted():
    single = {"type": "auto", "disable_parallel_tool_use": True}
    equal(read(ask(**offer(tool_choice=single))), CALLS[:1])
    ((_, name, given),) = read(ask(**offer(tool_choice={"type": "tool", "name": "get_time"})))
    equal((name, given), CALLS[1][1:])
    equal(read(ask(**offer(tool_choice={"type": "none"}))), [])


@check
def streamed_tool_calls_come_together_from_their_pieces():
    with client.messages.stream(**offer()) as stream:
        pieces = [event for event in stream if event.type == "input_json"]
        message = stream.get_final_message()
    assert len(pieces) > 4, pieces
    equal((message.stop_reason, read(message)), ("tool_use", CALLS))


@check
def the_turn_after_the_tools_answers_in_text():
    first = ask(**offer())
    results = [
        {"type": "tool_result", "tool_use_id": id, "content": f"The result of {name}."} for id, name, _ in read(first)
    ]
    trace = Trace()
    turns = [*user(QUESTION), first.to_param(), *user(results)]
    message = ask(**{**offer(extra_headers=trace.headers), "messages": turns})
    equal(message.stop_reason, "end_turn")
    assert message.content[0].text.startswith(f"You said: {QUESTION} "), message
    sent = trace.body()["messages"]
    equal([turn["role"] for turn in sent], ["user", "assistant", "tool", "tool"])
    equal([call["id"] for call in sent[1]["tool_calls"]], ["call_sim_0", "call_sim_1"])
    equal(sent[3], {"role": "tool", "tool_call_id": "call_sim_1", "content": "The result of get_time."})


@check
def the_sdks_tool_runner_calls_the_tool_and_gets_the_answer():
    called = []

    @beta_tool
    def get_time(timezone: str) -> str:
        """The time somewhere.

        Args:
            timezone: A timezone.
        """
        called.append(timezone)
        return "noon"

    ask_for = {**request(model="sim-smart", messages=user(QUESTION)), "tools": [get_time]}
    message = client.beta.messages.tool_runner(**ask_for).until_done()
    equal(called, ["Europe/Oslo"])
    assert message.content[0].text.startswith(f"You said: {QUESTION} "), message
