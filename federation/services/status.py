"""How this node stands: for its operator in full, for anybody in versions alone."""

import importlib.metadata
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count
from django_tasks_db.models import DBTaskResult

from federation.conf import Conf, get_conf
from federation.errors import FederationError
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

from .compromise import distrusted_reports
from .enrolment import own_fingerprint

PROTOCOL = 1


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
        "degraded": list(store.expired()),
        "distrusted": [asdict(report) for report in distrusted_reports(conf)],
    }


def node_status(conf: Conf | None = None) -> dict[str, Any]:
    """Return everything `federation_status` prints, as plain values.

    `ok` is false where something needs a person: a log that cannot be signed, an error of a peer,
    quarantine, refused files, trust metadata that has run out, keys that nobody confirmed, search
    that does not know the pages of this node.
    """
    conf = conf or get_conf()
    own_log = _own_log_status(conf)
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
    trust = trust_status(conf)
    return {
        "node": conf.NODE_ID,
        "role": conf.ROLE,
        "fingerprint": own_fingerprint(conf),
        "log": own_log,
        "peers": peers,
        "items": states,
        "quarantine": quarantine,
        "blobs": {
            "wanted": Blob.objects.filter(state=BlobState.WANTED).count(),
            "refused": refused,
        },
        "bundles_waiting": IncomingBundle.objects.waiting().count(),
        "pushes": list(
            Push.objects.order_by("peer__node_id").values(
                "peer__node_id", "acknowledged", "sent", "failures", "error", "error_detail"
            )
        ),
        "addresses": list(
            EndpointHealth.objects.order_by("node_id", "url").values(
                "node_id", "url", "failures", "error", "error_detail"
            )
        ),
        "tasks_waiting": waiting,
        "trust": trust,
        "search": {**asdict(search), "stale": search.stale},
        "ok": not (
            quarantine
            or refused
            or own_log["error"]
            or own_log["size"] < own_log["marked"]
            or search.stale
            or trust["degraded"]
            or any(peer["error"] or peer["unconfirmed_key"] for peer in peers)
        ),
        "status": public_status(conf),
    }


def _own_log_status(conf: Conf) -> dict[str, Any]:
    log = Log.objects.filter(own=True).first()
    mark = read_mark(conf.keys_dir)
    return {
        "origin": conf.log_origin,
        "size": log.size if log else 0,
        "signed": log.head_size if log else 0,
        "marked": mark.size if mark else 0,
        "error": log.error if log else "",
        "error_detail": log.error_detail if log else "",
    }
