"""Chapters as an e-book: EPUB 3, a zip of XHTML pages with a list of them."""

import datetime
import io
import re
import uuid
import zipfile

from bs4 import BeautifulSoup
from django.template.loader import render_to_string
from django.utils import translation

from playbook.addresses import absolute
from playbook.appearance import appearance
from playbook.feeds import writable
from playbook.languages import language

from .chapters import Chapter
from .single_file import pictures_of, style

# A zip holds the hour at which each file was made: a fixed one tells nothing.
_MOMENT = (2000, 1, 1, 0, 0, 0)
_NAMED = re.compile(r'src="picture:([^"]+)"')
_PAGE_RULE = re.compile(r"@page[^\n]*\n")
_CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles>
    <rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/>
  </rootfiles>
</container>
"""


def epub(chapters: list[Chapter], title: str, code: str, day: datetime.date) -> bytes:
    """Return the e-book. `day` is that of the newest change in it."""
    context = {
        "chapters": chapters,
        "pictures": list(pictures_of(chapters)),
        "title": writable(title),
        "language": language(code),
        "node_name": writable(appearance().name),
        "identifier": uuid.uuid5(uuid.NAMESPACE_URL, absolute(f"/{code}/")).urn,
        "day": day,
    }
    with translation.override(code):
        parts = {
            name: render_to_string(f"playbook/documents/epub/{name}", context)
            for name in ("package.opf", "nav.xhtml")
        }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as book:
        # First and not compressed: by this a file is known to be an e-book.
        _add(book, "mimetype", b"application/epub+zip", zipfile.ZIP_STORED)
        _add(book, "META-INF/container.xml", _CONTAINER.encode())
        for name, text in parts.items():
            _add(book, f"book/{name}", text.encode())
        _add(book, "book/style.css", _PAGE_RULE.sub("", style()).encode())
        for each in chapters:
            _add(book, f"book/{each.short_id}.xhtml", _page(each).encode())
        for name, picture in pictures_of(chapters).items():
            _add(book, f"book/pictures/{name}", picture.data, zipfile.ZIP_STORED)
    return target.getvalue()


def _page(chapter: Chapter) -> str:
    body = _NAMED.sub(r'src="pictures/\1"', chapter.html)
    body = writable(str(BeautifulSoup(body, "html.parser")))  # closes what HTML leaves open
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
        f'<html xmlns="http://www.w3.org/1999/xhtml" lang="{chapter.language.code}"'
        f' xml:lang="{chapter.language.code}" dir="{chapter.language.direction}">'
        f"<head><title>{_escaped(chapter.title)}</title>"
        '<link rel="stylesheet" type="text/css" href="style.css"/></head>'
        f"<body>{body}</body></html>\n"
    )


def _escaped(text: str) -> str:
    return writable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _add(
    book: zipfile.ZipFile, name: str, data: bytes, compression: int = zipfile.ZIP_DEFLATED
) -> None:
    member = zipfile.ZipInfo(name, _MOMENT)
    member.compress_type = compression
    member.external_attr = 0o644 << 16
    book.writestr(member, data)
