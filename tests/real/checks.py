"""Checks a gateway in front of llama.cpp's own server with OpenAI's SDK; `scripts/test-real` starts both.

What the model says does not matter; that all of it comes through does.
"""

import json
import os
import threading
import time
import urllib.request
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import openai
from openai import OpenAI
from pydantic import BaseModel

# Seconds that an answer of this small model may take on a busy machine.
PATIENCE = 120.0
# Seconds until the server must have noticed that nobody reads a stream any more, or has closed what nobody uses.
NOTICE = 15.0
# Exit status when all checks were made and some failed; a crash has another.
SOME_FAILED = 3

MODEL = "smollm2-135m"
SERVER = os.environ["SERVER_URL"]
GATEWAY = os.environ["GATEWAY_URL"]
GATEWAY_LOG = Path(os.environ["GATEWAY_LOG"])
GATEWAY_PROCESS = os.environ["GATEWAY_PROCESS"]
QUESTION = [{"role": "user", "content": "What is the capital of France? Answer in one sentence."}]
# The same words for the same question: no chance, and no remainder of an earlier prompt.
SAME = {"temperature": 0, "seed": 1, "extra_body": {"cache_prompt": False}}

client = OpenAI(base_url=GATEWAY, api_key="the-callers-key", max_retries=0, timeout=PATIENCE)
direct = OpenAI(base_url=SERVER, api_key="none", max_retries=0, timeout=PATIENCE)
checks = []


def check(function):
    """Declares a check."""
    checks.append(function)
    return function


def equal(found, expected):
    """Fails unless both are the same."""
    if found != expected:
        raise AssertionError(f"found {found!r}, expected {expected!r}")


def holds(condition, found):
    """Fails unless the condition holds, and shows what was found."""
    if not condition:
        raise AssertionError(f"found {found!r}")


def ask(caller=client, **options):
    request = {"model": MODEL, "messages": QUESTION, "max_tokens": 24, **SAME, **options}
    return caller.chat.completions.create(**request)


def get(url: str):
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return json.load(answer)


def slots() -> list[dict]:
    """The server's slots: what it is at work on."""
    return get(SERVER.removesuffix("/v1") + "/slots")


def busy() -> int:
    return sum(slot["is_processing"] for slot in slots())


def wait_until(look, expected: int, seconds: float):
    """Fails unless what is looked at soon is as expected."""
    end = time.monotonic() + seconds
    while look() != expected and time.monotonic() < end:
        time.sleep(0.02)
    equal(look(), expected)


@check
def the_model_is_listed_with_its_context():
    (model,) = [model for model in client.models.list() if model.id == MODEL]
    equal((model.source, model.providers), ("discovered", ["openai_compatible"]))
    equal(model.context_length, slots()[0]["n_ctx"])
    equal(client.models.retrieve(MODEL).id, MODEL)


@check
def a_chat_is_the_servers_own():
    through, own = ask(), ask(direct)
    holds(through.choices[0].message.content, through)
    equal(through.choices[0].message.content, own.choices[0].message.content)
    equal(through.choices[0].finish_reason, own.choices[0].finish_reason)
    equal(through.model_dump(include={"usage"}), own.model_dump(include={"usage"}))
    holds(through.usage.prompt_tokens > 20 and through.usage.completion_tokens > 0, through.usage)


@check
def a_prefix_names_the_provider():
    raw = client.chat.completions.with_raw_response.create(
        model=f"openai_compatible:{MODEL}", messages=QUESTION, max_tokens=4, **SAME
    )
    equal(raw.headers["x-modelport-model"], MODEL)
    holds(raw.parse().choices[0].message.content, raw.text)


@check
def a_stream_has_the_same_words_and_the_same_usage():
    whole = ask()
    chunks = list(ask(stream=True, stream_options={"include_usage": True}))
    choices = [choice for chunk in chunks for choice in chunk.choices]
    deltas = [choice.delta.content for choice in choices if choice.delta.content]
    holds(len(deltas) > 3, deltas)
    equal("".join(deltas), whole.choices[0].message.content)
    finishes = [choice.finish_reason for choice in choices if choice.finish_reason]
    equal(finishes, [whole.choices[0].finish_reason])
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    equal([usage.completion_tokens for usage in usages], [whole.usage.completion_tokens])


@check
def a_streams_tokens_come_as_they_are_made():
    start = time.monotonic()
    times = [time.monotonic() - start for chunk in ask(stream=True, max_tokens=16, extra_body={"ignore_eos": True})]
    # Were they held back, all would come at the end.
    holds(times[1] < times[-1] * 0.7, times)


@check
def the_log_has_the_usage():
    for stream in (False, True):
        name = f"real-usage-{stream}"
        options = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
        answer = ask(extra_headers={"x-request-id": name}, max_tokens=6, **options)
        usage = list(answer)[-1].usage if stream else answer.usage
        expected = f"input_tokens={usage.prompt_tokens} output_tokens={usage.completion_tokens}"
        end = time.monotonic() + NOTICE
        while (lines := lines_of(name)) == [] and time.monotonic() < end:
            time.sleep(0.02)
        holds(len(lines) == 1 and expected in lines[0], lines)


def lines_of(request_id: str) -> list[str]:
    lines = GATEWAY_LOG.read_text().splitlines()
    return [line for line in lines if f"request_id={request_id} " in line]


