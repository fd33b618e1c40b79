"""Runs all checks, each module's in the order in which it is written."""

from . import asynchronous, cancellation, chat, errors, harness, json_answers, models, responses, streams, tools

MODULES = [models, chat, streams, tools, json_answers, responses, errors, cancellation, asynchronous]

raise SystemExit(harness.run([check for module in MODULES for check in harness.checks_of(module)]))
