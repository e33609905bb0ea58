"""Recall what endangers people, take in the recalls of others, acknowledge, confirm, lift.

Source: docs/protocol.md, "Retract, recall, lease".
"""

import logging
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from wagtail.models import Page

from federation.conf import Conf, get_conf
from federation.errors import FederationError, NotShareable
from federation.models import (
    Acknowledgement,
    Authority,
    Entry,
    Lift,
    Log,
    Provenance,
    Quarantine,
    Recall,
    Record,
    Tombstone,
)
from federation.wire import dsse, records
from federation.wire.keys import SigningKey

from . import compromise, entitlement, heads, hiding, record_bundles
from .appending import append_envelope, record_row
from .publishing import append_statement, own_provenance, today
from .tombstones import bodies_with

logger = logging.getLogger(__name__)
MAX_UNCONFIRMED = 10  # recalls of one node that are purged without a person, within a day
_DAY = timedelta(days=1)


@transaction.atomic
def recall_page(page: Page, reason: str) -> Entry:
    """Recall an own item in every language: said to all and applied here, in one transaction.

    Works also for an item that was retracted before. Raises NotShareable for a page that was never
    shared, and what `append_statement` raises.
    """
    provenance = own_provenance(page)
    if provenance is None:
        raise NotShareable("Only what was shared can be recalled. Take this page offline instead.")
    return recall_item(provenance, reason)


@transaction.atomic
def recall_item(provenance: Provenance, reason: str) -> Entry:
    """As `recall_page`, for an item whose page may be gone."""
    heads.own_log(lock=True)
    entry = append_statement("recall/1", _fields(provenance, reason))
    record = Record.objects.get(address=entry.address)
    envelope = dsse.Envelope(bytes(record.payload or b""), record_bundles.signatures_of(record))
    recall = receive(envelope, get_conf())
    if recall is not None:  # a person of this very node has just said so
        Recall.objects.filter(pk=recall.pk).update(confirmed=True)
    acknowledge()
    return entry


def _fields(provenance: Provenance, reason: str) -> dict[str, Any]:
    item_id = str(provenance.item_id)
    own = {
        body.address
        for body in bodies_with(Record, item_id)
        if body.place[:2] == (provenance.origin, item_id)
    }
    rows = Provenance.objects.filter(origin=provenance.origin, item_id=provenance.item_id)
    own |= set(rows.values_list("address", flat=True))
    return {
        "audience": "public",
        "target": {"origin": provenance.origin, "id": item_id},
        "records": sorted(own),
        "reason": reason,
        "day": today().isoformat(),
    }


def sign_statement(
    schema: str, origin: str, fields: dict[str, Any], keys: Iterable[SigningKey]
) -> dsse.Envelope:
    """Return a recall or lift signed with these keys, to be carried by anyone; asks no database.

    `origin` names the node in whose name it is drawn up. Raises InvalidRecord and its kin.
    """
    common: dict[str, Any] = {"audience": "public", "salt": records.new_salt(), "origin": origin}
    if schema == "recall/1":
        common["records"] = []  # who signs away from any node does not know them
    payload = records.build(schema, {**common, **fields})
    signatures = [dsse.Envelope.signed(payload, key).signatures[0] for key in keys]
    return dsse.Envelope(payload, tuple(signatures))


@transaction.atomic
def carry(envelope: dsse.Envelope, conf: Conf | None = None) -> Entry | None:
    """Take in a recall or lift from a file, and say it on in this node's own log.

    Returns the entry; None when it stood in the own log already. Raises what `receive` raises.
    """
    conf = conf or get_conf()
    record = entitlement.verified(envelope, conf)
    log = heads.own_log(lock=True)
    receive(envelope, conf)
    entry = None
    if not Entry.objects.filter(log=log, address=envelope.address).exists():
        entry = append_envelope(envelope, record)
    acknowledge()
    return entry


@transaction.atomic
def receive(
    envelope: dsse.Envelope, conf: Conf, *, address: str | None = None, now: datetime | None = None
) -> Recall | None:
    """Apply a recall or a lift, whoever carried it, once; return the recall that is meant.

    None for the lift of a recall that has not come. Raises RecallUnentitled, and what
    `entitlement.verified` raises; nothing is written then.
    """
    record = entitlement.verified(envelope, conf, address=address)
    Record.objects.bulk_create([record_row(envelope, record)], ignore_conflicts=True)
    if isinstance(record, records.Lift):
        return _lift(envelope.address, record)
    known = Recall.objects.filter(address=envelope.address).first()
    if known is not None:
        return known
    authority = entitlement.authority_of(envelope, record, conf)
    return _apply(envelope.address, record, authority, now or datetime.now(UTC))


