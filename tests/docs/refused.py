"""Provokes each sort of fault that a configuration can have, and compares what `modelport check` says of it with the
chapter on troubleshooting."""

import subprocess
import tempfile
from pathlib import Path

import pages

PROVIDER = '[[providers]]\nid = "a"\nbase_url = "http://localhost:9000/v1"\n'
ROUTE = PROVIDER + '[[routes]]\nmodel = "m"\n'
# A configuration file, and what is said of it.
FILES = [
    ('[server]\nhost = "x', "this is not TOML"),
    ("[server]\nprot = 1", "there is no such key"),
    ('[[providers]]\nbase_url = "http://localhost:9000/v1"', "it has no id"),
    ('[server]\nport = "8000"', "it is text"),
    (PROVIDER + 'api_key = "${NOWHERE}"', "that it refers to is not set, or is empty"),
    (PROVIDER + 'api_key = "file:/no/such/file"', "cannot be read"),
    (PROVIDER + PROVIDER, "is named already"),
    ('[[providers]]\nid = "My Server"\nbase_url = "http://localhost:9000/v1"', "cannot name a provider"),
    ('[[providers]]\nid = "a"', "it is not set, and neither id nor profile is a provider whose address is known"),
    ('[[providers]]\nid = "ollama"\nkind = "openai_compatible"', "the provider ollama is always ollama"),
    (PROVIDER + 'keep_alive = "3m"', "has no such key"),
    (PROVIDER + 'api_key = "12345678"\napi_keys = ["12345678"]', "api_key is set as well"),
    (PROVIDER + "queue = 4", "nothing waits, since concurrency is not set"),
    (PROVIDER + "enabled = false", "every provider is disabled"),
    (ROUTE, "it has no targets"),
    (ROUTE + "targets = []", "it holds no target"),
    (ROUTE + 'targets = ["b:m"]', "there is no provider"),
    (ROUTE + 'targets = ["groq:m"]\n[[providers]]\nid = "groq"\nenabled = false', "is disabled"),
    (ROUTE + 'policy = "priority"\nsticky = "user"\ntargets = ["a"]', "it is of use only to the policy sticky"),
    (PROVIDER + '[aliases]\nx = "y"\ny = "a:m"', "is an alias itself"),
    (PROVIDER + '[aliases]\nx = "a"', "is a provider and names no model"),
    (PROVIDER + '[[limits]]\nprovider = "b"\nrequests_per_minute = 3', "is not a provider's id"),
    (PROVIDER + '[[limits]]\nprovider = "a"\nmodel = "m"\nconcurrency = 3', "it is a limit of a provider already"),
    (PROVIDER + '[[limits]]\nmodel = "m"', "it limits nothing"),
]
# Variables, and what is said of them.
VARIABLES = [
    ({"MODELPORT_CONFIG": "nowhere.toml"}, "there is no such configuration file"),
    ({"HOST": "0.0.0.0"}, "and MODELPORT_API_KEY is not set"),
    (
        {"OPENAI_COMPATIBLE_BASE_URL": "https://api.openai.com/v1", "OPENROUTER_API_KEY": "sk-or-v1-0123456789"},
        "it names another host than the one that OPENROUTER_API_KEY was given for",
    ),
    (
        {"OPENAI_COMPATIBLE_BASE_URL": "http://openrouter.ai/api/v1", "OPENROUTER_API_KEY": "sk-or-v1-0123456789"},
        "it would send OPENROUTER_API_KEY without encryption",
    ),
    ({"OPENAI_COMPATIBLE_LAB_API_KEY": "0123456789"}, "it is not set, but other OPENAI_COMPATIBLE_LAB_* variables are"),
    ({"PREFERRED_PROVIDER": "lab"}, "there is no provider"),
    ({"MODELPORT_CACHE_STORE": "redis"}, "there is no Redis server to keep answers in"),
]


def told(modelport, faults):
    """Each is refused in the words that the chapter has."""
    page = pages.Page(pages.BOOK / "troubleshooting.md")
    cases = [(text, {}, words) for text, words in FILES] + [("", variables, words) for variables, words in VARIABLES]
    for text, variables, words in cases:
        status, said = _check(modelport, text, variables)
        shown = text or variables
        if status != 2 or words not in said:
            faults.append(f"modelport check has not \"{words}\" for {shown!r}, but status {status} and\n{said}")
        if f"{words}`" not in page.text:
            faults.append(f"{page.name}: no row for the fault \"{words}\"")
    return f"{len(cases)} faults of configurations"


def _check(modelport, text, variables):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "modelport.toml").write_text(text, encoding="utf-8")
        environment = {"HOME": folder, **variables}
        done = subprocess.run(
            [modelport, "check"], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    return done.returncode, done.stderr
