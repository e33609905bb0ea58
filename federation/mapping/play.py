"""A play page and `play/1`."""

from typing import Any

from wagtail.models import Page

from federation.models import Provenance
from federation.wire.records import Item
from playbook.models import (
    CasePage,
    Dimension,
    Evidence,
    Mechanism,
    PlayPage,
    Sector,
    Threat,
)
from playbook.sanitise import clean_html

from .fields import Picture, Written, codes, fill_item, read_blocks, terms, write_blocks, write_item

PAGE = PlayPage
_LINES = ("outcome", "who_leads", "time", "cost")
_CHOICES = ("phase", "effort", "visibility")
_HTML = ("preconditions", "worse", "stop_conditions")
_TERMS = {
    "threats": Threat,
    "mechanisms": Mechanism,
    "dimensions": Dimension,
    "sectors": Sector,
}


def write(page: PlayPage) -> Written:
    """Return what leaves of a play. The local legal note is not among it, on purpose."""
    content: dict[str, Any] = {"title": page.title}
    content |= {name: getattr(page, name) for name in (*_LINES, *_CHOICES, *_HTML)}
    content |= {name: codes(getattr(page, name)) for name in _TERMS}
    content["steps"] = write_blocks(page.steps)
    content["evidence"] = _evidence(page)
    return write_item(page, content)


def _evidence(page: PlayPage) -> list[dict[str, str]]:
    """Return the shared cases that speak for or against; one that never left is not named."""
    stances = {row.page_id: row.stance for row in page.evidence.all()}
    rows = Provenance.objects.filter(page_id__in=stances, retracted=False).order_by("pk")
    return [
        {
            "origin": row.origin,
            "id": str(row.item_id),
            "lang": row.lang,
            "stance": stances[row.page_id],
        }
        for row in rows
        if row.page_id is not None
    ]


def fill(page: PlayPage, record: Item, picture: Picture | None) -> None:
    """Put a record's content on a play."""
    content = record.content
    fill_item(page, record, picture)
    for name in (*_LINES, *_CHOICES):
        setattr(page, name, content.get(name, "")[:300])
    for name in _HTML:
        setattr(page, name, clean_html(content.get(name, "")))
    for name, model in _TERMS.items():
        setattr(page, name, terms(model, content.get(name, [])))
    page.steps = read_blocks(content["steps"], "do")
    page.evidence.set(
        [
            Evidence(page=case, stance=named["stance"])
            for named in content.get("evidence", [])
            if (case := _case(named)) is not None
        ]
    )


def _case(named: dict[str, str]) -> Page | None:
    row = Provenance.objects.filter(
        origin=named["origin"], item_id=named["id"], lang=named["lang"]
    ).first()
    if row is None or row.page_id is None:
        return None
    return CasePage.objects.filter(pk=row.page_id).first()
