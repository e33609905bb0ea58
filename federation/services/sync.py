"""Pull from one peer: heads, entries, records, files, then what policy makes of them.

Fetching happens outside transactions; each step commits what it verified, so that a crash
anywhere loses nothing and the next run goes on from the marks (docs/protocol.md, "Receiving").
"""

import logging
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import F, Q

from federation.client import Feed, Fetcher, Heads, HttpFetcher
from federation.conf import Conf, get_conf
from federation.errors import (
    AddressMismatch,
    BadSignature,
    FederationError,
    LogFrozen,
    MemberSuspended,
    OldVersion,
    PeerTimeout,
    PeerUnreachable,
    RecordWithheld,
    StateChanged,
)
from federation.models import Entry, Log, Peer, PeerStatus, Quarantine
from federation.trust import DescriptorDirectory, Member, load_keys
from federation.wire import bundles, dsse, tiles

from . import (
    heads,
    ingest,
    judging,
    leases,
    lookahead,
    media,
    policy,
    recalling,
    trusting,
)
from .follow import follow_head

logger = logging.getLogger(__name__)
_FEW = 4  # entries of one bundle that are cheaper to fetch one by one
_CLAIM = timedelta(minutes=10)
_RETRIES = 32
_ATTEMPTS = 5
# What another peer, or another day, may mend; of all else we hold the very bytes that were signed.
_SPOILED = (AddressMismatch.code, BadSignature.code)


@dataclass
class SyncReport:
    """What one pull did: applied entries by log, and the errors met, by what they were about."""

    peer: str
    applied: dict[str, int] = field(default_factory=dict)
    errors: list[tuple[str, FederationError]] = field(default_factory=list)
    decided: int = 0
    changed: bool = False

    @property
    def ok(self) -> bool:
        return not self.errors


def sync_peer(
    peer: Peer,
    *,
    fetcher: Fetcher | None = None,
    conf: Conf | None = None,
) -> SyncReport:
    """Pull everything new from `peer` and return what happened; the peer's row says it too.

    Raises nothing for what a peer does: its errors stand in the report, on the peer, on the log
    or in quarantine. With nothing new this is one request and two queries.
    """
    conf = conf or get_conf()
    report = SyncReport(peer.node_id)
    own = fetcher is None
    try:
        if peer.status != PeerStatus.ACTIVE:
            raise MemberSuspended(f"{peer.node_id} is {peer.status} here.", item=peer.node_id)
        member = DescriptorDirectory(conf.trust_dir).member(peer.node_id)
        member.require_active()
        if not member.endpoints:
            raise PeerUnreachable(f"{peer.node_id} has enrolled no address.", item=peer.node_id)
        fetcher = fetcher or HttpFetcher(conf, private=member.endpoints[0].private)
        feed = Feed(fetcher, member, conf, load_keys(conf.keys_dir).request)
        answer = feed.heads(peer.counter)
        if answer.heads or trusting.wants_refresh(answer.directory, peer, conf):
            report.changed = True
            _claimed(peer, lambda: _take_in(peer, feed, answer, conf, report))
        else:
            peer.counter = answer.counter
    except FederationError as error:
        report.errors.append((peer.node_id, error))
    finally:
        if own and isinstance(fetcher, HttpFetcher):
            fetcher.close()
    _note_contact(peer, report, conf)
    return report


def _claimed(peer: Peer, work: Callable[[], None]) -> None:
    """Do the work unless another worker is at it; a claim of a dead worker lapses."""
    now = datetime.now(UTC)
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    if not Peer.objects.filter(free, pk=peer.pk).update(claimed_until=now + _CLAIM):
        raise StateChanged(f"Another worker is fetching from {peer.node_id}.")
    try:
        work()
    finally:
        Peer.objects.filter(pk=peer.pk).update(claimed_until=None)


