"""LangChain's classes for OpenAI's API."""

import openai
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

from .harness import GATEWAY, PATIENCE, Trace, check, equal

QUESTION = "What is the weather, and what is the time?"


def chat(trace: Trace | None = None, **options) -> ChatOpenAI:
    settings = {"model": "sim-smart", "base_url": GATEWAY, "api_key": "the-callers-key", "timeout": PATIENCE}
    headers = trace.headers if trace else None
    return ChatOpenAI(**(settings | {"max_retries": 0, "default_headers": headers} | options))


class Meeting(BaseModel):
    """Where and with how many to meet."""

    city: str
    attendees: int


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"rain in {city}"


@tool
def get_time(timezone: str) -> str:
    """The time in a timezone."""
    return f"noon in {timezone}"


@check
def langchain_invokes_a_chat():
    trace = Trace()
    answer = chat(trace).invoke(QUESTION)
    words = len(answer.content.split(" "))
    if not answer.content.startswith(f"You said: {QUESTION} ") or words < 20:
        raise AssertionError(answer.content)
    equal(answer.usage_metadata["output_tokens"], words)
    equal((answer.response_metadata["finish_reason"], answer.response_metadata["model_name"]), ("stop", "sim-smart"))
    equal(trace.outcomes(), ["answered"])


@check
def langchain_streams_the_same_text_with_its_usage():
    whole = chat().invoke(QUESTION)
    chunks = list(chat(stream_usage=True).stream(QUESTION))
    if len(chunks) < 20:
        raise AssertionError(f"{len(chunks)} chunks")
    joined = chunks[0]
    for chunk in chunks[1:]:
        joined += chunk
    equal(joined.content, whole.content)
    equal(joined.usage_metadata["output_tokens"], whole.usage_metadata["output_tokens"])


@check
async def langchain_streams_without_waiting():
    whole = chat().invoke(QUESTION)
    equal("".join([chunk.content async for chunk in chat().astream(QUESTION)]), whole.content)


@check
def langchain_batches_keep_apart():
    answers = chat().batch([f"number {number}" for number in range(8)])
    for number, answer in enumerate(answers):
        if not answer.content.startswith(f"You said: number {number} "):
            raise AssertionError(answer.content)


@check
def langchain_binds_tools_and_answers_their_results():
    tools = {"get_weather": get_weather, "get_time": get_time}
    bound = chat().bind_tools(list(tools.values()))
    asked = bound.invoke(QUESTION)
    calls = [(call["name"], call["args"]) for call in asked.tool_calls]
    equal(calls, [("get_weather", {"city": "Oslo"}), ("get_time", {"timezone": "Europe/Oslo"})])
    results = [tools[call["name"]].invoke(call) for call in asked.tool_calls]
    equal([type(result) for result in results], [ToolMessage, ToolMessage])
    answer = bound.invoke([HumanMessage(QUESTION), asked, *results])
    equal(answer.tool_calls, [])
    if not answer.content.startswith(f"You said: {QUESTION} "):
        raise AssertionError(answer.content)


@check
def langchain_puts_streamed_tool_calls_together():
    bound = chat().bind_tools([get_weather, get_time])
    joined = None
    for chunk in bound.stream(QUESTION):
        joined = chunk if joined is None else joined + chunk
    calls = [(call["name"], call["args"]) for call in joined.tool_calls]
    equal(calls, [("get_weather", {"city": "Oslo"}), ("get_time", {"timezone": "Europe/Oslo"})])


@check
def langchain_reads_structured_output():
    expected = {"json_schema": ("response_format", "json_schema"), "function_calling": ("tool_choice", "function")}
    for method, (field, kind) in expected.items():
        trace = Trace()
        answer = chat(trace).with_structured_output(Meeting, method=method).invoke("Where shall we meet?")
        equal((type(answer), answer.city), (Meeting, "Oslo"))
        equal(trace.body()[field]["type"], kind)


def failure(work) -> openai.APIError:
    """What `work` ends in: LangChain has classes of its own for some errors, below the SDK's."""
    try:
        result = work()
    except openai.APIError as error:
        return error
    raise AssertionError(f"ended well with {result!r}")


@check
def langchain_raises_what_the_provider_or_the_gateway_says():
    error = failure(lambda: chat(model="fault/context-length").invoke(QUESTION))
    equal((error.status_code, error.code), (400, "context_length_exceeded"))
    error = failure(lambda: chat(model="fault/status-401").invoke(QUESTION))
    equal((error.status_code, error.code), (502, "upstream_credential"))
    error = failure(lambda: list(chat(model="fault/cut-3").stream(QUESTION)))
    equal(error.code, "upstream_failed")


@check
def langchain_embeds_texts():
    # Texts go as they are: the class would otherwise fetch a tokenizer to count them.
    embeddings = OpenAIEmbeddings(
        model="text-embedding-sim",
        base_url=GATEWAY,
        api_key="the-callers-key",
        max_retries=0,
        check_embedding_ctx_length=False,
    )
    one, other, again = embeddings.embed_documents(["one", "other", "one"])
    equal((len(one), one == again, one == other), (len(other), True, False))
    equal(embeddings.embed_query("one"), one)
