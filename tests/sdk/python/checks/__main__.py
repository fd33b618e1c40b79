"""Runs all checks, each module's in the order in which it is written."""

from . import asynchronous, cancellation, chat, errors, harness, json_answers, langchain, models, ollama_client, streams, tools

MODULES = [models, chat, streams, tools, json_answers, errors, cancellation, asynchronous, langchain, ollama_client]

raise SystemExit(harness.run([check for module in MODULES for check in harness.checks_of(module)]))
