"""What was said here after a restore and before the recovery: moved behind what came back.

It stood, unsigned, where this node had said something else. Nothing of it has left yet: what is
bound to a place or a number is signed anew, the rest moves as it is.
"""

from copy import copy
from dataclasses import dataclass, replace

from django.db import transaction

from federation.conf import Conf
from federation.models import BlobUse, Entry, Item, Log, Mode, Provenance, Record
from federation.wire import dsse, records

from . import record_bundles
from .appending import append_envelope
from .publishing import append_statement
from .retracting import retract_item
from .rows import known_places


@dataclass(frozen=True)
class Said:
    """One statement that lost its place, and for an item the row that stood for it."""

    envelope: dsse.Envelope
    record: records.Record
    known: Provenance | None = None


def take_out(log: Log, at: int) -> list[Said]:
    """Take the entries from `at` on out of the own log; return what they said, in order.

    Items go back to the version before. Call inside the recovery's transaction.
    """
    taken: list[Said] = []
    for entry in Entry.objects.filter(log=log, index__gte=at).order_by("-index"):
        row = Record.objects.filter(address=entry.address, payload__isnull=False).first()
        if row is None or row.payload is None:
            continue  # taken back again before anybody heard of it
        envelope = dsse.Envelope(bytes(row.payload), record_bundles.signatures_of(row))
        said = Said(envelope, records.parse(envelope.payload))
        if isinstance(said.record, records.Item):
            said = replace(said, known=_rewind(said.record, log))
            row.delete()
        elif isinstance(said.record, records.Retract) and said.record.target.id:
            _unretract(said.record, log, at)
        taken.append(said)
    Entry.objects.filter(log=log, index__gte=at).delete()
    return taken[::-1]


def _rewind(record: records.Item, log: Log) -> Provenance | None:
    """Let an item be its version before; return the row as it was."""
    row = _row_of(record.origin, record.id, record.lang)
    if row is None:
        return None
    was = copy(row)
    if record.prev is None:
        row.delete()
        return was
    row.version, row.address, row.retracted = record.version - 1, record.prev, False
    row.index = known_places(log, [record.prev]).get(record.prev, 0)
    row.save()
    return was


def _unretract(record: records.Retract, log: Log, at: int) -> None:
    """Let a retracted item be the newest of its versions that stands before `at`, if one does."""
    row = _row_of(record.origin, str(record.target.id), str(record.target.lang))
    if row is None:
        return
    listed = [address for address in record.raw.get("records", []) if isinstance(address, str)]
    places = known_places(log, listed)
    for back, address in enumerate(listed):
        if address in places and places[address] < at:
            row.version, row.address = max((record.target.version or 1) - back, 1), address
            row.index, row.retracted = places[address], False
            row.save()
            return
    row.delete()


def _row_of(origin: str, item_id: str, lang: str) -> Provenance | None:
    return Provenance.objects.filter(origin=origin, item_id=item_id, lang=lang).first()


@transaction.atomic
def say_again(said: list[Said], conf: Conf) -> list[str]:
    """Append what was taken out behind what came back; return what was not, with the reason.

    What the lost stretch took back stays taken back: it is for people to say it again.
    """
    dropped = []
    for one in said:
        record = one.record
        if isinstance(record, records.Item):
            if not _share_again(one, record, conf):
                dropped.append(
                    f"{record.content.get('title', record.id)} ({record.lang}): this node had "
                    f"taken it back. Share it again if that is meant."
                )
        elif isinstance(record, records.Retract) and record.target.id:
            row = _row_of(record.origin, record.target.id, str(record.target.lang))
            if row is not None and not row.retracted:
                retract_item(row, record.reason)
                Item.objects.filter(
                    origin=record.origin, item_id=record.target.id, lang=record.target.lang
                ).delete()
        elif not Entry.objects.filter(log__own=True, address=one.envelope.address).exists():
            append_envelope(one.envelope, record)
    return dropped


def _share_again(said: Said, record: records.Item, conf: Conf) -> bool:
    identity = {"origin": conf.NODE_ID, "item_id": record.id, "lang": record.lang}
    row = _row_of(conf.NODE_ID, record.id, record.lang)
    if row is not None and row.retracted:
        return False
    fields = {
        name: value
        for name, value in record.raw.items()
        if name not in ("schema", "origin", "salt")
    }
    fields["version"] = row.version + 1 if row else 1
    fields["prev"] = row.address if row else None
    entry = append_statement(record.schema, fields)
    BlobUse.objects.filter(address=said.envelope.address).update(address=entry.address)
    Item.objects.filter(**identity).delete()  # what people here said last is what the page shows
    was = said.known
    if row is None:
        key = was.translation_key if was else None
        row = Provenance(**identity, mode=Mode.OWN, page_id=was.page_id if was else None)
        row.translation_key = key or row.item_id
    row.schema, row.version = record.schema, fields["version"]
    row.address, row.index = entry.address, entry.index
    row.revision_id = was.revision_id if was else row.revision_id
    row.save()
    return True
