"""A threat's own subtype and `term/1`. The four threats are everybody's and never travel.

Terms are matched by code. One that a node already has is left as it is.
"""

from typing import Any

from django.conf import settings
from wagtail.models import Locale, Page

from federation.wire.records import Item
from playbook.models import Threat
from playbook.sanitise import clean_html

SCHEMA = "term/1"
_DAY_BEFORE_ANY = "2026-01-01"


def own_subtypes(page: Page) -> list[Threat]:
    """Return the subtypes that a page is filed under, in the page's language where there is one."""
    named = [term for term in page.threats.all() if term.parent_id is not None]
    return [
        Threat.objects.filter(
            translation_key=term.translation_key, locale_id=page.locale_id
        ).first()
        or term
        for term in named
    ]


def write(term: Threat) -> dict[str, Any]:
    """Return the record fields that say what a subtype is."""
    content = {
        "kind": "threat",
        "code": term.code,
        "parent": term.parent.code if term.parent else "",
        "name": term.name,
        "sign": term.sign,
        "first_hour": term.first_hour,
    }
    return {
        "lang": term.locale.language_code,
        "content": {name: value for name, value in content.items() if value},
        "media": [],
        "licence": "CC-BY-SA-4.0",
        "status_as_of": _DAY_BEFORE_ANY,
        "review_due": None,
        "sensitive": False,
    }


def missing_codes(record: Item) -> list[str]:
    """Return the threat codes of an item that this node has no term for, each once."""
    wanted = list(dict.fromkeys(record.content.get("threats", [])))
    have = set(
        Threat.objects.filter(
            code__in=wanted, locale__language_code=settings.LANGUAGE_CODE
        ).values_list("code", flat=True)
    )
    return [code for code in wanted if code not in have]


def make(record: Item) -> Threat | None:
    """Make the subtype that a record describes; None where its parent or code has no place here."""
    content = record.content
    locale = Locale.objects.get(language_code=settings.LANGUAGE_CODE)
    parent = Threat.objects.filter(code=content.get("parent"), locale=locale).first()
    fits = len(content["code"]) <= (Threat._meta.get_field("code").max_length or 0)
    if content["kind"] != "threat" or parent is None or not fits:
        return None
    return Threat.objects.create(
        code=content["code"],
        locale=locale,
        parent=parent,
        name=content["name"][:120],
        sign=content.get("sign", "")[:300],
        first_hour=clean_html(content.get("first_hour", "")),
    )
