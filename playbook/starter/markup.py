"""The small rich text of the starter files: `### ` headings, paragraphs, `- ` lists, **bold**."""

import re
from html import escape

from playbook.sanitise import clean_html

_BOLD = re.compile(r"\*\*(.+?)\*\*")


def to_html(text: str) -> str:
    """Return the text as html. A list may follow its paragraph without a blank line."""
    blocks: list[tuple[str, list[str]]] = []
    for raw in text.strip().splitlines():
        line = raw.strip()
        if not line:
            blocks.append(("gap", []))
        elif line.startswith("### "):
            blocks.append(("h3", [line[4:]]))
        elif line.startswith("- "):
            _add(blocks, "ul", line[2:])
        elif blocks and blocks[-1][0] == "ul":
            blocks[-1][1][-1] += f" {line}"
        else:
            _add(blocks, "p", line)
    return clean_html("".join(_render(kind, lines) for kind, lines in blocks))


def _add(blocks: list[tuple[str, list[str]]], kind: str, line: str) -> None:
    if not blocks or blocks[-1][0] != kind:
        blocks.append((kind, []))
    blocks[-1][1].append(line)


def _render(kind: str, lines: list[str]) -> str:
    if kind == "gap":
        return ""
    texts = [_BOLD.sub(r"<b>\1</b>", escape(line, quote=False)) for line in lines]
    if kind in ("p", "h3"):
        return f"<{kind}>{' '.join(texts)}</{kind}>"
    return f"<ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>"