def _take_in(peer: Peer, feed: Feed, answer: Heads, conf: Conf, report: SyncReport) -> None:
    starts_over = False
    if trusting.wants_refresh(answer.directory, peer, conf):
        try:
            starts_over = trusting.refresh_from(feed, peer, answer.directory, conf)
        except FederationError as error:
            report.errors.append(("trust", error))
    directory = DescriptorDirectory(conf.trust_dir)
    frozen = set(Peer.objects.filter(status=PeerStatus.FROZEN).values_list("node_id", flat=True))
    followed: list[tuple[Log, Member]] = []
    with media.MediaFetch(feed, conf) as files:
        for head in answer.heads:
            if head.node_id == conf.NODE_ID:
                continue
            lookahead.look_ahead(feed, head, directory, conf)
            try:
                if head.node_id in frozen:
                    raise LogFrozen(f"{head.node_id} is frozen here.", item=head.node_id)
                member = directory.member(head.node_id)
                member.require_active()
                log = follow_head(feed, member, head.checkpoint, conf)
                followed.append((log, member))
                lookahead.recalls_of_backlog(feed, log, conf)
                report.applied[log.node_id] = _apply(feed, log, member, peer, conf, files)
                retry_quarantined(feed, log, member, peer.node_id, conf)
            except FederationError as error:
                _note_log(head.node_id, error)
                report.errors.append((head.node_id, error))
        complete = files.finish()
    recalling.acknowledge()
    leases.renew_leases(conf=conf)
    report.decided = policy.decide_items(conf)
    if conf.relays:
        for log, _member in followed:
            _carry(log)
    if starts_over:
        peer.counter = 0
    elif complete and _all_settled(report) and not _worth_asking_again(followed):
        peer.counter = answer.counter


def _all_settled(report: SyncReport) -> bool:
    """May the next pull start behind these heads? What stewards suspended is not asked for again:
    a change of its status starts from the first head anyway."""
    return all(isinstance(error, MemberSuspended) for _about, error in report.errors)


def _worth_asking_again(followed: list[tuple[Log, Member]]) -> bool:
    """Did bodies stay away or come spoiled? Then the peer is asked a few times more.

    After that they wait for the log to grow, another peer or the operator.
    """
    logs = [log.pk for log, _member in followed]
    missing = Q(payload__isnull=True) | Q(error__in=_SPOILED)
    waiting = Quarantine.objects.filter(missing, log__in=logs, resolved=False)
    return waiting.filter(attempts__lt=_ATTEMPTS).exists()


def _carry(log: Log) -> None:
    fresh = Log.objects.get(pk=log.pk)
    if fresh.applied == fresh.head_size and fresh.carried < fresh.head_size:
        heads.carry_in_transaction(fresh)


def _note_log(node_id: str, error: FederationError) -> None:
    Log.objects.filter(node_id=node_id).update(error=error.code, error_detail=str(error))


def _apply(
    feed: Feed, log: Log, member: Member, peer: Peer, conf: Conf, files: media.MediaFetch
) -> int:
    """Apply the entries between the marks, one bundle a transaction; return how many.

    The files that a bundle named are fetched while the next one is applied.
    """
    start = log.applied
    while log.applied < log.size:
        n = log.applied // tiles.TILE_WIDTH
        end = min((n + 1) * tiles.TILE_WIDTH, log.size)
        entries = list(
            Entry.objects.filter(log=log, index__gte=log.applied, index__lt=end).order_by("index")
        )
        arrivals = _arrivals(feed, log, n, entries)
        judged = [judging.judge(arrival, member, conf) for arrival in arrivals]
        ingest.apply_batch(log, peer.node_id, judged, conf)
        files.start()
    return log.applied - start


def _arrivals(feed: Feed, log: Log, n: int, entries: list[Entry]) -> list[judging.Arrival]:
    """Fetch the bodies for a run of entries of bundle `n`, public and sealed."""
    bodies: dict[int, dsse.Envelope | FederationError] = {}
    public = [entry for entry in entries if entry.type != "sealed"]
    width = min(log.size - n * tiles.TILE_WIDTH, tiles.TILE_WIDTH)
    partial = width if width < tiles.TILE_WIDTH else None
    if len(public) <= _FEW:
        for entry in public:
            bodies[entry.index] = _one_record(feed, entry.address)
    else:
        bodies |= _bodies(feed.records(log.node_id, n, partial))
    if len(public) < len(entries) and feed.member.node_id == log.node_id:
        bodies |= _bodies(feed.sealed(log.node_id, n, partial))
    return [_arrival(entry, bodies.get(entry.index)) for entry in entries]


