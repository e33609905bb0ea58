"""The rows that statements become, and what a batch asks of the database before it begins."""

from federation.models import (
    Acknowledgement,
    Endorsement,
    Entry,
    Item,
    Log,
    Review,
)
from federation.wire import records


def endorsement_row(log: Log, record: records.Endorse, entry: Entry) -> Endorsement:
    named = record.raw["target"]  # whole, by the schema
    return Endorsement(
        endorser=log.node_id,
        address=entry.address,
        target_origin=named["origin"],
        target_address=named["record"],
        target_index=named["index"],
        day=record.day,
    )


def review_row(log: Log, record: records.Review, entry: Entry) -> Review:
    named = record.raw["target"]
    return Review(
        reviewer=log.node_id,
        address=entry.address,
        target_origin=named["origin"],
        target_item=named["id"],
        target_lang=named["lang"],
        target_version=named["version"],
        target_address=named["record"],
        decision=record.decision,
        note=record.note,
        day=record.day,
    )


def acknowledgement_row(log: Log, record: records.Ack, entry: Entry) -> Acknowledgement:
    return Acknowledgement(
        node_id=log.node_id,
        address=entry.address,
        recall_address=record.raw["target"]["record"],
        day=record.day,
    )


def known_items(log: Log, taken: list[records.Record]) -> dict[tuple[str, str], Item]:
    """Return the items of this log that the records are about, by id and language."""
    ids = set()
    for record in taken:
        if isinstance(record, records.Item):
            ids.add(record.id)
        elif isinstance(record, records.Retract) and record.target.id:
            ids.add(record.target.id)
    if not ids:
        return {}
    rows = Item.objects.filter(origin=log.node_id, item_id__in=ids)
    return {(str(item.item_id), item.lang): item for item in rows}


def known_places(log: Log, addresses: list[str]) -> dict[str, int]:
    """Return the first index at which each address stands in this log."""
    if not addresses:
        return {}
    rows = Entry.objects.filter(log=log, address__in=addresses).order_by("-index")
    return dict(rows.values_list("address", "index"))
