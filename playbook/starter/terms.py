"""Put the starter terms in place, in every locale. What editors changed stays."""

from collections.abc import Callable
from typing import Any

from wagtail.models import Locale

from playbook.models import Dimension, Mechanism, Sector, Term, Threat
from playbook.starter.files import read_terms
from playbook.starter.markup import to_html

_KINDS: dict[str, type[Term]] = {
    "threats": Threat,
    "mechanisms": Mechanism,
    "sectors": Sector,
    "dimensions": Dimension,
}
_TEXTS: dict[str, Callable[[str], str]] = {
    "name": str.strip,
    "sign": str.strip,
    "description": str.strip,
    "first_hour": to_html,
}


def load_terms(locales: list[Locale]) -> int:
    """Make the missing terms, the first locale's before its translations. Return how many."""
    made = 0
    for kind, rows in read_terms().items():
        model = _KINDS[kind]
        existing = {(term.code, term.locale_id): term for term in model.objects.all()}
        for row in rows:
            for locale in locales:
                if (row["code"], locale.pk) not in existing:
                    term = _make(model, row, locale, existing, locales)
                    existing[term.code, locale.pk] = term
                    made += 1
    return made


def _make(
    model: type[Term],
    row: dict[str, Any],
    locale: Locale,
    existing: dict[tuple[str, int], Any],
    locales: list[Locale],
) -> Term:
    term = model(code=row["code"], locale=locale)
    for field, convert in _TEXTS.items():
        if field in row:
            texts = row[field]
            setattr(term, field, convert(texts.get(locale.language_code) or texts["en"]))
    if "kind" in row:
        term.kind = row["kind"]
    if row.get("parent"):
        term.parent = existing[row["parent"], locales[0].pk]
    sibling = next((t for (code, _), t in existing.items() if code == row["code"]), None)
    if sibling is not None:
        term.translation_key = sibling.translation_key
    term.save()
    return term
