"""Verify one signed statement for a person: all that is known of it here, judged again just now.

Nothing is believed that was written down before: bytes, signature, place and head are checked as
`proofs` does. What is only said of it here (recalled, taken back, how long it holds) stands beside
the checks and is none of them.
"""

from collections.abc import Callable, Iterator

from django.utils.translation import gettext as _

from federation.conf import Conf
from federation.errors import BadSignature, FederationError, RecordWithheld
from federation.models import (
    GONE,
    Entry,
    HeldBody,
    Item,
    Lease,
    Log,
    Provenance,
    Recall,
    Record,
    Tombstone,
)
from federation.trust import Member
from federation.wire import dsse, records

from . import entitlement, leases
from .examined import Examination, HeadSeen, LeaseSeen
from .proofs import Check, Evidence, Named, deep_checks, run_check
from .record_bundles import signatures_of


def examine(address: str, conf: Conf, given: dsse.Envelope | None = None) -> Examination:
    """Return what can be known of an address now; `given` are bytes that somebody brought.

    Raises nothing for what is wrong with it: that is a check that does not hold. Writes nothing.
    """
    found = Examination(address)
    stored = Record.objects.filter(address=address).first()
    payload = bytes(stored.payload) if stored and stored.payload is not None else None
    envelope = given
    if envelope is None and stored is not None and payload is not None:
        envelope = dsse.Envelope(payload, signatures_of(stored))
    record = _describe(found, envelope, conf)
    _find_rows(found)
    version = _as_version(found)
    evidence = Evidence([version] if version else [], conf, also=[address])
    found.member = _member(evidence, found.origin)
    found.checks = list(_checks(found, version, record, envelope, given, evidence))
    if version:
        found.vouches = evidence.vouches_of(version)
    _standing(found, conf)
    return found


def _describe(
    found: Examination, envelope: dsse.Envelope | None, conf: Conf
) -> records.Record | None:
    """Take from the signed bytes what they say of themselves."""
    if envelope is None:
        return None
    found.bodied = True
    try:
        record = records.parse(envelope.payload, max_bytes=conf.MAX_RECORD)
    except FederationError as error:
        code, said = error.code, str(error)
        found.checks.append(Check("form", _("It can be read"), False, said, code))
        return None
    found.schema, found.origin = record.schema, record.origin
    if isinstance(record, records.Item):
        found.item_id, found.lang, found.version = record.id, record.lang, record.version
        found.title = str(record.raw["content"].get("title", ""))
    return record


def _find_rows(found: Examination) -> None:
    """Find its place in a log, and what this node has made of the item that it is a version of."""
    entries = Entry.objects.filter(address=found.address).select_related("log").order_by("pk")
    own_place = entries.filter(log__node_id=found.origin) if found.origin else entries
    entry = own_place.first() or entries.first()
    if entry is not None:
        found.index = entry.index
        found.origin = found.origin or entry.log.node_id
        found.head = _head_of(entry.log)
    if not found.item_id:
        held = HeldBody.objects.filter(address=found.address).first()
        if held is not None:
            _describe_held(found, bytes(held.payload))
    named = {"address": found.address}
    if found.item_id:
        named = {"origin": found.origin, "item_id": found.item_id, "lang": found.lang}
    found.item = Item.objects.filter(**named).first()
    found.provenance = Provenance.objects.filter(**named).select_related("page").first()
    row = found.item or found.provenance
    if row is not None and not found.item_id:
        found.origin, found.item_id, found.lang = row.origin, str(row.item_id), row.lang
        found.version, found.schema = row.version, row.schema


def _describe_held(found: Examination, payload: bytes) -> None:
    """A recalled body is shown to nobody; which item it is a version of may be told."""
    try:
        record = records.parse(payload)
    except FederationError:
        return
    if isinstance(record, records.Item):
        found.origin, found.schema = record.origin, record.schema
        found.item_id, found.lang, found.version = record.id, record.lang, record.version


def _head_of(log: Log) -> HeadSeen | None:
    if not log.checkpoint:
        return None
    return HeadSeen(log.head_size, log.root.hex(), log.head_seen_at, log.own)


def _as_version(found: Examination) -> Named | None:
    if not found.item_id or found.version is None:
        return None
    index = -1 if found.index is None else found.index
    return Named(found.origin, found.item_id, found.lang, found.version, found.address, index)


def _member(evidence: Evidence, node_id: str) -> Member | None:
    try:
        return evidence.member(node_id) if node_id else None
    except FederationError:
        return None


