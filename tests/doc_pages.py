"""The README and the pages of docs/: their sections, tables, code and links."""

import re
from pathlib import Path

from support import ROOT

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = (README, *sorted(DOCS.glob("*.md")))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEFT_OUT = {".git", "docs", "results"}


def page(name: str) -> str:
    """The text of a page of docs/, `methods` for docs/methods.md."""
    return (DOCS / f"{name}.md").read_text()


def section(text: str, heading: str) -> str:
    """What stands under a heading of the second level, up to the next one."""
    return f"\n{text}".split(f"\n## {heading}\n")[1].split("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The cells of all tables' rows in a text, without their heads."""
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines):
        if line.startswith("|") and not re.match(r"\|\s*:?-", line):
            is_head = number + 1 < len(lines) and re.match(r"\|\s*:?-", lines[number + 1])
            found += [] if is_head else [[cell.strip() for cell in line.strip("|").split("|")]]
    return found


def words(text: str) -> list[str]:
    """What stands in backticks outside of blocks, each on one line."""
    return [" ".join(word.split()) for word in re.findall(r"`([^`]+)`", prose(text))]


def blocks(text: str, language: str | None = None) -> list[tuple[str, str]]:
    """(language, code) of the fenced blocks of a text, or of those of one language."""
    found = FENCE.findall(text)
    return [block for block in found if language in (None, block[0])]


def prose(text: str) -> str:
    """A text without its fenced blocks."""
    return FENCE.sub("", text)


def commands(text: str) -> list[str]:
    """The lines of all bash blocks, those that go on behind a backslash joined."""
    code = "\n".join(code for _, code in blocks(text, "bash"))
    return [line.strip() for line in code.replace("\\\n", " ").splitlines() if line.strip()]


def saved_as(code: str) -> str | None:
    """The file that a block of Python is to be saved as: `# mine.py` in its first line."""
    named = re.match(r"# (\w+\.py)\n", code)
    return named[1] if named else None


def slugs(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and mkdocs make them."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(text: str) -> list[str]:
    """The targets of all links and images."""
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]+`", "", prose(text)))


def make_checkout(folder: Path) -> Path:
    """The folder, with links to all that a command of the pages needs of this one."""
    for entry in ROOT.iterdir():
        if entry.name not in LEFT_OUT:
            (folder / entry.name).symlink_to(entry)
    return folder
