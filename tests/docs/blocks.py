"""The examples: configurations are given to `modelport check`, shell blocks are run against a gateway in front of the
simulated provider. A block says what is done with it by words behind its language, which no reader of the book sees:

    toml check         a configuration file that is accepted
    toml check serve   the same, and the gateway of the page runs with it
    env check          variables that are accepted
    sh run             commands that end with status 0

A comment `<!-- gateway: NAME=value … -->` adds variables to the gateway of the page."""

import ast
import json
import os
import re
import subprocess
import tempfile
import tomllib
from pathlib import Path

from gateway import Gateway

# The longest that one block may take, in seconds.
PATIENCE = 30
# Blocks that have one meaning only, whatever words stand behind the language.
SYNTAX = {"json": json.loads, "toml": tomllib.loads, "python": ast.parse}


def syntax(every, faults):
    """Blocks of languages that can be read without running anything are what they say they are."""
    count = 0
    for page in every:
        for block in page.blocks:
            if block.language not in SYNTAX:
                continue
            count += 1
            try:
                SYNTAX[block.language](block.text)
            except (ValueError, SyntaxError) as fault:
                faults.append(f"{page.at(block.line)}: this is no {block.language}: {fault}")
    return f"{count} blocks of JSON, TOML and Python"


def accepted(every, modelport, faults):
    """`modelport check` accepts every configuration that is marked for it."""
    count = 0
    for page in every:
        for block in page.blocks:
            if "check" not in block.words:
                continue
            count += 1
            with tempfile.TemporaryDirectory() as folder:
                said = _check(modelport, block, Path(folder))
            if said:
                faults.append(f"{page.at(block.line)}: modelport check says\n{said}")
    return f"{count} configurations"


def _check(modelport, block, folder):
    # What a configuration refers to has to be there; what it is plays no part.
    text = block.text
    environment = {name: f"value-of-{name.lower()}" for name in re.findall(r"(?<!\$)\$\{(\w+)\}", text)}
    for path in set(re.findall(r"file:(/[\w./-]+)", text)):
        secret = folder / Path(path).name
        secret.write_text("a-secret-of-a-file\n", encoding="utf-8")
        text = text.replace(f"file:{path}", f"file:{secret}")
    (folder / ("modelport.toml" if block.language == "toml" else ".env")).write_text(text, encoding="utf-8")
    environment["HOME"] = str(folder)
    done = subprocess.run(
        [modelport, "check"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return None if done.returncode == 0 else done.stderr + done.stdout


def run(every, modelport, faults):
    """Every shell block that is marked for it ends well."""
    count = 0
    for page in every:
        commands = [block for block in page.blocks if block.language == "sh" and "run" in block.words]
        if not commands:
            continue
        served = [block.text for block in page.blocks if "serve" in block.words]
        added = " ".join(re.findall(r"<!-- gateway: (.*?) -->", page.text))
        settings = dict(pair.split("=", 1) for pair in added.split())
        try:
            with Gateway(modelport, settings, "\n".join(served)) as gateway:
                for block in commands:
                    count += 1
                    fault = _run(block, gateway)
                    if fault:
                        faults.append(f"{page.at(block.line)}: {fault}")
        except RuntimeError as fault:
            faults.append(f"{page.name}: {fault}")
    return f"{count} blocks of commands"


def _run(block, gateway):
    script = "set -eu\n" + gateway.placed(block.text)
    try:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=gateway.folder,
            env=gateway.environment | {"PATH": f"{gateway.folder}/bin:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it was not done after {PATIENCE} s"
    if done.returncode == 0:
        return None
    return f"status {done.returncode}\n{done.stdout}{done.stderr}"
