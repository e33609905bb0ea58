"""A chapter as plain text, marked up the way people do in e-mails (Markdown)."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import cast

from bs4 import BeautifulSoup
from bs4.element import PageElement, Tag

from .chapters import Chapter

_SPACES = re.compile(r"\s+")
_BLANK_LINES = re.compile(r"\n{3,}")
_HEADINGS = {"h1": "# ", "h2": "## ", "h3": "### ", "h4": "#### "}
_BLOCKS = {"p", "dt", "dd", "tr", *_HEADINGS}
_GROUPS = {"article", "section", "div", "ul", "ol", "dl", "blockquote", "table", "thead", "tbody"}


def plain_text(chapter: Chapter) -> str:
    """Return the chapter's words in UTF-8, lines ended by a newline. The same each time."""
    soup = BeautifulSoup(chapter.html, "html.parser")
    text = "\n".join(_lines(soup))
    return _BLANK_LINES.sub("\n\n", text).strip() + "\n"


def _lines(node: Tag) -> Iterator[str]:
    """Yield the lines of blocks; words and inline tags beside each other make one line."""
    for is_block, run in groupby(node.children, _is_block):
        if is_block:
            for tag in run:
                yield from _block(cast(Tag, tag))
        else:
            words = _joined(_pieces(child) for child in run)
            if words:
                yield words


def _is_block(node: PageElement) -> bool:
    return isinstance(node, Tag) and node.name in _BLOCKS | _GROUPS | {"li"}


def _block(tag: Tag) -> Iterator[str]:
    if tag.name == "li":
        yield from _item(tag)
    elif tag.name == "tr":
        cells = [_words(cell) for cell in tag.find_all(["th", "td"])]
        yield "| " + " | ".join(cells) + " |"
    elif tag.name == "dt":
        yield f"{_words(tag)}:"
    elif tag.name == "dd":
        yield f"    {_words(tag)}"
    elif tag.name in _HEADINGS:
        yield from ("", _HEADINGS[tag.name] + _words(tag), "")
    elif tag.name in _BLOCKS:
        yield from ("", _words(tag), "")
    else:
        prefix = "> " if tag.name == "blockquote" else ""
        yield ""
        yield from (prefix + line for line in _lines(tag))
        yield ""


def _item(tag: Tag) -> Iterator[str]:
    ordered = tag.parent is not None and tag.parent.name == "ol"
    number = len(tag.find_previous_siblings("li")) + 1
    mark = f"{number}. " if ordered else "- "
    lines = [line for line in _lines(tag) if line.strip()]
    for at, line in enumerate(lines):
        yield (mark if at == 0 else " " * len(mark)) + line


def _words(tag: Tag) -> str:
    return _joined(_pieces(child) for child in tag.children)


def _joined(pieces: Iterable[str]) -> str:
    return _SPACES.sub(" ", "".join(pieces)).strip()


def _pieces(node: PageElement) -> str:
    """Return the words of an inline piece, with the address of a link after its words."""
    if not isinstance(node, Tag):
        return str(node)
    if node.name == "br":
        return " "
    words = "".join(_pieces(child) for child in node.children)
    address = str(node.get("href", "")) if node.name == "a" else ""
    return f"{words} <{address}>" if address and address != words.strip() else words
