"""Move a followed log's verified head: checkpoint, entries, root, then the mark.

Source: docs/protocol.md, "Receiving" and "Log"; RFC 9162 section 2.1. Nothing is written unless
the entries prove to be what the head commits to.
"""

from datetime import UTC, datetime, timedelta

from django.db import transaction

from federation.client import Feed
from federation.conf import Conf
from federation.errors import (
    Equivocation,
    LogFrozen,
    LogShrank,
    NotInBundle,
    RootMismatch,
    StateChanged,
    TooMuchGrowth,
)
from federation.models import Entry, Log
from federation.trust import Member
from federation.wire import tiles
from federation.wire.checkpoint import Checkpoint
from federation.wire.leaf import Leaf
from federation.wire.merkle import CompactRange

from . import cosigning, evidence, freshness
from .heads import leaf_hashes
from .quorum import Quorums


def followed_log(member: Member) -> Log:
    """Return the row of a followed log, made on first sight."""
    log, _created = Log.objects.get_or_create(
        node_id=member.node_id, defaults={"origin": member.log_origin}
    )
    return log


def follow_head(
    feed: Feed, member: Member, note: bytes, conf: Conf, quorums: Quorums | None = None
) -> Log:
    """Verify a checkpoint of `member`'s log and take in the entries up to it.

    Returns the log, moved or not. Cosignatures that count are kept with the head; how many there
    are decides nothing here. Raises CheckpointError's kinds, LogFrozen, Equivocation (kept
    as evidence, the log is frozen), LogShrank (smaller but consistent: stale), TooMuchGrowth,
    RootMismatch, or what fetching raises.
    """
    head = member.open_head(note)
    log = followed_log(member)
    quorums = quorums or Quorums(conf)
    if log.frozen:
        raise LogFrozen(f"{log.node_id} is applied no further: {log.frozen}.", item=log.node_id)
    if head.size <= log.head_size:
        _compare_with_known(feed, log, member, head, note)
        log = freshness.take_cosignatures(log, member, note, quorums)
        return _cosigned(feed, log, member, quorums)
    _require_modest_growth(log, member, head.size, conf)
    try:
        leaves, grown = grow(feed, log, head)
    except Equivocation as error:
        raise _frozen(feed, log, member, note) from error
    kept = quorums.merged(member, note)
    log = _store(log, head, kept, leaves, grown.to_bytes(), quorums)
    return _cosigned(feed, log, member, quorums)


def grow(feed: Feed, log: Log, head: Checkpoint) -> tuple[list[Leaf], CompactRange]:
    """Fetch the entries between a log's head here and a larger one that its owner signed.

    Returns them with the range over all. Writes nothing. Raises RootMismatch where they were
    spoiled on the way, Equivocation where they are those of another history.
    """
    leaves = _fetch_leaves(feed, log, log.head_size, head.size)
    grown = log.range.append([leaf.hash for leaf in leaves])
    if grown.root == head.root:
        return leaves, grown
    if _is_another_history(feed, log, head):
        raise Equivocation(
            f"{log.node_id} signed two histories of {head.size} entries.", item=log.node_id
        )
    raise RootMismatch(
        f"The entries of {log.node_id} do not add up to its head of size {head.size}.",
        item=log.node_id,
    )


def _cosigned(feed: Feed, log: Log, member: Member, quorums: Quorums) -> Log:
    """Vouch for what was verified, where this node is a witness; a bundle can be of any age."""
    return cosigning.cosign_followed(log, member, quorums) if feed.live else log


def _compare_with_known(
    feed: Feed, log: Log, member: Member, head: Checkpoint, note: bytes
) -> None:
    """A head no larger than ours must be one we passed through; else it is a second history."""
    if head.size == log.head_size:
        root = log.root
    else:
        root = log.range_at(leaf_hashes(log, 0, head.size)).root
    if root != head.root:
        raise _frozen(feed, log, member, note)
    if head.size < log.head_size:
        raise LogShrank(
            f"{log.node_id} shows {head.size} entries; {log.head_size} were seen before.",
            item=log.node_id,
        )
    if log.error:
        Log.objects.filter(pk=log.pk).update(error="", error_detail="")


def _frozen(feed: Feed, log: Log, member: Member, note: bytes) -> Equivocation:
    """Keep both of two heads that cannot both be true, and apply the log no further."""
    return evidence.keep(member, bytes(log.checkpoint), note, seen_at=feed.node_id)


def _require_modest_growth(log: Log, member: Member, size: int, conf: Conf) -> None:
    """Hold a log to its caps: the stewards' where they set some, else this node's settings."""
    most = member.max_entries or conf.MAX_ENTRIES
    per_day = member.max_entries_per_day or conf.MAX_ENTRIES_PER_DAY
    if size > most:
        raise TooMuchGrowth(f"{log.node_id} has {size} entries, above {most}.", item=log.node_id)
    if log.head_size == 0:
        return
    today = datetime.now(UTC).date()
    start = log.day_start_size if log.day == today else log.head_size
    since = log.head_seen_at or datetime.now(UTC)
    days = max(1, (datetime.now(UTC) - since) // timedelta(days=1))
    if size - start > per_day * days:
        raise TooMuchGrowth(
            f"{log.node_id} grew by {size - start} entries since it was last seen.",
            item=log.node_id,
        )


def _is_another_history(feed: Feed, log: Log, head: Checkpoint) -> bool:
    """Do other entries than ours, from the first on, add up to a head that its owner signed?

    Then the owner forked the log. If not, whoever serves it spoiled the entries on the way.
    """
    if log.head_size == 0:
        return False
    try:
        leaves = _fetch_leaves(feed, log, 0, head.size)
    except NotInBundle:
        return False  # only the end of the log was carried: which of the two it is, nobody can say
    return log.range_at([leaf.hash for leaf in leaves]).root == head.root


def _fetch_leaves(feed: Feed, log: Log, start: int, size: int) -> list[Leaf]:
    """Return the leaves [start, size) as they are served; nothing about them is proved yet."""
    leaves: list[Leaf] = []
    for n, width in tiles.tiles_for_range(start, size):
        first = n * tiles.TILE_WIDTH
        datas = feed.entries(log.node_id, n, width)
        fresh = datas[max(start - first, 0) :]
        leaves.extend(Leaf.parse(data) for data in fresh)
    return leaves


@transaction.atomic
def _store(
    log: Log,
    head: Checkpoint,
    note: bytes,
    leaves: list[Leaf],
    peaks: bytes,
    quorums: Quorums,
) -> Log:
    locked = Log.objects.select_for_update().get(pk=log.pk)
    if locked.head_size != log.head_size:
        raise StateChanged(f"{log.node_id} was followed by another worker meanwhile.")
    Entry.objects.bulk_create(
        [
            Entry(log=locked, index=locked.size + at, type=leaf.type, address=leaf.record)
            for at, leaf in enumerate(leaves)
        ],
        batch_size=2000,
    )
    now = datetime.now(UTC)
    if locked.day != now.date():
        # A first sync is exempt from the cap on growth: the day starts behind it.
        locked.day, locked.day_start_size = now.date(), locked.head_size or head.size
    locked.size = locked.head_size = head.size
    locked.peaks, locked.checkpoint, locked.head_seen_at = peaks, note, now
    locked.error = locked.error_detail = ""
    freshness.settle(locked, quorums)
    locked.save()
    return locked