@check
def a_stop_word_ends_the_answer():
    text = ask().choices[0].message.content
    stop = text.split()[3]
    choice = ask(stop=[stop]).choices[0]
    equal((choice.message.content, choice.finish_reason), (text[: text.index(stop)], "stop"))


@check
def a_limit_cuts_the_answer():
    answer = ask(max_tokens=5, extra_body={"ignore_eos": True})
    equal((answer.choices[0].finish_reason, answer.usage.completion_tokens), ("length", 5))


class City(BaseModel):
    """Nothing that the model would say of itself."""

    country: Literal["France", "Peru"]
    is_capital: bool
    letters: Literal[3, 5]


@check
def a_json_schema_is_enforced():
    request = {"model": MODEL, "messages": QUESTION, "max_tokens": 120, **SAME}
    parsed = client.chat.completions.parse(response_format=City, **request).choices[0].message.parsed
    holds(isinstance(parsed, City), parsed)


@check
def a_json_schema_is_enforced_in_a_stream():
    schema = {"type": "object", "properties": {"mood": {"enum": ["zest", "gloom"]}}, "required": ["mood"]}
    schema = {"name": "mood", "strict": True, "schema": schema | {"additionalProperties": False}}
    stream = ask(stream=True, max_tokens=60, response_format={"type": "json_schema", "json_schema": schema})
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    holds(json.loads(text)["mood"] in ("zest", "gloom"), text)


@check
def a_field_that_only_this_server_knows_reaches_it():
    grammar = {"grammar": 'root ::= "zest" | "gloom"'}
    content = ask(extra_body=grammar).choices[0].message.content
    holds(content in ("zest", "gloom"), content)


@check
def log_probabilities_come_through():
    answer = ask(max_tokens=4, logprobs=True, top_logprobs=2)
    tokens = answer.choices[0].logprobs.content
    equal(len(tokens), answer.usage.completion_tokens)
    holds(all(len(token.top_logprobs) == 2 and token.logprob <= 0 for token in tokens), tokens)


@check
def a_prompt_that_is_too_long_is_the_servers_own_refusal():
    for stream in (False, True):
        messages = [{"role": "user", "content": "word " * 6000}]
        try:
            answer = ask(messages=messages, stream=stream)
        except openai.BadRequestError as error:
            equal(error.body["type"], "exceed_context_size_error")
            equal(error.body["n_ctx"], slots()[0]["n_ctx"])
        else:
            raise AssertionError(f"answered with {answer!r}")


# Minutes of work, so that the slot is not free because the answer is whole.
LONG = {"max_tokens": 3900, "extra_body": {"ignore_eos": True, "cache_prompt": False}}


@check
def leaving_a_stream_frees_the_slot():
    wait_until(busy, 0, NOTICE)
    stream = ask(stream=True, **LONG)
    for number, _ in enumerate(stream):
        if number == 3:
            break
    equal(busy(), 1)
    stream.close()
    wait_until(busy, 0, NOTICE)


@check
def two_callers_are_served_at_once():
    answers = {}

    def tell(number: int):
        answers[number] = ask(max_tokens=12, extra_headers={"x-request-id": f"real-{number}"})._request_id

    callers = [threading.Thread(target=tell, args=(number,)) for number in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    equal(answers, {0: "real-0", 1: "real-1"})


@check
def embeddings_are_refused_in_words():
    try:
        answer = client.embeddings.create(model=MODEL, input="hello")
    except openai.APIStatusError as error:
        # The server was started without embeddings.
        holds(error.status_code == 501 and "embeddings" in error.message, error)
    else:
        raise AssertionError(f"answered with {answer!r}")


def connections() -> int:
    """The gateway's open connections to the server, by Linux's own tables."""
    links = [os.readlink(link) for link in Path(f"/proc/{GATEWAY_PROCESS}/fd").iterdir() if link.exists()]
    port = f":{urlsplit(SERVER).port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established = [row for row in rows if row[2].endswith(port) and row[3] == "01"]
    return sum(f"socket:[{row[9]}]" in links for row in established)


@check
def a_clients_timeout_ends_the_connection_to_the_server():
    # Not the slot, and late among the checks: whether this server notices that nobody waits for a plain answer is left to chance, without a gateway too.
    wait_until(connections, 0, NOTICE)
    left = threading.Thread(target=leave_after_a_second)
    left.start()
    wait_until(connections, 1, 0.8)
    left.join()
    wait_until(connections, 0, 1.0)


def leave_after_a_second():
    try:
        ask(client.with_options(timeout=1.0), max_tokens=400, extra_body={"ignore_eos": True})
    except openai.APITimeoutError:
        return
    raise AssertionError("a long answer in one second")


@check
def the_provider_is_healthy_after_all_this():
    health = get(f"{GATEWAY}/providers/openai_compatible/health")
    equal(health["state"], "healthy")


def run() -> int:
    """Makes all checks, tells of each in a line, and gives the exit status."""
    failed = 0
    for function in checks:
        name = function.__name__.replace("_", " ")
        start = time.monotonic()
        try:
            function()
            print(f"ok    {name} ({time.monotonic() - start:.1f} s)", flush=True)
        except Exception as error:
            failed += 1
            print(f"FAIL  {name}: {type(error).__name__}: {error}", flush=True)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return SOME_FAILED if failed else 0


raise SystemExit(run())
