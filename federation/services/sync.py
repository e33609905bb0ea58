"""Pull from one peer: heads, entries, records, files, then what policy makes of them.

Fetching happens outside transactions; each step commits what it verified, so that a crash
anywhere loses nothing and the next run goes on from the marks (docs/protocol.md, "Receiving").
"""

from collections.abc import Callable

from django.db.models import Q

from federation.client import Feed, Fetcher, Heads
from federation.conf import Conf, get_conf
from federation.errors import (
    FederationError,
    LogFrozen,
    MemberSuspended,
    OldVersion,
)
from federation.models import Entry, Log, Peer, PeerStatus, Quarantine
from federation.trust import DescriptorDirectory, Member
from federation.wire import tiles

from . import (
    arrivals,
    contact,
    endpoints,
    heads,
    ingest,
    judging,
    leases,
    lookahead,
    media,
    monitoring,
    policy,
    recalling,
    record_bundles,
    trusting,
)
from .follow import follow_head
from .quorum import Quorums
from .reports import SyncReport

_RETRIES = 32
_ATTEMPTS = 5


def sync_peer(
    peer: Peer,
    *,
    fetcher: Fetcher | None = None,
    conf: Conf | None = None,
) -> SyncReport:
    """Pull everything new from `peer` and return what happened; the peer's row says it too.

    Raises nothing for what a peer does: its errors stand in the report, on the peer, on the log
    or in quarantine. With nothing new this is one request and two queries. Of a peer that is frozen
    here, or suspended by the stewards, recalls are taken and nothing else.
    """
    conf = conf or get_conf()
    report = SyncReport(peer.node_id)
    try:
        if peer.status == PeerStatus.PENDING:
            raise MemberSuspended(f"{peer.node_id} is {peer.status} here.", item=peer.node_id)
        member = DescriptorDirectory(conf.trust_dir).member(peer.node_id)
        held_back = peer.status == PeerStatus.FROZEN or member.status == "suspended"
        if not held_back:
            member.require_active()
        with endpoints.reached(
            member, conf, lambda feed: feed.heads(peer.counter),
            fetcher=fetcher, troubled=bool(peer.failures),
        ) as (feed, answer):  # fmt: skip
            if held_back:
                report.recalls_alone = True
                contact.claimed(peer, lambda: lookahead.recalls_alone(feed, answer, conf))
            elif answer.heads or trusting.wants_refresh(answer.directory, peer, conf):
                report.changed = True
                contact.claimed(peer, lambda: _take_in(peer, feed, answer, conf, report))
            else:
                peer.counter = answer.counter
    except FederationError as error:
        report.errors.append((peer.node_id, error))
    contact.note_contact(peer, report.errors, conf, changed=report.changed)
    return report


def _take_in(peer: Peer, feed: Feed, answer: Heads, conf: Conf, report: SyncReport) -> None:
    starts_over = False
    if trusting.wants_refresh(answer.directory, peer, conf):
        try:
            starts_over = trusting.refresh_from(feed, peer, answer.directory, conf)
        except FederationError as error:
            report.errors.append(("trust", error))
    settled = take_in(feed, answer, conf, report)
    if starts_over:
        peer.counter = 0
    elif settled:
        peer.counter = answer.counter


def take_in(feed: Feed, answer: Heads, conf: Conf, report: SyncReport) -> bool:
    """Take in what a feed holds, pulled or carried; return whether nothing of it is left to ask.

    `report.peer` is who brought it. Every step commits what it verified.
    """
    with media.MediaFetch(feed, conf) as files:
        followed = take_in_logs(feed, answer, conf, report, files.start)
        complete = files.finish()
    recalling.acknowledge()
    leases.renew_leases(conf=conf)
    report.decided = policy.decide_items(conf)
    if conf.relays:
        for log, _member in followed:
            _carry(log)
    return complete and _all_settled(report) and not _worth_asking_again(followed)


def take_in_logs(
    feed: Feed, answer: Heads, conf: Conf, report: SyncReport, between: Callable[[], object]
) -> list[tuple[Log, Member]]:
    """Follow and apply each log of which a head came, each failing alone; return those followed.

    `between` is called after each batch of records. Files and policy are not touched here.
    """
    directory = DescriptorDirectory(conf.trust_dir)
    frozen = set(Peer.objects.filter(status=PeerStatus.FROZEN).values_list("node_id", flat=True))
    quorums = Quorums(conf)
    followed: list[tuple[Log, Member]] = []
    for head in answer.heads:
        if head.node_id == conf.NODE_ID:
            monitoring.look_at_own(feed, head.checkpoint, quorums, report.errors)
            continue
        lookahead.look_ahead(feed, head, directory, conf)
        try:
            if head.node_id in frozen:
                raise LogFrozen(f"{head.node_id} is frozen here.", item=head.node_id)
            member = directory.member(head.node_id)
            member.require_active()
            log = follow_head(feed, member, head.checkpoint, conf, quorums)
            followed.append((log, member))
            lookahead.recalls_of_backlog(feed, log, conf)
            report.applied[log.node_id] = _apply(feed, log, member, report.peer, conf, between)
            retry_quarantined(feed, log, member, report.peer, conf)
        except FederationError as error:
            if feed.live:
                told = Log.objects.filter(node_id=head.node_id)
                told.update(error=error.code, error_detail=str(error))
            report.errors.append((head.node_id, error))
    return followed


def _all_settled(report: SyncReport) -> bool:
    """May the next pull start behind these heads? What stewards suspended is not asked for again:
    a change of its status starts from the first head anyway."""
    return all(isinstance(error, MemberSuspended) for _about, error in report.errors)


def _worth_asking_again(followed: list[tuple[Log, Member]]) -> bool:
    """Did bodies stay away or come spoiled? Then the peer is asked a few times more.

    After that they wait for the log to grow, another peer or the operator.
    """
    logs = [log.pk for log, _member in followed]
    missing = Q(payload__isnull=True) | Q(error__in=arrivals.SPOILED)
    waiting = Quarantine.objects.filter(missing, log__in=logs, resolved=False)
    return waiting.filter(attempts__lt=_ATTEMPTS).exists()


def _carry(log: Log) -> None:
    fresh = Log.objects.get(pk=log.pk)
    if fresh.applied == fresh.head_size and fresh.carried < fresh.head_size:
        heads.carry_in_transaction(fresh)


def _apply(
    feed: Feed, log: Log, member: Member, peer: str, conf: Conf, between: Callable[[], object]
) -> int:
    """Apply the entries between the marks, one bundle a transaction; return how many.

    The files that a bundle named are fetched (`between`) while the next one is applied.
    """
    start = log.applied
    while log.applied < log.size:
        n = log.applied // tiles.TILE_WIDTH
        end = min((n + 1) * tiles.TILE_WIDTH, log.size)
        entries = list(
            Entry.objects.filter(log=log, index__gte=log.applied, index__lt=end).order_by("index")
        )
        came = arrivals.arrivals(feed, log.node_id, log.size, n, entries)
        judged = [judging.judge(arrival, member, conf) for arrival in came]
        ingest.apply_batch(log, peer, judged, conf)
        between()
    return log.applied - start


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
        arrival = arrivals.arrival(entry, arrivals.body_again(feed, log, row))
        if ingest.apply_again(log, peer, judging.judge(arrival, member, conf), conf) is None:
            settled.append(row.index)
    if settled and log.carried:
        record_bundles.rewrite_records(Log.objects.get(pk=log.pk), settled)
    return len(settled)
