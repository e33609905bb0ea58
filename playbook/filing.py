"""The terms under which a page is filed, of all kinds at once, with their names for readers."""

from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import translation
from wagtail.models import Page

from playbook.epoch import kept
from playbook.models import Term
from playbook.models.terms import localized


def terms_of(page: Page) -> dict[type[Term], list[Term]]:
    """Return the terms of each kind in the language shown. One query, and none for a preview."""
    model: Any = type(page)
    fields = _fields(model)
    in_memory = getattr(page, "_cluster_related_objects", {})
    if not fields or any(field.name in in_memory for field in fields):
        rows = {field.related_model: list(getattr(page, field.name).all()) for field in fields}
        return {model: localized(terms) for model, terms in rows.items()}
    found: dict[str, set[int]] = {field.name: set() for field in fields}
    with connection.cursor() as cursor:
        cursor.execute(_links(model), [page.pk] * len(fields))
        for name, pk in cursor.fetchall():
            found[name].add(pk)
    return {
        field.related_model: [
            term for pk, term in _all_terms(field.related_model).items() if pk in found[field.name]
        ]
        for field in fields
    }


@cache
def _links(model: type[Page]) -> str:
    """Return the query of all links of a page to terms. Putting it together takes the most time."""
    quoted = connection.ops.quote_name
    return " UNION ALL ".join(
        f"SELECT '{field.name}', {quoted(field.m2m_reverse_name())} "  # noqa: S608 names of ours
        f"FROM {quoted(field.m2m_db_table())} WHERE {quoted(field.m2m_column_name())} = %s"
        for field in _fields(model)
    )


def _fields(model: type[Page]) -> list[Any]:
    return [field for field in model._meta.many_to_many if issubclass(field.related_model, Term)]


@kept
def _all_terms(model: type[Term]) -> dict[int, Term]:
    """Return every term of a kind by the key of its row, in their order, as readers see it."""
    code = translation.get_language() or settings.LANGUAGE_CODE
    rows = list(model.objects.select_related("locale"))
    here = {row.translation_key: row for row in rows if row.locale.language_code == code}
    return {row.pk: here.get(row.translation_key, row) for row in rows}
