"""The rows that a run of judged entries amounts to, collected in memory and written in bulk.

Versions, tombstones and quarantine are decided here, one entry after the other; a bad one never
stops the ones behind it (docs/protocol.md, "Receiving").
"""

from federation.conf import Conf
from federation.errors import (
    FederationError,
    OldVersion,
    RecordWithheld,
    UnknownSchema,
    VersionGap,
    WrongOrigin,
)
from federation.models import (
    GONE,
    Acknowledgement,
    Blob,
    BlobUse,
    Endorsement,
    Entry,
    Item,
    ItemState,
    Log,
    Quarantine,
    Recall,
    Record,
    Review,
    Tombstone,
)
from federation.wire import dsse, records
from playbook.models import ContentEpoch

from . import bodies, hiding, recalling
from .appending import record_row
from .judging import Judged
from .media import want_blobs
from .publishing import today
from .record_bundles import rewrite_records
from .retracting import erase_bodies
from .rows import (
    acknowledgement_row,
    endorsement_row,
    known_items,
    known_places,
    review_row,
)
from .tombstones import Graves, excused_by_recalls


class Batch:
    """The rows that a run of entries amounts to, collected in memory and written in bulk."""

    def __init__(self, log: Log, peer: str, conf: Conf, judged: list[Judged]) -> None:
        self.log, self.peer, self.conf = log, peer, conf
        taken = [one.record for one in judged if one.record is not None]
        items = [record for record in taken if isinstance(record, records.Item)]
        self.items = known_items(log, taken)
        self.refused = bodies.refused(judged)
        self.graves = Graves(
            [name for item in items for name in (item.id, item.source.id if item.source else "")]
            + [place[1] for body in self.refused.values() for place in body.places]
        )
        self.buried: set[str] = set()
        self.recalls: list[dsse.Envelope] = []
        self.acks: list[Acknowledgement] = []
        self.prevs = known_places(log, [record.prev for record in items if record.prev])
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
        kept = error is None or (isinstance(error, OldVersion) and not self._is_gone(record))
        kept = kept and judged.arrival.entry.address not in self.buried
        if isinstance(record, records.Recall | records.Lift) and judged.arrival.envelope:
            self.recalls.append(judged.arrival.envelope)
        if record is not None and kept and judged.arrival.envelope is not None:
            self.records.append(record_row(judged.arrival.envelope, record))

    def _dispatch(self, record: records.Record, entry: Entry) -> None:
        if isinstance(record, records.Item):
            self._item(record, entry)
        elif isinstance(record, records.Endorse):
            self.endorsements.append(endorsement_row(self.log, record, entry))
        elif isinstance(record, records.Review):
            if self.conf.NODE_ID in (record.target.origin, self.log.node_id):
                self.reviews.append(review_row(self.log, record, entry))
        elif isinstance(record, records.Retract):
            self._retract(record, entry)
        elif isinstance(record, records.Ack):
            self.acks.append(acknowledgement_row(self.log, record, entry))

    def _is_gone(self, record: records.Record | None) -> bool:
        """Was this item taken back? Then no older body of it is kept, however late it comes."""
        item = self._item_of(record) if isinstance(record, records.Item) else None
        return item is not None and item.state in GONE

    def _item_of(self, record: records.Item) -> Item | None:
        return self.items.get((record.id, record.lang))

    def _item(self, record: records.Item, entry: Entry) -> None:
        key = (record.id, record.lang)
        known = self._item_of(record)
        if record.prev is not None:
            self.excused.add(record.prev)
        source = record.source.identity if record.source else None
        if self.graves.recalled((self.log.node_id, record.id, record.lang), source):
            self._bury(known, entry)
            return
        if record.prev is not None:
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

    def _bury(self, known: Item | None, entry: Entry) -> None:
        """Keep nothing of what was recalled, however late it comes."""
        self.buried.add(entry.address)
        if known is not None and known.state != ItemState.RECALLED:
            known.state, known.undecided = ItemState.RECALLED, False
            self.changed[(str(known.item_id), known.lang)] = known

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
        if item.state != ItemState.RECALLED:
            item.state, item.undecided = ItemState.RETRACTED, True
        item.retracted_on, item.retract_reason = record.day, record.reason
        self.items[key] = self.changed[key] = item
        self.erased |= gone
        self.excused |= gone

    def _quarantine(self, judged: Judged, error: FederationError) -> None:
        self.errors.append(error)
        row = bodies.quarantined(self.log, self.peer, judged, error)
        body = self.refused.get(row.index)
        if body and any(self.graves.over(place) for place in body.places):
            row.payload, row.signatures = None, []  # refused or not, it was recalled
            self.buried.add(row.address)
        self.quarantined.append(row)
        if isinstance(error, UnknownSchema):
            self.parked += bodies.parked(self.log, judged, error)

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
        if any(row.error == RecordWithheld.code for row in self.quarantined):
            self.excused |= excused_by_recalls(self.log.node_id)
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
        if self.endorsements or self.withdrawn:
            ContentEpoch.bump()  # readers see who endorsed a page, and this was in bulk
        self._flush_recalls()

    def _flush_recalls(self) -> None:
        """Last, so that a recall meets the items that came beside it."""
        Acknowledgement.objects.bulk_create(self.acks, ignore_conflicts=True)
        Tombstone.objects.bulk_create(self.graves.fresh, ignore_conflicts=True)
        above = {row.recall_id for row in self.graves.fresh}
        for recall in Recall.objects.filter(pk__in=above).order_by("pk"):
            hiding.hide(recall)  # what was made from the newcomer may be here already
        for envelope in self.recalls:
            recalling.receive(envelope, self.conf)


_ITEM_FIELDS = [
    "schema", "version", "address", "index", "title", "state", "undecided", "received_on",
    "source", "retracted_on", "retract_reason", "error", "error_detail",
]  # fmt: skip


def _undecide(addresses: list[str]) -> None:
    Item.objects.filter(address__in=addresses).exclude(state__in=GONE).update(undecided=True)
