"""Makes the chapter on settings from `.env.example`, which is made from the table of settings itself."""

import os
import re

import pages

PAGE = pages.BOOK / "settings.md"

OPENING = """# Settings

<!-- Made from .env.example by `UPDATE_DOCS=1 scripts/test-docs`. -->

Settings are environment variables; a file `.env` in the working directory is read too, and the environment wins.
[The configuration file](configuration-file.md) says the same under other names, and more.
Nothing is required.
Names are read in any letter case, and an empty value counts as unset.
A wrong value stops the start, and all faults are told at once; [Troubleshooting](troubleshooting.md#a-value) says what each kind of value looks like.

Further OpenAI-compatible providers have [a word of your own in the names](providers.md#in-the-environment).
The older names `OPENROUTER_*` mean the same as `OPENAI_COMPATIBLE_*`, and `OLLAMA_*` the same as `OLLAMA_SETTINGS_*`, but for `OLLAMA_KEEP_ALIVE`, which is the server's own.
"""


def written():
    """The chapter as it should be."""
    text = OPENING
    for title, rows in _sections():
        text += f"\n## {title}\n\n| Variable | Value | Default | Meaning |\n|---|---|---|---|\n"
        for name, kind, preset, help_text in rows:
            preset = f"`{preset}`" if preset else ""
            text += f"| `{name}` | {_cell(kind)} | {preset} | {_cell(help_text)} |\n"
    return text


def _sections():
    example = (pages.ROOT / ".env.example").read_text(encoding="utf-8")
    parts = re.split(r"^# --- (.*?) ---\n", example, flags=re.MULTILINE)[1:]
    for title, body in zip(parts[::2], parts[1::2]):
        yield title, [_row(*found) for found in re.findall(r"((?:^# .*\n)+)^#([A-Z0-9_]+)=", body, re.MULTILINE)]


def _row(comment, name):
    # The kind and the default begin on a line of their own.
    help_text, _, about = comment.rpartition("\n# (")
    help_text, about = (" ".join(text.replace("\n# ", " ").split()) for text in (help_text.removeprefix("# "), about))
    kind, preset = re.fullmatch(r"(.*); (?:default (.*)|unset by default)\)", about).groups()
    return name, kind, preset, help_text


def _cell(text):
    # What looks like a place holder or an address stays text.
    text = re.sub(r"(\{.*\}|\"[:d].*?\"|[a-z]+://[^ ,;]*)", r"`\1`", text)
    return text.replace("|", "\\|")


def page(faults):
    """The chapter is what `.env.example` makes of it; UPDATE_DOCS writes it."""
    if "UPDATE_DOCS" in os.environ:
        PAGE.write_text(written(), encoding="utf-8")
    if PAGE.read_text(encoding="utf-8") != written():
        remedy = "write it anew with UPDATE_DOCS=1 scripts/test-docs"
        faults.append(f"docs/{PAGE.name}: .env.example says something else; {remedy}")
    return f"{written().count(chr(10) + '| `')} settings"
