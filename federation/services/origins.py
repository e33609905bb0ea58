"""Where a page comes from, as readers are told: the node, the versions, the keys, who endorsed."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from wagtail.models import Page

from federation.conf import Conf, get_conf
from federation.errors import FederationError
from federation.models import Endorsement, Entry, Lease, Peer, Provenance, Record
from federation.trust import Member
from federation.wire import records
from playbook.origin import Check, Endorser, Key, Origin, Proof, Version
from playbook.prepared import prepared

from .proofs import Evidence

RECORDS = "/federation/v1/record/"
MOST_VERSIONS = 50
_IN_CODE = {"address", "signature"}


def origin_of(page: Page) -> Origin | None:
    """Return the origin of a page that is an item of the federation; two queries at most."""
    rows = _identity(page.pk) if page.pk else []
    if not rows:
        return None
    origin, version, address, index, lease = rows[0]
    return Origin(
        node=origin,
        version=version,
        endorsed_by=tuple(sorted(endorser for (endorser,) in _endorsing(origin, address, index))),
        address=address,
        is_local=origin == get_conf().NODE_ID,
        is_unverified=lease != Lease.VALID,
    )


@prepared(int)
def _identity(page: int) -> QuerySet[Provenance, tuple[str, int, str, int, str]]:
    rows = Provenance.objects.filter(page_id=page, retracted=False)
    return rows.values_list("origin", "version", "address", "index", "lease")


@prepared(str, str, int)
def _endorsing(origin: str, address: str, index: int) -> QuerySet[Endorsement, tuple[str]]:
    return Endorsement.objects.filter(
        target_origin=origin, target_address=address, target_index=index, withdrawn=False
    ).values_list("endorser")


def proof_of(page: Page) -> Proof | None:
    """Return all that can be shown of a page's origin, checked now from the stored bytes."""
    row = Provenance.objects.filter(page_id=page.pk).first()
    if row is None:
        return None
    conf = get_conf()
    evidence = Evidence([row], conf)
    member = _member(evidence, row.origin)
    checks = () if row.retracted else evidence.checks_of(row)
    return Proof(
        node=row.origin,
        is_local=row.origin == conf.NODE_ID,
        item_id=str(row.item_id),
        language=row.lang,
        log=member.log_origin if member else f"{conf.DOMAIN}/{row.origin}",
        is_retracted=row.retracted,
        record=f"{conf.PUBLIC_URL}{RECORDS}{row.address}",
        versions=tuple(_versions(row)),
        endorsers=tuple(_endorsers(row, evidence, conf)),
        keys=_keys(member, row.index) if member else (),
        checks=tuple(
            Check(check.what, check.holds, check.detail, check.holds and check.name in _IN_CODE)
            for check in checks
        ),
    )


def _member(evidence: Evidence, node_id: str) -> Member | None:
    try:
        return evidence.member(node_id)
    except FederationError:
        return None


def _versions(row: Provenance) -> Iterator[Version]:
    """Yield the versions, newest first, along the addresses that each names as the one before."""
    address, number = row.address, row.version
    for _place in range(MOST_VERSIONS):
        record = Record.objects.filter(address=address).first()
        payload = bytes(record.payload) if record and record.payload is not None else None
        entry = Entry.objects.filter(log__node_id=row.origin, address=address).first()
        yield Version(number, address, entry.index if entry else None, payload is not None)
        if payload is None:
            return
        raw = records.parse(payload).raw
        if not raw.get("prev"):
            return
        address, number = raw["prev"], number - 1


def _endorsers(row: Provenance, evidence: Evidence, conf: Conf) -> Iterator[Endorser]:
    hubs = set(Peer.objects.filter(is_hub=True).values_list("node_id", flat=True))
    if conf.relays:
        hubs.add(conf.NODE_ID)
    for vouch in evidence.vouches_of(row):
        if vouch.withdrawn:
            continue
        member = _member(evidence, vouch.endorser)
        yield Endorser(
            node=vouch.endorser,
            is_hub=vouch.endorser in hubs,
            day=vouch.day,
            fingerprint=member.identity_key.fingerprint_groups if member else "",
            holds=vouch.holds,
        )


def _keys(member: Member, index: int) -> tuple[Key, ...]:
    named = (
        (_("Identity: read this one to each other"), member.identity_key),
        (_("Signs texts"), member.record_key(index)),
        (_("Signs the log"), member.log_key),
    )
    return tuple(Key(purpose, key.fingerprint_groups, key.hex) for purpose, key in named)
