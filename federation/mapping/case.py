"""A case page and `case/1`. The complete file stays: documents are not cleaned yet."""

from typing import Any

from federation.wire.records import Item
from playbook.models import CasePage, Mechanism, Sector, Threat
from playbook.sanitise import clean_html

from .fields import Picture, Written, codes, fill_item, read_blocks, terms, write_blocks, write_item

PAGE = CasePage
_LIMITS = {"kind": 20, "summary": 5000, "region": 120, "period": 20, "authors": 300}
_HTML = (
    "trigger", "response", "worked", "did_not_work", "trade_offs", "transfers_if", "unsafe_if",
)  # fmt: skip
_TERMS = {"threats": Threat, "mechanisms": Mechanism, "sectors": Sector}


def write(page: CasePage) -> Written:
    """Return what leaves of a case."""
    content: dict[str, Any] = {"title": page.title}
    content |= {name: getattr(page, name) for name in (*_LIMITS, *_HTML)}
    content |= {name: codes(getattr(page, name)) for name in _TERMS}
    content["lessons"] = write_blocks(page.lessons)
    return write_item(page, content)


def fill(page: CasePage, record: Item, picture: Picture | None) -> None:
    """Put a record's content on a case."""
    content = record.content
    fill_item(page, record, picture)
    for name, limit in _LIMITS.items():
        setattr(page, name, content.get(name, "")[:limit])
    for name in _HTML:
        setattr(page, name, clean_html(content.get(name, "")))
    for name, model in _TERMS.items():
        setattr(page, name, terms(model, content.get(name, [])))
    page.lessons = read_blocks(content.get("lessons", []), "lesson")
    page.composite = bool(content.get("composite", False))
