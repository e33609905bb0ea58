"""What one entry proves to be, judged by itself: address, signature, shape, origin, type, scope.

Bytes and values alone: the database is not asked (docs/protocol.md, "Receiving").
"""

from dataclasses import dataclass

from federation.conf import Conf
from federation.errors import (
    AddressMismatch,
    FederationError,
    NotAddressed,
    NotInBundle,
    PeerRefused,
    RecordTooLarge,
    RecordWithheld,
    ResponseTooLarge,
    TypeMismatch,
    WrongOrigin,
)
from federation.models import (
    Entry,
)
from federation.trust import Member
from federation.wire import dsse, records

from . import entitlement
from .media import check_media_type
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
    if isinstance(error, PeerRefused | NotInBundle):
        return RecordWithheld(str(error))
    if isinstance(error, ResponseTooLarge):
        return RecordTooLarge(str(error))
    return error


def _verified(entry: Entry, envelope: dsse.Envelope, member: Member, conf: Conf) -> records.Record:
    if entry.type == "recall":  # valid by its own signatures, wherever in whoever's log it stands
        return entitlement.verified(envelope, conf, address=entry.address)
    member.require_trusted(entry.index)
    if envelope.address != entry.address:
        raise AddressMismatch(
            f"The body that came for {entry.address[:12]}… has the address "
            f"{envelope.address[:12]}…: it was changed on the way."
        )
    rotates = entry.type == "rotate"
    signer = member.identity_key_at if rotates else member.record_key
    envelope.verify(signer(entry.index))
    record = records.parse(envelope.payload, max_bytes=conf.MAX_RECORD)
    require_storable(record, envelope.payload)
    if record.origin != member.node_id:
        raise WrongOrigin(f"{member.node_id} offers a statement in the name of {record.origin}.")
    own = member.node_id == conf.NODE_ID  # its own log, that comes back after a restore
    if not (record.is_public or own or {"network", conf.NODE_ID} & set(_audience(record))):
        raise NotAddressed(f"{member.node_id} said this to others.")
    if records.leaf_type_for(record) != entry.type:
        raise TypeMismatch(f"A {record.schema} stands in the log as “{entry.type}”.")
    if not isinstance(record, records.Ack | records.Rotate):
        member.check_scope(record.schema, getattr(record, "lang", None))
    if isinstance(record, records.Item):
        for file in record.media:
            check_media_type(file.type, file.size, conf)
    return record


def _audience(record: records.Record) -> tuple[str, ...]:
    return (record.audience,) if isinstance(record.audience, str) else tuple(record.audience)
