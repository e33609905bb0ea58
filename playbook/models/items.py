"""An item of a list by the end of its address: the query that every page of an item begins with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.db.models import QuerySet
from wagtail.models import Page

from playbook.prepared import Row, prepared

from .base import PublishedItem

_DATABASE = "default"


def item_below(section: Page, model: Any, slug: str) -> Any:
    """Return the page of this model below a section, its picture and language with it, or None."""
    low, high = model._get_children_path_interval(section.path)
    rows = _query(model)(section.depth + 1, low, high, slug)
    if not rows:
        return None
    names = _names(model)
    row = rows[0]
    item: Any = model.from_db(_DATABASE, names, row[: len(names)])
    if item.locale_id == section.locale_id:
        item.locale = section.locale
    picture = _picture(model)
    if picture is not None and item.picture_id is not None:
        item.picture = picture.from_db(_DATABASE, _names(picture), row[len(names) :])
    return item


@cache
def _query(model: Any) -> Callable[..., list[Row]]:
    picture = _picture(model)
    fields = [
        *_names(model),
        *(f"picture__{name}" for name in (_names(picture) if picture else ())),
    ]

    @prepared(int, str, str, str)
    def rows(depth: int, low: str, high: str, slug: str) -> QuerySet[Any]:
        items = model._default_manager.filter(depth=depth, path__range=(low, high), slug=slug)
        return items.order_by().values_list(*fields)

    return rows


@cache
def _names(model: Any) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def _picture(model: Any) -> Any:
    if not issubclass(model, PublishedItem):
        return None
    return model._meta.get_field("picture").related_model
