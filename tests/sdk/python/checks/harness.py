"""What all checks share: how one is declared and run, the clients, and a look at what the provider saw."""

import asyncio
import inspect
import json
import os
import time
import traceback
import urllib.request
import uuid
from pathlib import Path

from openai import OpenAI

# Seconds until the provider must have noticed that nobody waits any more.
NOTICE = 1.0
# Seconds until a client gives up on a gateway that hangs.
PATIENCE = 20.0
# Exit status when all checks were made and some failed; a crash has another.
SOME_FAILED = 3

GATEWAY = os.environ["GATEWAY_URL"]
LOCKED_GATEWAY = os.environ["LOCKED_GATEWAY_URL"]
IMPATIENT_GATEWAY = os.environ["IMPATIENT_GATEWAY_URL"]
ROUTED_GATEWAY = os.environ["ROUTED_GATEWAY_URL"]
GATEWAY_KEY = os.environ["GATEWAY_KEY"]
UPSTREAM_KEY = os.environ["UPSTREAM_KEY"]
SIM_ROOT = os.environ["SIM_URL"].removesuffix("/v1")
TABLES = json.loads(Path(os.environ["SDK_TABLES"]).read_text())


def options(base_url: str, api_key: str = "the-callers-key") -> dict:
    """Options of a client that leaves retries to the checks that are about them."""
    return {"base_url": base_url, "api_key": api_key, "max_retries": 0, "timeout": PATIENCE}


client = OpenAI(**options(GATEWAY))
# Retries by itself, and asks for a key.
locked = OpenAI(**options(LOCKED_GATEWAY, GATEWAY_KEY))
# Waits one second for a provider.
impatient = OpenAI(**options(IMPATIENT_GATEWAY))
# Has a route whose first target is down.
routed = OpenAI(**options(ROUTED_GATEWAY))


def check(function):
    """Declares a check."""
    function.rows = [None]
    return function


def check_each(rows: list[dict]):
    """Declares a check that is made for every row of a table."""

    def declare(function):
        function.rows = rows
        return function

    return declare


def checks_of(module) -> list:
    """The checks of a module in the order in which they are written."""
    return [found for found in vars(module).values() if hasattr(found, "rows") and found.__module__ == module.__name__]


def run(checks: list) -> int:
    """Runs checks, tells of each in a line, and gives the exit status."""
    failed = 0
    for function in checks:
        for row in function.rows:
            name = function.__name__.replace("_", " ") + (f": {row['fault']}" if row else "")
            try:
                result = function(row) if row else function()
                if inspect.isawaitable(result):
                    asyncio.run(result)
                print(f"ok    python  {name}", flush=True)
            except Exception as error:
                failed += 1
                print(f"FAIL  python  {name}: {type(error).__name__}: {error}", flush=True)
                traceback.print_exc()
    return SOME_FAILED if failed else 0


def equal(found, expected):
    """Fails unless both are the same."""
    if found != expected:
        raise AssertionError(f"found {found!r}, expected {expected!r}")


def raises(exact: type[Exception], work) -> Exception:
    """The exception of exactly this class that `work` ends in."""
    try:
        result = work()
    except Exception as error:
        if type(error) is not exact:
            raise AssertionError(f"raised {type(error).__name__} ({error}), expected {exact.__name__}") from error
        return error
    raise AssertionError(f"ended well with {result!r}, expected {exact.__name__}")


def user(text) -> list[dict]:
    """The messages of a conversation that begins."""
    return [{"role": "user", "content": text}]


class Trace:
    """Finds what the provider saw of one call: the request id that the caller chooses goes all the way."""

    def __init__(self):
        self.id = f"sdk-{uuid.uuid4().hex}"
        self.headers = {"x-request-id": self.id}

    def seen(self) -> list[dict]:
        """The requests of this call that reached the provider, with their outcome."""
        with urllib.request.urlopen(f"{SIM_ROOT}/__sim/requests", timeout=PATIENCE) as answer:
            requests = json.load(answer)
        for request in requests:
            request["headers"] = {name.lower(): value for name, value in request["headers"]}
        return [request for request in requests if request["headers"].get("x-request-id") == self.id]

    def body(self) -> dict:
        """The one request's body as the provider got it."""
        (request,) = self.seen()
        return json.loads(request["body"])

    def outcomes(self) -> list[str]:
        return [request["outcome"] for request in self.seen()]

    def wait_until(self, outcome: str):
        """Fails unless the one request comes to this outcome soon."""
        end = time.monotonic() + NOTICE
        while self.outcomes() != [outcome] and time.monotonic() < end:
            time.sleep(0.02)
        equal(self.outcomes(), [outcome])
