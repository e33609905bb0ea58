"""Take in what a log says: judge each entry on its own, then stage a batch in one transaction.

Order as in docs/protocol.md, "Receiving": the head was verified before (`services.follow`); here
come DSSE and scope, schema and type, version and prev, staging. A bad entry becomes a quarantine
row with its error and never stops the ones behind it.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F

from federation.conf import Conf
from federation.errors import (
    AddressMismatch,
    FederationError,
    OldVersion,
    PeerRefused,
    RecordTooLarge,
    RecordWithheld,
    ResponseTooLarge,
    StateChanged,
    TypeMismatch,
    UnknownSchema,
    VersionGap,
    WrongOrigin,
)
from federation.models import (
    Blob,
    BlobUse,
    Endorsement,
    Entry,
    Item,
    ItemState,
    Log,
    Quarantine,
    Record,
    RecordState,
    Review,
)
from federation.trust import Member
from federation.wire import dsse, records

from .heads import rewrite_records
from .media import check_media_type, want_blobs
from .publishing import erase_bodies, today
from .storable import require_storable


@dataclass(frozen=True)
class Arrival:
    """One entry with the body that came for it, or the error met on the way."""

    entry: Entry
    envelope: dsse.Envelope | None = None
    error: FederationError | None = None


@dataclass(frozen=True)
class Judged:
    """An arrival with the record it proved to hold, or why it does not. Neither: not for us."""

    arrival: Arrival
    record: records.Record | None = None
    error: FederationError | None = None


def judge(arrival: Arrival, member: Member, conf: Conf) -> Judged:
    """Check one arrival by itself: address, signature, shape, origin, type, scope, media."""
    if arrival.error is not None:
        return Judged(arrival, error=arrival.error)
    if arrival.envelope is None:
        return Judged(arrival)
    try:
        return Judged(arrival, record=_verified(arrival.entry, arrival.envelope, member, conf))
    except FederationError as error:
        return Judged(arrival, error=error)


def about_one_record(error: FederationError) -> FederationError:
    """Name what a peer answered for one body as what it means for that record.

    A 404 for a public entry is a body withheld, unless the log excuses it.
    """
    if isinstance(error, PeerRefused):
        return RecordWithheld(str(error))
    if isinstance(error, ResponseTooLarge):
        return RecordTooLarge(str(error))
    return error


def _verified(entry: Entry, envelope: dsse.Envelope, member: Member, conf: Conf) -> records.Record:
    if envelope.address != entry.address:
        raise AddressMismatch(
            f"The body that came for {entry.address[:12]}… has the address "
            f"{envelope.address[:12]}…: it was changed on the way."
        )
    envelope.verify(member.record_key(entry.index))
    record = records.parse(envelope.payload, max_bytes=conf.MAX_RECORD)
    require_storable(record)
    if record.origin != member.node_id:
        raise WrongOrigin(f"{member.node_id} offers a statement in the name of {record.origin}.")
    if records.leaf_type_for(record) != entry.type:
        raise TypeMismatch(f"A {record.schema} stands in the log as “{entry.type}”.")
    member.check_scope(record.schema, getattr(record, "lang", None))
    if isinstance(record, records.Item):
        for file in record.media:
            check_media_type(file.type, file.size, conf)
    return record


@transaction.atomic
def apply_batch(log: Log, peer: str, judged: list[Judged], conf: Conf) -> None:
    """Stage a run of judged entries that starts at the log's applied mark, and move the mark.

    Raises StateChanged when somebody else applied them meanwhile; nothing is written then.
    """
    locked = Log.objects.select_for_update().get(pk=log.pk)
    first, last = judged[0].arrival.entry.index, judged[-1].arrival.entry.index
    if locked.applied != first:
        raise StateChanged(f"{log.node_id}: entry {first} was applied meanwhile.")
    batch = Batch(locked, peer, conf, judged)
    for one in judged:
        batch.take(one)
    batch.flush()
    locked.applied = last + 1
    locked.save(update_fields=["applied"])
    log.applied = locked.applied


@transaction.atomic
def apply_again(log: Log, peer: str, judged: Judged, conf: Conf) -> FederationError | None:
    """Try a quarantined entry once more with another body; return the error if it failed again.

    A version that was overtaken meanwhile counts as settled: its body is kept, its place is not.
    """
    batch = Batch(log, peer, conf, [judged])
    batch.take(judged)
    error = batch.errors[0] if batch.errors else None
    row = Quarantine.objects.filter(log=log, index=judged.arrival.entry.index)
    if error is None or isinstance(error, OldVersion):
        batch.quarantined.clear()
        batch.flush()
        row.update(resolved=True, payload=None, signatures=[])
        return None
    said: dict[str, Any] = {"error": error.code, "error_detail": str(error), "peer": peer}
    envelope = judged.arrival.envelope
    if envelope is not None:
        said |= {"payload": envelope.payload, "signatures": _plain(envelope)}
    elif row[0].payload is not None:
        said = {}  # what kept it back stands; this time nothing came
    row.update(**said, attempts=F("attempts") + 1)
    Record.objects.bulk_create(batch.parked, ignore_conflicts=True)
    return error


class Batch:
    """The rows that a run of entries amounts to, collected in memory and written in bulk."""

    def __init__(self, log: Log, peer: str, conf: Conf, judged: list[Judged]) -> None:
        self.log, self.peer, self.conf = log, peer, conf
        taken = [one.record for one in judged if one.record is not None]
        items = [record for record in taken if isinstance(record, records.Item)]
        self.items = _known_items(log, taken)
        self.prevs = _known_places(log, [record.prev for record in items if record.prev])
        self.changed: dict[tuple[str, str], Item] = {}
        self.records: list[Record] = []
        self.parked: list[Record] = []
        self.blobs: dict[str, Blob] = {}
        self.uses: list[BlobUse] = []
        self.endorsements: list[Endorsement] = []
        self.reviews: list[Review] = []
        self.quarantined: list[Quarantine] = []
        self.errors: list[FederationError] = []
        self.excused: set[str] = set()
        self.erased: set[str] = set()
        self.withdrawn: set[str] = set()

    def take(self, judged: Judged) -> None:
        """Collect one entry, or quarantine it with the reason."""
        record, error = judged.record, judged.error
        if record is None and error is None:
            if judged.arrival.entry.type != "sealed":
                error = RecordWithheld("The body of a public entry was not given.")
            else:
                return
        if record is not None:
            try:
                self._dispatch(record, judged.arrival.entry)
            except FederationError as refused:
                error = refused
        if error is not None:
            self._quarantine(judged, error)
        kept = error is None or (isinstance(error, OldVersion) and not self._is_retracted(record))
        if record is not None and kept:
            self._keep(judged.arrival, record)

    def _dispatch(self, record: records.Record, entry: Entry) -> None:
        if isinstance(record, records.Item):
            self._item(record, entry)
        elif isinstance(record, records.Endorse):
            self._endorse(record, entry)
        elif isinstance(record, records.Review):
            self._review(record, entry)
        elif isinstance(record, records.Retract):
            self._retract(record, entry)

    def _is_retracted(self, record: records.Record | None) -> bool:
        """Was this item taken back? Then no older body of it is kept, however late it comes."""
        item = self._item_of(record) if isinstance(record, records.Item) else None
        return item is not None and item.state == ItemState.RETRACTED

    def _item_of(self, record: records.Item) -> Item | None:
        return self.items.get((record.id, record.lang))

    def _item(self, record: records.Item, entry: Entry) -> None:
        key = (record.id, record.lang)
        known = self._item_of(record)
        if record.prev is not None:
            self.excused.add(record.prev)
            place = self.prevs.get(record.prev)
            if place is None or place >= entry.index:
                raise VersionGap(
                    f"Version {record.version} follows {record.prev[:12]}…, "
                    "which is not an earlier entry of this log."
                )
        elif record.version > 1:
            raise VersionGap(f"Version {record.version} names no version before it.")
        if known is not None and record.version <= known.version:
            raise OldVersion(f"Version {record.version} was offered after version {known.version}.")
        if known is not None and known.state == ItemState.RETRACTED and entry.index < known.index:
            raise OldVersion(f"Version {record.version} was said before the item was taken back.")
        item = known or Item(origin=self.log.node_id, item_id=record.id, lang=record.lang)
        item.schema, item.version = record.schema, record.version
        item.address, item.index = entry.address, entry.index
        item.title = str(record.content.get("title") or record.content.get("name") or "")[:255]
        item.state, item.undecided = ItemState.STAGED, True
        item.received_on, item.source = today(), record.raw["source"]
        item.retracted_on, item.retract_reason = None, ""
        item.error = item.error_detail = ""
        self.items[key] = self.changed[key] = item
        for file in record.media:
            known_blob = self.blobs.get(file.sha256)
            if known_blob is None or known_blob.size < file.size:
                self.blobs[file.sha256] = Blob(sha256=file.sha256, size=file.size, type=file.type)
            self.uses.append(BlobUse(sha256=file.sha256, address=entry.address))

    def _endorse(self, record: records.Endorse, entry: Entry) -> None:
        named = record.raw["target"]  # whole, by the schema
        self.endorsements.append(
            Endorsement(
                endorser=self.log.node_id,
                address=entry.address,
                target_origin=named["origin"],
                target_address=named["record"],
                target_index=named["index"],
                day=record.day,
            )
        )

    def _review(self, record: records.Review, entry: Entry) -> None:
        named = record.raw["target"]
        if named["origin"] != self.conf.NODE_ID:
            return
        self.reviews.append(
            Review(
                reviewer=self.log.node_id,
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
        )

    def _retract(self, record: records.Retract, entry: Entry) -> None:
        target = record.target
        if target.id is None or target.lang is None:
            if target.record:
                self.withdrawn.add(target.record)
                self.excused.add(target.record)
            return
        if target.origin != self.log.node_id:
            raise WrongOrigin(f"Only {target.origin} can retract its own item.")
        gone = {address for address in record.raw.get("records", []) if isinstance(address, str)}
        if target.record:
            gone.add(target.record)
        key = (target.id, target.lang)
        item = self.items.get(key)
        if item is None:
            item = Item(
                origin=self.log.node_id, item_id=target.id, lang=target.lang, schema="",
                version=target.version or 0, address=target.record or "", index=0, title="",
                received_on=today(),
            )  # fmt: skip
        elif entry.index < item.index:  # it comes late: the item was shared again meanwhile
            gone.discard(item.address)
            self.erased |= gone
            self.excused |= gone
            return
        gone.add(item.address)
        # A version that never came counts as known: only a higher one, said later, republishes.
        item.version, item.index = max(item.version, target.version or 0), entry.index
        item.state, item.undecided = ItemState.RETRACTED, True
        item.retracted_on, item.retract_reason = record.day, record.reason
        self.items[key] = self.changed[key] = item
        self.erased |= gone
        self.excused |= gone

    def _keep(self, arrival: Arrival, record: records.Record) -> None:
        if arrival.envelope is None:
            return
        listed = [record.audience] if isinstance(record.audience, str) else record.audience
        self.records.append(
            Record(
                address=arrival.entry.address,
                origin=record.origin,
                schema=record.schema,
                payload=arrival.envelope.payload,
                signatures=_plain(arrival.envelope),
                public=record.is_public,
                audience=[] if record.is_public else list(listed),
            )
        )

    def _quarantine(self, judged: Judged, error: FederationError) -> None:
        arrival = judged.arrival
        entry, envelope = arrival.entry, arrival.envelope
        self.errors.append(error)
        self.quarantined.append(
            Quarantine(
                log=self.log,
                index=entry.index,
                address=entry.address,
                type=entry.type,
                peer=self.peer,
                item=_name(judged.record),
                error=error.code,
                error_detail=str(error),
                payload=envelope.payload if envelope else None,
                signatures=_plain(envelope) if envelope else [],
                seen_on=today(),
            )
        )
        if isinstance(error, UnknownSchema) and envelope is not None:
            self.parked.append(
                Record(
                    address=entry.address,
                    origin=self.log.node_id,
                    schema=error.schema[:32],
                    payload=envelope.payload,
                    signatures=_plain(envelope),
                    public=entry.type != "sealed",
                    state=RecordState.PARKED,
                )
            )

    def flush(self) -> None:
        """Write everything collected, in a fixed number of queries."""
        Record.objects.bulk_create([*self.records, *self.parked], ignore_conflicts=True)
        Item.objects.bulk_create(
            self.changed.values(),
            update_conflicts=True,
            unique_fields=["origin", "item_id", "lang"],
            update_fields=_ITEM_FIELDS,
        )
        want_blobs(self.blobs.values())
        BlobUse.objects.bulk_create(self.uses, ignore_conflicts=True)
        if self.endorsements:
            Endorsement.objects.bulk_create(self.endorsements, ignore_conflicts=True)
            _undecide([row.target_address for row in self.endorsements])
        if self.reviews:
            Review.objects.bulk_create(self.reviews, ignore_conflicts=True)
        self.quarantined = [
            row for row in self.quarantined
            if not (row.error == RecordWithheld.code and row.address in self.excused)
        ]  # fmt: skip
        if self.quarantined:
            Quarantine.objects.bulk_create(self.quarantined, ignore_conflicts=True)
        waiting = Quarantine.objects.filter(log=self.log, resolved=False)
        if self.excused:
            waiting.filter(error=RecordWithheld.code, address__in=self.excused).update(
                resolved=True
            )
        if self.erased:
            waiting.filter(address__in=self.erased).update(
                resolved=True, payload=None, signatures=[]
            )
            # A node takes back what it said itself, whatever addresses it lists.
            own = Record.objects.filter(origin=self.log.node_id, address__in=self.erased)
            addresses = list(own.values_list("address", flat=True))
            erase_bodies(addresses)
            places = Entry.objects.filter(log=self.log, address__in=addresses)
            rewrite_records(self.log, list(places.values_list("index", flat=True)))
        if self.withdrawn:
            waiting.filter(address__in=self.withdrawn).update(resolved=True)
            withdrawn = Endorsement.objects.filter(
                endorser=self.log.node_id, address__in=self.withdrawn
            )
            _undecide(list(withdrawn.values_list("target_address", flat=True)))
            withdrawn.update(withdrawn=True)


_ITEM_FIELDS = [
    "schema", "version", "address", "index", "title", "state", "undecided", "received_on",
    "source", "retracted_on", "retract_reason", "error", "error_detail",
]  # fmt: skip


def _undecide(addresses: list[str]) -> None:
    Item.objects.filter(address__in=addresses).exclude(state=ItemState.RETRACTED).update(
        undecided=True
    )


def _known_items(log: Log, taken: list[records.Record]) -> dict[tuple[str, str], Item]:
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


def _known_places(log: Log, addresses: list[str]) -> dict[str, int]:
    """Return the first index at which each address stands in this log."""
    if not addresses:
        return {}
    rows = Entry.objects.filter(log=log, address__in=addresses).order_by("-index")
    return dict(rows.values_list("address", "index"))


def _plain(envelope: dsse.Envelope) -> list[dict[str, str]]:
    return [{"keyid": s.keyid, "sig": s.sig.hex()} for s in envelope.signatures[:8]]


def _name(record: records.Record | None) -> str:
    if isinstance(record, records.Item):
        return f"{record.origin} {record.id} {record.lang} v{record.version}"
    return ""
