"""How this node stands: for its operator in full, for anybody in versions alone."""

import importlib.metadata
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count
from django_tasks_db.models import DBTaskResult

from federation.conf import Conf, get_conf
from federation.errors import BehindMark, FederationError, MemberSuspended
from federation.models import (
    Blob,
    BlobState,
    EndpointHealth,
    IncomingBundle,
    Item,
    Log,
    Peer,
    PeerStatus,
    Push,
    Quarantine,
)  # fmt: skip
from federation.trust import DescriptorDirectory, Member, TrustStore, read_mark
from federation.wire.records import SCHEMAS
from playbook.search.health import index_health

from . import freshness, vouching
from .compromise import distrusted_reports
from .enrolment import own_fingerprint

PROTOCOL = 1
STALLED = "log.stalled"  # nothing was refused: nobody tried
_GRACE = timedelta(minutes=15)  # for a worker that is busy


def public_status(conf: Conf) -> dict[str, Any]:
    """Return what `GET status` says. Nothing of it tells one installation from another."""
    return {
        "protocol": PROTOCOL,
        "schemas": sorted(SCHEMAS),
        "languages": list(conf.LANGUAGES),
        "software": f"solidarity-playbook {_version()}",
    }


def _version() -> str:
    try:
        return importlib.metadata.version("solidarity-playbook")
    except importlib.metadata.PackageNotFoundError:
        return "from source"


@dataclass(frozen=True)
class PeerStanding:
    """One peer as the operator sees it. `lag_seconds` since last contact; None: never."""

    node: str
    status: str
    hub: bool
    pull: bool
    fingerprint: str
    last_contact: str | None
    lag_seconds: int | None
    log_size: int
    log_applied: int
    failures: int
    error: str
    error_detail: str
    membership: str = ""
    trusted_size: int | None = None
    unconfirmed_key: str = ""


def peer_standings(conf: Conf | None = None) -> list[PeerStanding]:
    """Return every peer with contact, lag, marks and the last error."""
    conf = conf or get_conf()
    logs = {log.node_id: log for log in Log.objects.all()}
    directory = DescriptorDirectory(conf.trust_dir)
    now = datetime.now(UTC)
    standings = []
    for peer in Peer.objects.all():
        log = logs.get(peer.node_id)
        seen = peer.last_contact_at
        wrong = peer if peer.error else log
        member = _member(directory, peer)
        standings.append(
            PeerStanding(
                node=peer.node_id,
                status=PeerStatus(peer.status).value,
                hub=peer.is_hub,
                pull=peer.pull,
                fingerprint=member.identity_key.fingerprint_groups if member else "",
                membership=member.status if member else "",
                trusted_size=member.trusted_size if member else None,
                unconfirmed_key=peer.unconfirmed_key,
                last_contact=seen.isoformat(timespec="seconds") if seen else None,
                lag_seconds=int((now - seen).total_seconds()) if seen else None,
                log_size=log.size if log else 0,
                log_applied=log.applied if log else 0,
                failures=peer.failures,
                error=wrong.error if wrong else "",
                error_detail=wrong.error_detail if wrong else "",
            )
        )
    return standings


def _member(directory: DescriptorDirectory, peer: Peer) -> Member | None:
    try:
        return directory.member(peer.node_id)
    except FederationError:
        return None


def trust_status(conf: Conf | None = None) -> dict[str, Any]:
    """Return how trust stands here: the pinned root, each role's expiry, what has run out, and
    what had been accepted of nodes that were taken over."""
    conf = conf or get_conf()
    store = TrustStore(conf.trust_dir)
    return {
        "pinned": asdict(store.pin) if store.pin else None,
        "roles": {
            state.role: {"version": state.version, "expires": state.expires.isoformat()}
            for state in store.roles()
        },
        "degraded": list(store.expired(freshness.now())),
        "distrusted": [asdict(report) for report in distrusted_reports(conf)],
    }


