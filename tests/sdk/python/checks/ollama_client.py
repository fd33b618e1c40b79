"""Ollama's own client. The gateway serves OpenAI's API and not Ollama's, and says so where that client looks for it."""

import ollama

from .harness import GATEWAY, PATIENCE, check, equal, raises, user

client = ollama.Client(host=GATEWAY.removesuffix("/v1"), timeout=PATIENCE)
CALLS = {
    "POST /api/chat": lambda: client.chat(model="sim-fast", messages=user("Hello")),
    "POST /api/generate": lambda: client.generate(model="sim-fast", prompt="Hello"),
    "POST /api/embed": lambda: client.embed(model="sim-fast", input="Hello"),
    "POST /api/show": lambda: client.show("sim-fast"),
    "GET /api/tags": client.list,
    "GET /api/ps": client.ps,
}


@check
def ollamas_client_is_told_which_api_is_served():
    for name, call in CALLS.items():
        error = raises(ollama.ResponseError, call)
        equal(error.status_code, 404)
        said = str(error)
        if name not in said or "/v1" not in said or "<" in said:
            raise AssertionError(f"{name}: {said}")


@check
def ollamas_client_is_told_so_in_a_stream():
    error = raises(ollama.ResponseError, lambda: list(client.chat(model="sim-fast", messages=user("Hi"), stream=True)))
    equal((error.status_code, "POST /api/chat" in str(error)), (404, True))
