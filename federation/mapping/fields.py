"""The fields that plays and cases have in common, from page to wire and back."""

import json
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db.models import Model
from wagtail.models import Page
from wagtail.rich_text import RichText

from federation.wire.records import Item
from playbook.models import PlaybookImage
from playbook.sanitise import clean_html


@dataclass(frozen=True)
class Written:
    """What a page says: fields of its record, and the bytes and types of the files it names."""

    fields: dict[str, Any]
    files: list[tuple[bytes, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Picture:
    """A picture that came with a record, verified by its hash."""

    sha256: str
    data: bytes
    alt: str


def write_item(page: Page, content: dict[str, Any]) -> Written:
    """Return the record fields of a page around its content, with the picture if it has one."""
    media: list[dict[str, Any]] = []
    files: list[tuple[bytes, str]] = []
    if page.picture is not None:
        with page.picture.file.open("rb") as file:
            data = file.read()
        kind = mimetypes.guess_type(page.picture.file.name)[0] or "application/octet-stream"
        digest = sha256(data).hexdigest()
        media.append({"sha256": digest, "size": len(data), "type": kind, "alt": page.picture_alt})
        files.append((data, kind))
        content["picture"] = digest
    content["status"] = page.status
    return Written(
        {
            "content": {name: value for name, value in content.items() if value not in ("", None)},
            "media": media,
            "status_as_of": page.status_as_of.isoformat(),
            "review_due": page.review_due.isoformat() if page.review_due else None,
            "sensitive": page.sensitive,
        },
        files,
    )


def fill_item(page: Page, record: Item, picture: Picture | None) -> None:
    """Put what plays and cases have in common on a page."""
    page.title = record.content["title"][:255]
    page.status = record.content.get("status", "current")
    page.status_as_of = record.status_as_of
    page.review_due = record.review_due
    page.sensitive = record.sensitive
    page.licence = record.licence
    if picture is None:
        page.picture, page.picture_alt = None, ""
        return
    page.picture_alt = picture.alt[:300].strip() or page.title
    title = f"federation {picture.sha256}"
    page.picture = PlaybookImage.objects.filter(title=title).first() or _stored(title, picture)


def _stored(title: str, picture: Picture) -> PlaybookImage:
    return PlaybookImage.store(picture.data, title=title, description=picture.alt[:255])


def codes(terms: Iterable[Any]) -> list[str]:
    return sorted(term.code for term in terms.all())  # type: ignore[attr-defined]


def terms(model: type[Model], wanted: list[str]) -> list[Model]:
    """Return the terms of the node's default language that have these codes; others are unknown."""
    return list(
        model._default_manager.filter(
            code__in=wanted, locale__language_code=settings.LANGUAGE_CODE
        ).order_by("code")
    )


def write_blocks(stream: Any) -> list[dict[str, Any]]:
    """Return a StreamField's blocks with their ids, as plain values."""
    return [
        {
            "id": block.id,
            "type": block.block_type,
            "value": {name: _plain(value) for name, value in block.value.items()},
        }
        for block in stream
    ]


def _plain(value: Any) -> str:
    return value.source if isinstance(value, RichText) else str(value)


def read_blocks(blocks: list[dict[str, Any]], html: str) -> str:
    """Return blocks as the JSON that a StreamField takes; the member `html` is sanitised."""
    return json.dumps(
        [
            {
                "id": block["id"],
                "type": block["type"],
                "value": {
                    name: clean_html(value) if name == html else value
                    for name, value in block["value"].items()
                    if isinstance(value, str)
                },
            }
            for block in blocks
        ]
    )
