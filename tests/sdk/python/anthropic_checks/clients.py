"""The clients of all checks. The rest of the harness is the same as for OpenAI's SDK."""

import math

from anthropic import Anthropic
from checks.harness import GATEWAY, GATEWAY_KEY, IMPATIENT_GATEWAY, LOCKED_GATEWAY, options, user

QUESTION = "What does a gateway do?"


def anthropic_options(base_url: str, api_key: str = "the-callers-key") -> dict:
    """Like `options`; this SDK adds `/v1` by itself."""
    return options(base_url.removesuffix("/v1"), api_key)


client = Anthropic(**anthropic_options(GATEWAY))
# Retries by itself, and asks for a key.
locked = Anthropic(**anthropic_options(LOCKED_GATEWAY, GATEWAY_KEY))
# Waits one second for a provider.
impatient = Anthropic(**anthropic_options(IMPATIENT_GATEWAY))


def request(**more) -> dict:
    """A request with these fields, and with what every request has."""
    return {"model": "sim-fast", "max_tokens": 1000, "messages": user(QUESTION), **more}


def ask(caller=client, **more):
    return caller.messages.create(**request(**more))


def prompt_tokens(question: str) -> int:
    """What the simulated provider counts for a conversation that begins with this."""
    return 4 + math.ceil(len(question) / 4)
