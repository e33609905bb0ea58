"""The rows that keep a body, as the exact bytes that came: applied, parked or in quarantine."""

from federation.errors import FederationError, NotAddressed, UnknownSchema
from federation.models import Log, Quarantine, Record, RecordState
from federation.wire import records

from .appending import plain_signatures
from .judging import Judged
from .publishing import today
from .tombstones import Body, body_of


def parked(log: Log, judged: Judged, error: UnknownSchema) -> list[Record]:
    """Return the row of a record for newer software, none where no body came."""
    entry, envelope = judged.arrival.entry, judged.arrival.envelope
    if envelope is None:
        return []
    return [
        Record(
            address=entry.address,
            origin=log.node_id,
            schema=error.schema[:32],
            payload=envelope.payload,
            signatures=plain_signatures(envelope),
            public=entry.type != "sealed",
            state=RecordState.PARKED,
        )
    ]


def quarantined(log: Log, peer: str, judged: Judged, error: FederationError) -> Quarantine:
    """Return the row of an entry that could not be applied, with whatever bytes came."""
    entry, envelope = judged.arrival.entry, judged.arrival.envelope
    record = judged.record
    if isinstance(error, NotAddressed):
        envelope = None  # what was said to others is not kept, not even as evidence
    name = ""
    if isinstance(record, records.Item):
        name = f"{record.origin} {record.id} {record.lang} v{record.version}"
    return Quarantine(
        log=log,
        index=entry.index,
        address=entry.address,
        type=entry.type,
        peer=peer,
        item=name,
        error=error.code,
        error_detail=str(error),
        payload=envelope.payload if envelope else None,
        signatures=plain_signatures(envelope) if envelope else [],
        seen_on=today(),
    )


def refused(judged: list[Judged]) -> dict[int, Body]:
    """Return, by entry, the bodies that came and were refused before anybody asked what they are.

    They too may be what was recalled, in another version or by another key.
    """
    found = {}
    for one in judged:
        envelope = one.arrival.envelope
        body = body_of(envelope.payload) if one.error is not None and envelope else None
        if body is not None:
            found[one.arrival.entry.index] = body
    return found
