"""Push what is new of the own log to a peer that cannot fetch it: the same bytes as by a pull.

Source: docs/protocol.md, "Bundle" and "Endpoints" (inbox). How far the peer is, the peer says: the
head of this node's log as it carries it. No cursor is kept that could be wrong.
"""

import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from federation.client import Feed, Fetcher
from federation.conf import Conf, get_conf
from federation.errors import BehindMark, FederationError, MemberSuspended
from federation.models import Log, Peer, PeerStatus, Push, Witness
from federation.trust import DescriptorDirectory, load_keys
from federation.wire import checkpoint

from .bundle_export import export_bundle
from .contact import wait
from .endpoints import reached
from .heads import own_log
from .quorum import Quorums

_PATIENCE = timedelta(hours=1)  # what was sent may wait there so long before it is sent again


@dataclass
class PushReport:
    """What one push did: entries from `since` to `sent` were sent, `sent` 0 for nothing to send.

    `acknowledged` is how much of the log the peer had before, `waiting`: what was sent before is
    not imported there yet.
    """

    peer: str
    acknowledged: int = 0
    since: int = 0
    sent: int = 0
    size: int = 0
    id: str = ""
    waiting: bool = False
    error: FederationError | None = None

    @property
    def ok(self) -> bool:
        return self.error is None

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        error = {"error": self.error.code, "detail": str(self.error)} if self.error else None
        return {**asdict(self), "error": error, "ok": self.ok}


def push_to(
    peer: Peer,
    *,
    fetcher: Fetcher | None = None,
    conf: Conf | None = None,
    everything: bool = False,
) -> PushReport:
    """Send the peer's inbox what it has not of this node's log; `everything`: all of the log.

    Raises nothing for what a peer does: its error stands in the report and on the row.
    """
    conf = conf or get_conf()
    report = PushReport(peer.node_id)
    row, _made = Push.objects.get_or_create(peer=peer)
    try:
        if peer.status != PeerStatus.ACTIVE:
            raise MemberSuspended(f"{peer.node_id} is {peer.status} here.", item=peer.node_id)
        member = DescriptorDirectory(conf.trust_dir).member(peer.node_id)
        member.require_active()
        log = own_log()
        with reached(
            member, conf, lambda feed: _size_there(feed, log, conf),
            fetcher=fetcher, troubled=bool(row.failures),
        ) as (feed, (size, cosigned)):  # fmt: skip
            report.acknowledged = row.acknowledged = size
            lacks = size < log.head_size or not cosigned
            if lacks and _is_on_its_way(row, log):
                report.waiting = not everything
            if not lacks:
                row.sent, row.sent_at = size, datetime.now(UTC)
            if everything or (lacks and not report.waiting):
                _send(feed, log, 0 if everything else size, report, conf)
                row.sent, row.sent_at = log.head_size, datetime.now(UTC)
    except FederationError as error:
        report.error = error
    _note(row, report, conf)
    return report


def _size_there(feed: Feed, log: Log, conf: Conf) -> tuple[int, bool]:
    """Return how much of the own log a peer carries, by a head that this node signed.

    And whether it has cosignatures as new as those here: it may have no other way to them. Raises
    BehindMark where it has more than this node knows, and what CheckpointError's kinds say.
    """
    note = feed.checkpoint(log.node_id)
    if note is None:
        return 0, True
    key = load_keys(conf.keys_dir).log.public
    head = checkpoint.open_checkpoint(note, log.origin, key)
    if head.size > log.head_size:
        raise BehindMark(
            f"{feed.member.node_id} has {head.size} entries of this node's log; "
            f"{log.head_size} are here.",
            item=log.origin,
        )
    there = Quorums(conf).verdict(note, log.node_id).time
    cosigned = log.fresh_at is None or (there is not None and there >= log.fresh_at)
    return head.size, cosigned or head.size < log.head_size


def _is_on_its_way(row: Push, log: Log) -> bool:
    """Was this very head sent, and not so long ago that it must have been lost?"""
    recent = row.sent_at is not None and datetime.now(UTC) - row.sent_at < _PATIENCE
    return recent and row.sent == log.head_size and not _cosigned_since(row)


def _cosigned_since(row: Push) -> bool:
    """Have witnesses cosigned the own log after something was last sent?"""
    return row.sent_at is not None and Witness.objects.filter(cosigned_at__gt=row.sent_at).exists()


def _send(feed: Feed, log: Log, since: int, report: PushReport, conf: Conf) -> None:
    conf.bundles_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryFile(dir=conf.bundles_dir) as file:
        done = export_bundle(
            file,
            nodes=[log.node_id],
            since=since,
            audience=report.peer,
            with_trust=False,  # the hub is where it comes from
            conf=conf,
        )
        file.seek(0)
        report.id = feed.push(file, done.sha256)
        report.since, report.sent, report.size = since, log.head_size, done.size


def _note(row: Push, report: PushReport, conf: Conf) -> None:
    error = report.error
    row.failures = row.failures + 1 if error else 0
    row.error, row.error_detail = (error.code, str(error)) if error else ("", "")
    row.next_attempt_at = datetime.now(UTC) + wait(row.failures, conf)
    row.save()


def due(now: datetime) -> list[str]:
    """Return the hub's id where its turn has come and there may be something to push."""
    hubs = Peer.objects.filter(is_hub=True, status=PeerStatus.ACTIVE).select_related("push")
    log = Log.objects.filter(own=True).first()
    if log is None or not log.head_size:
        return []
    return [peer.node_id for peer in hubs if _is_due(peer, log, now)]


def _is_due(peer: Peer, log: Log, now: datetime) -> bool:
    row = getattr(peer, "push", None)
    if row is None:
        return True
    behind = row.acknowledged < log.head_size or _cosigned_since(row)
    return behind and (row.next_attempt_at is None or row.next_attempt_at <= now)
