"""The only room that knows both a page and its wire form. One module a type, both directions.

A new shared type is one record class in `wire.records`, one module here, one line in `_TYPES`.
"""

from types import ModuleType
from typing import Any

from wagtail.models import Page

from playbook.models import RedactionCheck
from playbook.setup import section_for

from . import case, play, term
from .fields import Picture, Written

__all__ = [
    "Picture",
    "Written",
    "fill_page",
    "is_shareable_type",
    "new_page",
    "parent_for",
    "record_fields",
    "safety_passed",
    "schema_of",
    "term",
]

_TYPES: dict[str, ModuleType] = {"play/1": play, "case/1": case}


def schema_of(page: Page) -> str:
    """Return the schema under which a page of this type is shared; KeyError for others."""
    for schema, module in _TYPES.items():
        if isinstance(page.specific, module.PAGE):
            return schema
    raise KeyError(type(page.specific).__name__)


def is_shareable_type(page: Page) -> bool:
    return any(isinstance(page.specific, module.PAGE) for module in _TYPES.values())


def record_fields(page: Page) -> Written:
    """Return what of a page's live version goes into its record, and the files it names."""
    module = _TYPES[schema_of(page)]
    return module.write(page)


def new_page(record: Any) -> Page:
    """Return an unsaved page of the type that stands for a record's schema."""
    return _TYPES[record.schema].PAGE(title=record.content["title"][:255])


def fill_page(page: Page, record: Any, picture: Picture | None) -> None:
    """Put a record's content, sanitised, on a page. Saves nothing but terms it must point to."""
    _TYPES[record.schema].fill(page, record, picture)


def parent_for(schema: str, lang: str) -> Page:
    """Return the page under which items of this type and language stand, made if need be."""
    return section_for(_TYPES[schema].PAGE, lang)


def safety_passed(page: Page) -> bool:
    """Did the redaction gate pass for the very revision that is live?"""
    revision = page.live_revision
    return revision is not None and RedactionCheck.objects.covers(revision)
