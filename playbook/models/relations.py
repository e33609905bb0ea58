"""What belongs together, found from both sides with few queries, in the language shown.

A relation is kept once, often between pages of the node's own language. Readers of another language
see the translation where one is live, and else the page itself with the name of its language.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import translation
from wagtail.models import Page

from playbook.languages import Language, language, published_codes

from .readable import is_readable, readable

# By name: a type as Django joins it to a page, and its fields for `text` and `mark`.
Relations = dict[str, tuple[str, str | None, str | None]]
_SHOWN = {
    "translation_key": "translation_key",
    "title": "title",
    "url_path": "url_path",
    "path": "path",
    "code": "locale__language_code",
}
TRAINING_EXAMPLE = Case(When(composite=True, then=Value("composite")), default=Value(""))


@dataclass(frozen=True)
class Related:
    """A page that stands in a relation to the one shown: what a link to it needs to say."""

    relation: str
    key: uuid.UUID
    title: str
    url: str
    language: Language
    text: str
    mark: str


def keys_of(rows: Any) -> Any:
    """Return the translation keys of linked pages: in the database, or of a preview in memory."""
    if isinstance(rows, QuerySet):
        return rows.order_by().values("translation_key")
    return [row.translation_key for row in rows]


def translations(model: type[Page], keys: Iterable[uuid.UUID]) -> dict[uuid.UUID, Any]:
    """Return the page to show for each key that has one, with its `language`. One query."""
    wanted = list(keys)
    if not wanted:
        return {}
    rows = (
        model.objects.live()
        .filter(readable(), translation_key__in=wanted)
        .filter(locale__language_code__in=published_codes())
        .select_related("locale")
    )
    found: dict[uuid.UUID, Any] = {}
    for page in sorted(rows, key=lambda page: _rank(page.locale.language_code)):
        page.language = language(page.locale.language_code)
        found.setdefault(page.translation_key, page)
    return found


def related(**relations: tuple[QuerySet[Any], Any, Any]) -> dict[str, list[Related]]:
    """Return what to show of each relation, in the order of the tree. One query for all of them.

    A relation is the pages with their translations, whatever their state, and the expressions for
    `text` and `mark`: a field's name or a database expression.
    """
    queries = [_columns(name, *relation) for name, relation in relations.items()]
    rows = list(queries[0].union(*queries[1:], all=True))
    rows.sort(key=lambda row: _rank(row["code"]))
    chosen: dict[tuple[str, uuid.UUID], dict[str, Any]] = {}
    for row in rows:
        chosen.setdefault((row["relation"], row["translation_key"]), row)
    shown: dict[str, list[Related]] = {name: [] for name in relations}
    for row in sorted(chosen.values(), key=lambda row: row["path"]):
        shown[row["relation"]].append(_related(row))
    return shown


def in_one(wanted: Q, relations: Relations, *more: str) -> QuerySet[Any]:
    """Return the rows of `shown_in_one` for relations to pages of different types.

    They are joined: a union of four types takes a database longer to plan. `wanted` says which
    pages, of whatever type; `more` are fields that a row has after all others.
    """
    fields = [*_SHOWN.values(), *_fields(relations).values(), *more]
    return Page.objects.live().filter(wanted).order_by().values_list(*fields)


def shown_in_one(rows: Iterable[tuple[Any, ...]], relations: Relations) -> dict[str, list[Related]]:
    """Return what to show of each relation, of those rows that readers may see."""
    names = [*_SHOWN, *_fields(relations)]
    found = [dict(zip(names, row, strict=False)) for row in rows]
    known = set(published_codes())
    found = [row for row in found if row["code"] in known and is_readable(row["path"])]
    chosen: dict[uuid.UUID, dict[str, Any]] = {}
    for row in sorted(found, key=lambda row: _rank(row["code"])):
        chosen.setdefault(row["translation_key"], row)
    shown: dict[str, list[Related]] = {name: [] for name in relations}
    for row in sorted(chosen.values(), key=lambda row: row["path"]):
        name = next(name for name in relations if row[f"{name}_is"] is not None)
        said = {part: str(row.get(f"{name}_{part}") or "") for part in ("text", "mark")}
        shown[name].append(_related({**row, **said, "relation": name}))
    return shown


def _fields(relations: Relations) -> dict[str, str]:
    return {
        f"{name}_{part}": f"{model}__{field}"
        for name, (model, *both) in relations.items()
        for part, field in zip(("is", "text", "mark"), ("pk", *both), strict=True)
        if field is not None
    }


def _columns(name: str, pages: QuerySet[Any], text: Any, mark: Any) -> QuerySet[Any]:
    return (
        pages.filter(readable(), live=True, locale__language_code__in=published_codes())
        .order_by()
        .values(
            "translation_key",
            "title",
            "url_path",
            "path",
            relation=Value(name),
            code=F("locale__language_code"),
            text=F(text) if isinstance(text, str) else text,
            mark=F(mark) if isinstance(mark, str) else mark,
        )
    )


def _related(row: dict[str, Any]) -> Related:
    return Related(
        relation=row["relation"],
        key=row["translation_key"],
        title=row["title"],
        url=address_below(row["url_path"], row["code"]),
        language=language(row["code"]),
        text=row["text"],
        mark=row["mark"] or "",
    )


def address_below(url_path: str, code: str) -> str:
    """Return the address of a page without making the page: the home's slug gives way to a code."""
    _home, *below = url_path.strip("/").split("/")
    return "/".join(["", code, *below, ""])


def _rank(code: str) -> int:
    """The language shown comes first, then those of the node in their order."""
    return -1 if code == translation.get_language() else published_codes().index(code)
