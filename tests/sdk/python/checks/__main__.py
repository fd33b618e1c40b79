"""Runs all checks, each module's in the order in which it is written; or those of the modules named as arguments."""

import sys

from . import (
    asynchronous,
    cancellation,
    chat,
    errors,
    harness,
    json_answers,
    langchain,
    metrics,
    models,
    ollama_client,
    responses,
    routing,
    streams,
    tools,
)

MODULES = [
    models,
    chat,
    streams,
    tools,
    json_answers,
    responses,
    errors,
    routing,
    cancellation,
    asynchronous,
    langchain,
    ollama_client,
    metrics,
]

named = sys.argv[1:]
chosen = [module for module in MODULES if not named or module.__name__.rpartition(".")[2] in named]
raise SystemExit(harness.run([check for module in chosen for check in harness.checks_of(module)]))
