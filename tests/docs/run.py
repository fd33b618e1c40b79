"""Runs all checks of the documentation, and tells every fault. Called by scripts/test-docs."""

import shutil
import subprocess
import sys
import tempfile
import time

import blocks
import facts
import pages
import refused
import settings


def book(faults):
    """Where mdbook is installed, it builds the book and warns of nothing."""
    if shutil.which("mdbook") is None:
        return "mdbook is not installed, so the book is not built"
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["mdbook", "build", "--dest-dir", folder, str(pages.ROOT)], capture_output=True, text=True, check=False
        )
    said = done.stdout + done.stderr
    if done.returncode != 0 or "WARN" in said or "ERROR" in said:
        faults.append(f"mdbook build says\n{said}")
    return "the book, built"


def main():
    modelport, begin = sys.argv[1], (sys.argv[2:] or [""])[0]
    readme = pages.Page(pages.ROOT / "README.md")
    every = [page for page in [readme, *pages.chapters()] if page.path.name.startswith(begin)]
    faults = []
    for check in [
        settings.page,
        facts.links,
        facts.chapters,
        facts.settings,
        facts.codes,
        facts.headers,
        facts.profiles,
        lambda faults: blocks.syntax(every, faults),
        lambda faults: blocks.accepted(every, modelport, faults),
        lambda faults: refused.told(modelport, faults),
        lambda faults: blocks.run(every, modelport, faults),
        book,
    ]:
        begun, before = time.monotonic(), len(faults)
        said = check(faults)
        word = "ok" if len(faults) == before else "FAULTS"
        print(f"{word:6} {said} ({time.monotonic() - begun:.1f} s)", flush=True)
    for fault in faults:
        print(f"\n{fault}", file=sys.stderr)
    sys.exit(1 if faults else 0)


main()