def _checks(
    found: Examination,
    version: Named | None,
    record: records.Record | None,
    envelope: dsse.Envelope | None,
    given: dsse.Envelope | None,
    evidence: Evidence,
) -> Iterator[Check]:
    yield from found.checks  # what could not be read at all
    if given is not None and record is not None:
        yield _of_the_file(given, record, evidence)
    if found.index is None:
        if given is not None and record is not None:
            yield run_check(
                "log-entry",
                _("It stands in the log of %(node)s") % {"node": found.origin},
                evidence.place, found.origin, found.address, -1, "",
            )  # fmt: skip
        return
    here = evidence.records.get(found.address)
    if here is None or here.payload is None or record is None:
        yield from _of_entry(found, evidence)
    elif isinstance(record, records.Item) and version is not None:
        yield from evidence.checks_of(version)
    else:
        yield from _of_statement(found, record, here, evidence)
    yield _check_trust(found, evidence)
    if found.head is not None and version is not None:
        yield from deep_checks(version, evidence)


def _of_the_file(given: dsse.Envelope, record: records.Record, evidence: Evidence) -> Check:
    """Did the node that it names sign the very bytes that were brought?"""
    what = _("The file is signed by a key of %(node)s") % {"node": record.origin}
    if isinstance(record, records.Recall | records.Lift):
        what = _("The file is signed by those who may say this")
        return run_check("file", what, _entitled(given, evidence.conf))
    return run_check("file", what, lambda: _signed_by_any(given, evidence.member(record.origin)))


def _signed_by_any(envelope: dsse.Envelope, member: Member) -> str:
    for key in [*(period.key for period in member.record_keys), member.identity_key]:
        try:
            envelope.verify(key)
        except BadSignature:
            continue
        return key.fingerprint_groups
    raise BadSignature(_("No key that it has or had made this signature."), item=envelope.address)


def _entitled(envelope: dsse.Envelope, conf: Conf) -> Callable[[], str]:
    def run() -> str:
        record = entitlement.verified(envelope, conf)
        return str(entitlement.authority_of(envelope, record, conf).label)

    return run


def _of_statement(
    found: Examination, record: records.Record, here: Record, evidence: Evidence
) -> Iterator[Check]:
    """Check what is no item: an endorsement, a retraction, a recall and their kin."""
    yield run_check(
        "address", _("The address is the SHA-256 of the bytes"),
        evidence.same_address, found.address,
    )  # fmt: skip
    if isinstance(record, records.Recall | records.Lift):
        envelope = dsse.Envelope(evidence.payload(found.address), signatures_of(here))
        yield run_check(
            "signature", _("It is signed by those who may say this"),
            _entitled(envelope, evidence.conf),
        )  # fmt: skip
    else:
        yield run_check(
            "signature",
            _("The signature is by the key of %(node)s in force at that entry")
            % {"node": found.origin},
            evidence.signature, found.origin, found.address, found.index,
        )  # fmt: skip
    yield from _of_entry(found, evidence)


def _of_entry(found: Examination, evidence: Evidence) -> Iterator[Check]:
    """Check the place alone: which log names the address, and under which head."""
    for (node_id, address), entries in evidence.entries.items():
        for entry in entries if address == found.address else ():
            yield run_check(
                "log-entry",
                _("It stands in the log of %(node)s as entry %(index)d, below the verified head")
                % {"node": node_id, "index": entry.index},
                evidence.place, node_id, address, entry.index, entry.type,
            )  # fmt: skip


def _check_trust(found: Examination, evidence: Evidence) -> Check:
    def run() -> str:
        if found.index is None:
            raise RecordWithheld()
        evidence.member(found.origin).require_trusted(found.index)
        return ""

    what = _("The stewards trust the log of %(node)s at that entry") % {"node": found.origin}
    return run_check("trusted", what, run)


def _standing(found: Examination, conf: Conf) -> None:
    """Add what this node has heard of the item besides: recalls, retraction, newer words, lease."""
    if found.item_id:
        fallen = Tombstone.objects.standing().filter(
            origin=found.origin, item_id=found.item_id, lang__in=["", found.lang]
        )
        found.recalls = list(Recall.objects.filter(tombstones__in=fallen).distinct())
    item, provenance = found.item, found.provenance
    if item is not None:
        found.newest = item.version
        found.retracted = item.state in GONE and (found.version or 0) <= item.version
        found.retracted_on, found.retract_reason = item.retracted_on, item.retract_reason
    if provenance is not None:
        found.newest = max(found.newest or 0, provenance.version)
        found.retracted = found.retracted or provenance.retracted
        found.lease = _lease_of(provenance, conf)


def _lease_of(row: Provenance, conf: Conf) -> LeaseSeen | None:
    seen = leases.term_of(row, conf)
    return LeaseSeen(Lease(row.lease), *seen) if seen else None
