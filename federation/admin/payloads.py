"""JSON for people: indented, escaped, and with no text able to reorder what stands around it."""

import json
import re
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
# Marks that reorder text are shown as what they are. Joiners stay: Persian and others need them.
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def pretty(value: Any) -> SafeString:
    """Return a JSON value as HTML for a left-to-right `<pre>`, each string in its own `<bdi>`."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    text = _DIRECTION.sub(lambda mark: f"\\u{ord(mark.group()):04x}", text)
    pieces: list[str] = []
    at = 0
    for found in _STRING.finditer(text):
        pieces.append(escape(text[at : found.start()]))
        pieces.append(f"<bdi>{escape(found.group())}</bdi>")
        at = found.end()
    pieces.append(escape(text[at:]))
    return mark_safe("".join(pieces))  # noqa: S308 every piece was escaped


def pretty_bytes(payload: bytes) -> SafeString:
    """Return a payload as `pretty` does where it is JSON, else its text, escaped, as it came."""
    try:
        return pretty(json.loads(payload))
    except (ValueError, RecursionError):
        text = payload.decode("utf-8", "backslashreplace")
        return escape(_DIRECTION.sub(lambda mark: f"\\u{ord(mark.group()):04x}", text))
