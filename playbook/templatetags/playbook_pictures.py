"""A picture in the sizes and formats that a reader's browser may choose from."""

from dataclasses import dataclass
from typing import Any

from django import template
from wagtail.images.models import Filter
from wagtail.images.shortcuts import get_renditions_or_not_found

from playbook.epoch import kept

register = template.Library()
_WIDTHS = (360, 720)
_FORMATS = {"webp": "format-webp|webpquality-60", "jpeg": "format-jpeg|jpegquality-65"}


@dataclass(frozen=True)
class DrawnFile:
    url: str
    width: int
    height: int


@dataclass(frozen=True)
class Drawn:
    """`size` is that of the heaviest file a browser may choose, in bytes; None when unknown."""

    webp: list[DrawnFile]
    jpeg: list[DrawnFile]
    size: int | None

    @property
    def shown(self) -> DrawnFile:
        return self.jpeg[-1]


@register.simple_tag
@kept
def drawn(image: Any) -> Drawn:
    """Return the files of a picture, drawn if they are not there. No query while nothing changes.

    Wagtail keeps the same in its cache, as rows in which to look each of them up.
    """
    filters = {
        (kind, width): Filter(spec=f"width-{width}|{how}")
        for kind, how in _FORMATS.items()
        for width in _WIDTHS
    }
    found = get_renditions_or_not_found(image, list(filters.values()))
    by_kind: dict[str, list[Any]] = {
        kind: _different([found[filters[kind, width].spec] for width in _WIDTHS])
        for kind in _FORMATS
    }
    return Drawn(by_kind["webp"], by_kind["jpeg"], _heaviest(found.values()))


def _different(renditions: list[Any]) -> list[DrawnFile]:
    """A small picture is not made larger: it is the same at both widths."""
    by_width = {rendition.width: rendition for rendition in renditions}
    return [DrawnFile(drawn.url, drawn.width, drawn.height) for drawn in by_width.values()]


def _heaviest(renditions: Any) -> int | None:
    try:
        return max(rendition.file.size for rendition in renditions)
    except (OSError, ValueError):
        return None
