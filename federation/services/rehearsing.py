"""What a recall or lift from a file would do here, before anybody applies it."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from wagtail.models import Page

from federation.conf import Conf
from federation.models import Authority, Item, Provenance, Recall, Tombstone
from federation.wire import dsse, records

from . import entitlement, hiding, recalling
from .tombstones import place_of


@dataclass(frozen=True)
class Rehearsal:
    """What would fall under it, or come back. `known`: it was applied here before.

    `lang` is empty where every language is meant. `missing`: it lifts a recall that is not here.
    `pages` are those made of the items, live or not; nothing of the list was changed.
    """

    address: str
    lifts: bool
    authority: Authority
    origin: str
    item_id: str
    lang: str
    reason: str
    day: str
    known: bool
    missing: bool
    items: tuple[Item, ...]
    pages: tuple[Page, ...]


def rehearse(envelope: dsse.Envelope, conf: Conf) -> Rehearsal:
    """Return what `recalling.carry` would do with these bytes; changes nothing.

    It is done in a transaction that is taken back. Raises what `recalling.carry` raises.
    """
    record = entitlement.verified(envelope, conf)
    target: dict[str, Any] = record.raw["target"]
    lifts = isinstance(record, records.Lift)
    subject = target["record"] if lifts else envelope.address
    before = Recall.objects.filter(address=subject).first()
    with transaction.atomic():
        recalling.carry(envelope, conf)
        identities = hiding.matching(
            [place_of(row) for row in Tombstone.objects.filter(recall__address=subject)]
        )
        items = list(Item.objects.filter(identities).values_list("pk", flat=True))
        rows = Provenance.objects.filter(identities)
        pages = [page.pk for page in hiding.pages_under(rows)]
        transaction.set_rollback(True)
    return Rehearsal(
        address=envelope.address,
        lifts=lifts,
        authority=entitlement.authority_of(envelope, record, conf),
        origin=target["origin"],
        item_id=target["id"],
        lang=target.get("lang", ""),
        reason=record.reason,
        day=record.day,
        known=before is not None and (before.lifted or not lifts),
        missing=lifts and before is None,
        items=tuple(Item.objects.filter(pk__in=items).order_by("origin", "index")),
        pages=tuple(Page.objects.filter(pk__in=pages).order_by("pk")),
    )