def node_status(conf: Conf | None = None) -> dict[str, Any]:
    """Return everything `federation_status` prints, as plain values.

    `ok` is false where something needs a person, and `reasons` says each: an error of a peer, a
    push that fails, an own log that is not signed, quarantine, refused files, trust metadata that
    has run out, keys that nobody confirmed, witnesses that do not cosign or prove that something
    is wrong, search that does not know the pages of this node.
    """
    conf = conf or get_conf()
    states = dict(Item.objects.values_list("state").annotate(Count("pk")).order_by())
    quarantine = dict(
        Quarantine.objects.filter(resolved=False)
        .values_list("error")
        .annotate(Count("pk"))
        .order_by()
    )
    peers = [asdict(standing) for standing in peer_standings(conf)]
    refused = Blob.objects.filter(state=BlobState.REFUSED).exclude(error="media.retracted").count()
    waiting = DBTaskResult.objects.ready().count()
    search = index_health()
    rows = Push.objects.order_by("peer__node_id").values(
        "peer__node_id", "acknowledged", "sent", "failures", "error", "error_detail"
    )
    pushes: list[dict[str, Any]] = [dict(row) for row in rows]
    said: dict[str, Any] = {
        "node": conf.NODE_ID,
        "role": conf.ROLE,
        "fingerprint": own_fingerprint(conf),
        "log": own_log_status(conf),
        "peers": peers,
        "items": states,
        "quarantine": quarantine,
        "blobs": {
            "wanted": Blob.objects.filter(state=BlobState.WANTED).count(),
            "refused": refused,
        },
        "bundles_waiting": IncomingBundle.objects.waiting().count(),
        "pushes": pushes,
        "addresses": list(
            EndpointHealth.objects.order_by("node_id", "url").values(
                "node_id", "url", "failures", "error", "error_detail"
            )
        ),
        "tasks_waiting": waiting,
        "trust": trust_status(conf),
        "witnesses": vouching.witness_status(conf),
        "search": {**asdict(search), "stale": search.stale},
        "status": public_status(conf),
    }
    reasons = list(_reasons(said))
    return {**said, "ok": not reasons, "reasons": reasons}


def _reasons(said: dict[str, Any]) -> Iterator[str]:
    """Say each thing that needs a person, from what `node_status` has found."""
    log, trust, refused = said["log"], said["trust"], said["blobs"]["refused"]
    if log["error"]:
        yield f"own log: {log['error']}: {log['error_detail']}"
    yield from _reasons_of_peers(said["peers"])
    yield from _reasons_of_pushes(said["pushes"], said["peers"])
    for error, count in sorted(said["quarantine"].items()):
        yield f"quarantine: {count} with {error}"
    if refused:
        yield f"files: {refused} refused"
    if trust["degraded"]:
        yield f"trust: {', '.join(trust['degraded'])} ran out"
    yield from vouching.reasons(said["witnesses"])
    if said["search"]["stale"]:
        yield "search: it does not know all pages"


def _reasons_of_peers(peers: list[dict[str, Any]]) -> Iterator[str]:
    for peer in peers:
        # What stewards have suspended or revoked is refused on purpose.
        wanted = peer["error"] == MemberSuspended.code and peer["membership"] != "active"
        if peer["error"] and not wanted:
            yield f"peer {peer['node']}: {peer['error']}: {peer['error_detail']}"
        if peer["unconfirmed_key"]:
            yield f"peer {peer['node']}: new keys, which nobody here has confirmed"


def _reasons_of_pushes(pushes: list[dict[str, Any]], peers: list[dict[str, Any]]) -> Iterator[str]:
    """A push that fails means that nobody behind that peer hears what this node says."""
    active = {peer["node"] for peer in peers if peer["status"] == PeerStatus.ACTIVE}
    for push in pushes:
        if push["error"] and push["peer__node_id"] in active:
            yield f"push to {push['peer__node_id']}: {push['error']}: {push['error_detail']}"


def own_log_status(conf: Conf, now: datetime | None = None) -> dict[str, Any]:
    """Return how far the own log is written and signed, and why it is not signed further.

    `error` is empty while heads are signed on their beat.
    """
    log = Log.objects.filter(own=True).first()
    mark = read_mark(conf.keys_dir)
    size, signed, marked = (
        log.size if log else 0, log.head_size if log else 0, mark.size if mark else 0,
    )  # fmt: skip
    error, detail = (log.error, log.error_detail) if log else ("", "")
    if not error and marked > size:
        error, detail = BehindMark.code, f"{size} entries are here, and {marked} were signed."
    elif not error and log and signed < size and _is_overdue(log, conf, now or datetime.now(UTC)):
        error = STALLED
        detail = f"{size - signed} entries wait to be signed."
    return {
        "origin": conf.log_origin, "size": size, "signed": signed, "marked": marked,
        "error": error, "error_detail": detail,
    }  # fmt: skip


def _is_overdue(log: Log, conf: Conf, now: datetime) -> bool:
    """Did the beat pass by long ago, and no head was signed? Then no worker or no beat runs."""
    beat = timedelta(seconds=conf.HEAD_SECONDS) + _GRACE
    return log.head_seen_at is not None and now - log.head_seen_at > beat
