"""The asynchronous client: the same gateway, many calls at once, and tasks that are cancelled."""

import asyncio

import openai
from openai import AsyncOpenAI

from .cancellation import SLOW
from .harness import GATEWAY, PATIENCE, Trace, check, equal, options, user


def open_client() -> AsyncOpenAI:
    return AsyncOpenAI(**options(GATEWAY))


@check
async def an_asynchronous_chat_and_stream_agree():
    async with open_client() as client:
        ask = {"model": "sim-fast", "messages": user("Hello")}
        chat = await client.chat.completions.create(**ask)
        stream = await client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True})
        chunks = [chunk async for chunk in stream]
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    equal((text, chunks[-1].usage), (chat.choices[0].message.content, chat.usage))
    assert text.startswith("You said: Hello "), text


@check
async def fifty_calls_at_once_are_all_answered_with_their_own():
    async with open_client() as client:

        async def one(number: int) -> str:
            ask = {"model": "sim-fast", "messages": user(f"number {number}")}
            if number % 2:
                chat = await client.chat.completions.create(**ask)
                return chat.choices[0].message.content
            stream = await client.chat.completions.create(**ask, stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

        texts = await asyncio.gather(*(one(number) for number in range(50)))
    for number, text in enumerate(texts):
        assert text.startswith(f"You said: number {number} "), text


@check
async def a_cancelled_task_ends_the_wait_at_the_provider():
    trace = Trace()
    async with open_client() as client:
        call = client.chat.completions.create(model="fault/hang", messages=user("Wait"), extra_headers=trace.headers)
        task = asyncio.create_task(call)
        await asyncio.to_thread(trace.wait_until, "running")
        task.cancel()
        await asyncio.to_thread(trace.wait_until, "cancelled")
        assert task.cancelled()


@check
async def a_cancelled_task_ends_a_stream_at_the_provider():
    trace, begun = Trace(), asyncio.Event()
    async with open_client() as client:

        async def read():
            headers = {**SLOW, **trace.headers}
            stream = await client.chat.completions.create(
                model="sim-fast", messages=user("Count"), stream=True, extra_headers=headers
            )
            async for _ in stream:
                begun.set()

        task = asyncio.create_task(read())
        await asyncio.wait_for(begun.wait(), PATIENCE)
        equal(trace.outcomes(), ["running"])
        task.cancel()
        await asyncio.to_thread(trace.wait_until, "cancelled")


@check
async def an_error_in_an_asynchronous_stream_is_raised():
    async with open_client() as client:
        stream = await client.chat.completions.create(model="fault/error-event-3", messages=user("Hello"), stream=True)
        try:
            async for chunk in stream:
                equal(chunk.choices[0].finish_reason, None)
        except openai.APIError as error:
            equal(type(error), openai.APIError)
        else:
            raise AssertionError("the stream ended well")
