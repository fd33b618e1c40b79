"""What is run: a given binary, or one that is built."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def note(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def build(*what):
    """Builds something for release, and says in which folder it is."""
    note("building " + what[-1])
    subprocess.run(["cargo", "build", "--release", "--quiet", *what], cwd=ROOT, check=True)
    return ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release"


def modelport(given):
    """The gateway's binary: the given one, or one that is built."""
    path = Path(given).resolve() if given else build("-p", "modelport") / "modelport"
    if not os.access(path, os.X_OK):
        sys.exit(f"bench: no gateway at {path}")
    return path
