"""Runs all checks, each module's in the order in which it is written."""

from checks import harness

from . import errors, messages, streams, tokens, tools

MODULES = [messages, streams, tools, tokens, errors]

raise SystemExit(harness.run([check for module in MODULES for check in harness.checks_of(module)]))