def _arrival(entry: Entry, body: dsse.Envelope | FederationError | None) -> judging.Arrival:
    if isinstance(body, FederationError):
        return judging.Arrival(entry, error=body)
    return judging.Arrival(entry, envelope=body)


def _one_record(feed: Feed, address: str) -> dsse.Envelope | FederationError:
    """Return a body, or why it alone cannot be had; raise where the peer does not answer at all."""
    try:
        return feed.record(address)
    except (PeerTimeout, PeerUnreachable):
        raise
    except FederationError as error:
        return judging.about_one_record(error)


def _bodies(rows: Iterator[bundles.Row]) -> dict[int, dsse.Envelope | FederationError]:
    found: dict[int, dsse.Envelope | FederationError] = {}
    for row in rows:
        if isinstance(row, bundles.BadRow):
            found[row.index] = row.error
        elif row.payload is not None:
            found[row.index] = dsse.Envelope(row.payload, row.signatures)
    return found


def retry_quarantined(feed: Feed, log: Log, member: Member, peer: str, conf: Conf) -> int:
    """Try the quarantined entries of one log again; return how many were settled.

    A body that one relay spoiled or kept back may be had from another. Where the signed bytes are
    here already, they are judged again as they are: this software may have learnt to read them.
    A version that was old when it came stays so.
    """
    waiting = Quarantine.objects.filter(log=log, resolved=False).exclude(error=OldVersion.code)
    if member.trusted_size is not None:
        waiting = waiting.filter(index__lt=member.trusted_size)
    rows = list(waiting.order_by("attempts", "index")[:_RETRIES])
    settled = []
    for row in rows:
        entry = Entry.objects.get(log=log, index=row.index)
        arrival = _arrival(entry, _body_again(feed, log, row))
        if ingest.apply_again(log, peer, judging.judge(arrival, member, conf), conf) is None:
            settled.append(row.index)
    if settled and log.carried:
        heads.rewrite_records(Log.objects.get(pk=log.pk), settled)
    return len(settled)


def _body_again(feed: Feed, log: Log, row: Quarantine) -> dsse.Envelope | FederationError | None:
    if row.payload is not None and row.error not in _SPOILED:
        signatures = heads.signatures_of(row)
        return dsse.Envelope(bytes(row.payload), signatures)
    if row.type != "sealed":
        return _one_record(feed, row.address)
    if feed.member.node_id != log.node_id:
        return RecordWithheld("It is sealed: only its author hands it out.")
    n = row.index // tiles.TILE_WIDTH
    width = min(log.size - n * tiles.TILE_WIDTH, tiles.TILE_WIDTH)
    bodies = _bodies(feed.sealed(log.node_id, n, width if width < tiles.TILE_WIDTH else None))
    return bodies.get(row.index)


def _note_contact(peer: Peer, report: SyncReport, conf: Conf) -> None:
    """Write how contact went, and when to try again: on the beat, or backing off with jitter."""
    now = datetime.now(UTC)
    failed = [error for about, error in report.errors if about == peer.node_id]
    unreachable = failed and not report.changed
    if unreachable:
        peer.failures = F("failures") + 1
        seconds = min(conf.SYNC_SECONDS * 2 ** min(_failures(peer), 16), conf.BACKOFF_MAX_SECONDS)
    else:
        peer.failures, peer.last_contact_at = 0, now
        seconds = conf.SYNC_SECONDS
    peer.next_attempt_at = now + timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311
    first = report.errors[0][1] if report.errors else None
    peer.error = first.code if first else ""
    peer.error_detail = str(first) if first else ""
    peer.save(
        update_fields=[
            "counter", "directory_digest", "failures", "last_contact_at", "next_attempt_at",
            "error", "error_detail",
        ]
    )  # fmt: skip
    for about, error in report.errors:
        logger.warning("sync with %s: %s: %s: %s", peer.node_id, about, error.code, error)


def _failures(peer: Peer) -> int:
    return Peer.objects.values_list("failures", flat=True).get(pk=peer.pk)
