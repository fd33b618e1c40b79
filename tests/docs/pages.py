"""The pages of the documentation: their links, headings and fenced blocks. Reads files, judges nothing."""

import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOOK = ROOT / "docs"
SUMMARY = BOOK / "SUMMARY.md"
# Pages at the top that link into the book, and are linked to.
OUTSIDE = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "bench/README.md"]


@dataclasses.dataclass
class Block:
    """A fenced block: its language, the words behind that, its text and the line it begins at."""

    language: str
    words: list
    text: str
    line: int


class Page:
    """One Markdown file."""

    def __init__(self, path):
        self.path = path
        self.name = path.relative_to(ROOT).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.blocks, self.prose = _split(self.text)

    def at(self, line):
        """A place in the page, as editors and terminals find it."""
        return f"{self.name}:{line}"

    def anchors(self):
        """What a link to a place in the page can end in, by the rule of GitHub and mdBook."""
        seen, anchors = {}, set()
        for _, line in self.prose:
            heading = re.match(r"#{1,6}\s+(.*?)\s*#*$", line)
            if heading:
                slug = _slug(heading[1])
                count = seen.get(slug, 0)
                seen[slug] = count + 1
                anchors.add(f"{slug}-{count}" if count else slug)
        return anchors

    def links(self):
        """Every link and picture: the line and the target."""
        for number, line in self.prose:
            line = re.sub(r"`[^`]*`", "", line)
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                yield number, target

    def code(self):
        """Everything in the page that is code: the line and the text, fenced or between backticks."""
        for number, line in self.prose:
            for text in re.findall(r"`([^`]+)`", line):
                yield number, text
        for block in self.blocks:
            for offset, line in enumerate(block.text.splitlines()):
                yield block.line + 1 + offset, line


def _split(text):
    blocks, prose, fence = [], [], None
    for number, line in enumerate(text.splitlines(), 1):
        opening = re.match(r"\s*(```+|~~~+)\s*([^`]*)$", line)
        if fence is None and opening:
            words = opening[2].split()
            fence = opening[1]
            block = Block(words[0] if words else "", words[1:], "", number)
        elif fence is not None and line.strip() == fence:
            blocks.append(block)
            fence = None
        elif fence is not None:
            block.text += line + "\n"
        else:
            prose.append((number, line))
    return blocks, prose


def _slug(heading):
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    kept = (letter for letter in heading.strip().lower() if letter.isalnum() or letter in " -_")
    return "".join(kept).replace(" ", "-")


def chapters():
    """The chapters of the book that are there as files."""
    return [Page(path) for path in sorted(BOOK.rglob("*.md")) if path != SUMMARY]


def every_page():
    """All pages that links are checked in."""
    return [Page(ROOT / name) for name in OUTSIDE] + [Page(SUMMARY)] + chapters()
