"""Chapters as one HTML file: style and pictures within, no script, nothing from elsewhere."""

import base64
import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.safestring import mark_safe

from playbook.appearance import appearance
from playbook.languages import language

from .chapters import Chapter, Picture

_NAMED = re.compile(r'src="picture:([^"]+)"')


def html(chapters: list[Chapter], title: str, code: str) -> str:
    """Return the file, which names no other."""
    pictures = pictures_of(chapters)
    return _NAMED.sub(lambda found: _within(pictures[found[1]]), document(chapters, title, code))


def document(chapters: list[Chapter], title: str, code: str) -> str:
    """Return the chapters as a document whose pictures are named `picture:<name>`."""
    with translation.override(code):
        return render_to_string(
            "playbook/documents/document.html",
            {
                "chapters": chapters,
                "title": title,
                "language": language(code),
                "node_name": appearance().name,
                "public_address": settings.PUBLIC_URL,
                "day": timezone.localdate(),
                "css": mark_safe(style()),  # noqa: S308 our own file
            },
        )


def pictures_of(chapters: list[Chapter]) -> dict[str, Picture]:
    return {each.picture.name: each.picture for each in chapters if each.picture}


@cache
def style() -> str:
    return (Path(__file__).parent / "document.css").read_text(encoding="utf-8")


def _within(picture: Picture) -> str:
    return f'src="data:image/jpeg;base64,{base64.b64encode(picture.data).decode()}"'