def _apply(address: str, record: records.Recall, authority: Authority, now: datetime) -> Recall:
    target = record.raw["target"]  # whole, by the schema
    recall, made = Recall.objects.get_or_create(
        address=address,
        defaults={
            "origin": target["origin"],
            "item_id": target["id"],
            "lang": target.get("lang", ""),
            "reason": record.reason,
            "day": date.fromisoformat(record.day),
            "authority": authority,
            "received_at": now,
            "over_cap": authority == Authority.ORIGIN and _over_cap(record, now),
            "lifted": Lift.objects.filter(recall_address=address).exists(),
        },
    )
    if not made:
        return recall
    Tombstone.objects.create(
        recall=recall, origin=recall.origin, item_id=recall.item_id, lang=recall.lang
    )
    _excuse(record)
    if not recall.lifted:
        hiding.hide(recall)
        said = partial(logger.warning, "recalled: %s, by %s", recall, authority.value)
        transaction.on_commit(said)  # a rehearsal recalls nothing
    return recall


def _over_cap(record: records.Recall, now: datetime) -> bool:
    """Has this node recalled ten other items within a day? A coerced node may recall everything."""
    others = Recall.objects.filter(
        origin=record.target.origin, authority=Authority.ORIGIN, received_at__gt=now - _DAY
    ).exclude(item_id=record.raw["target"]["id"])
    return others.values("item_id").distinct().count() >= MAX_UNCONFIRMED


def _excuse(record: records.Recall) -> None:
    """A body of the recalled item that never came is no longer missed."""
    log = Log.objects.filter(node_id=record.target.origin)
    Quarantine.objects.filter(
        log__in=log, address__in=record.records, payload=None, resolved=False
    ).update(resolved=True)


def _lift(address: str, record: records.Lift) -> Recall | None:
    lifted = record.raw["target"]["record"]
    _row, made = Lift.objects.get_or_create(
        address=address,
        defaults={
            "recall_address": lifted,
            "reason": record.reason,
            "day": date.fromisoformat(record.day),
        },
    )
    recall = Recall.objects.filter(address=lifted).first()
    if made and recall is not None and not recall.lifted:
        recall.lifted = True
        recall.save(update_fields=["lifted"])
        hiding.show_again(recall)
        compromise.quarantine_untrusted(get_conf())  # what came back may be trusted no longer
        transaction.on_commit(partial(logger.warning, "lifted: %s", recall))
    return recall


def acknowledge() -> int:
    """Say in the own log which recalls were applied here and not yet told; return how many.

    Never in the way of the recall itself: what cannot be signed now is tried again.
    """
    count = 0
    for recall in Recall.objects.filter(acknowledged=False).order_by("pk"):
        try:
            count += _acknowledge(recall)
        except FederationError as error:
            logger.error("%s was not acknowledged: %s: %s", recall, error.code, error)
    return count


@transaction.atomic
def _acknowledge(recall: Recall) -> bool:
    heads.own_log(lock=True)
    if not Recall.objects.filter(pk=recall.pk, acknowledged=False).update(acknowledged=True):
        return False
    said = Acknowledgement.objects.filter(node_id=get_conf().NODE_ID, recall_address=recall.address)
    if said.exists():  # before this node was restored from a backup
        return False
    entry = append_statement(
        "ack/1",
        {
            "audience": "public",
            "target": {"record": recall.address},
            "day": today().isoformat(),
        },
    )
    Acknowledgement.objects.create(
        node_id=get_conf().NODE_ID,
        address=entry.address,
        recall_address=recall.address,
        day=today(),
    )
    return True


def confirm_recall(recall: Recall) -> None:
    """A person says that all which this recall hides here may be purged when its time comes."""
    Recall.objects.filter(pk=recall.pk).update(confirmed=True)
    # What was erased so far left alone what people here had made of it.
    recall.tombstones.update(purged=False)
