"""Bring this node's own log back after a restore: from whoever carries it, checked as anybody's.

The largest head that this node signed is looked for, everything up to it is fetched and judged
outside of transactions, and then it is stored at once or not at all (docs/protocol.md, "Log").
What the items of the lost stretch become here is in `services.returning`.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from django.db import transaction

from federation.client import Feed, Fetcher
from federation.conf import Conf, get_conf
from federation.errors import (
    Equivocation,
    FederationError,
    NobodyHasIt,
    StateChanged,
)
from federation.models import Entry, Log
from federation.trust import DescriptorDirectory, Mark, Member, read_mark, write_mark
from federation.wire import tiles
from federation.wire.leaf import Leaf
from federation.wire.merkle import CompactRange

from . import carriers, displaced, follow, heads, ingest, media, recalling, returning
from .carriers import Carrier
from .lost import Lost, fetch_lost


@dataclass
class Recovery:
    """What was found, and what was done about it.

    `held` entries were here and agree with the head of `size` entries that `source` showed;
    `marked` were signed at least. `problems` says who did not answer or lied. `texts` became
    drafts; `waiting` and `dropped` say what did not, and why. Nothing of it is stored if `dry_run`.
    """

    held: int = 0
    size: int = 0
    marked: int = 0
    source: str = ""
    dry_run: bool = False
    entries: list[str] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    problems: list[tuple[str, FederationError]] = field(default_factory=list)

    @property
    def behind(self) -> bool:
        """Does this node still hold less than it once signed?"""
        return max(self.held, 0 if self.dry_run else self.size) < self.marked

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        said = [
            {"about": about, "error": error.code, "detail": str(error), "remedy": error.remedy}
            for about, error in self.problems
        ]
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**values, "behind": self.behind, "problems": said}


def recover(
    *,
    bundle: Path | None = None,
    accept_missing: bool = False,
    dry_run: bool = False,
    fetcher: Fetcher | None = None,
    conf: Conf | None = None,
) -> Recovery:
    """Find, fetch, verify and store what is missing of the own log; return what was done.

    Asks every active peer, the mirrors of this node and the bundle. `accept_missing` goes on
    without bodies that nobody has, except those of retractions and recalls. Safe to repeat, also
    after it was killed. Raises Equivocation where two of this node's own heads cannot both be true,
    what `lost.fetch_lost` raises where nobody gives what verifies, NobodyHasIt, AfterLastTrusted;
    then nothing is stored.
    """
    conf = conf or get_conf()
    done = Recovery(dry_run=dry_run)
    with ExitStack() as stack:
        found = carriers.answering(stack, conf, bundle, fetcher, done.problems)
        own = DescriptorDirectory(conf.trust_dir).member(conf.NODE_ID)
        shown = carriers.signed_by(own, found, done.problems)
        log = heads.own_log()
        mark = read_mark(conf.keys_dir)
        newest = max((source.head.size for source in shown), default=0)
        done.marked = max(mark.size if mark else 0, newest)
        done.held, done.size = log.size, newest
        if newest > log.head_size:
            best = [source for source in shown if source.head.size == newest]
            feeds = [feed for _name, feed, _note in found]
            _recover_from(best, shown, feeds, own, conf, done, accept_missing=accept_missing)
        else:
            _require_consistent(log, (), shown, mark)
            if not dry_run:
                heads.show_all_again()
        if not dry_run:
            _finish(conf, [source.feed for source in shown], done)
    return done


@dataclass(frozen=True)
class Found:
    """What one source gave, proved and judged: the entries behind the head here, and bodies."""

    source: Carrier
    leaves: list[Leaf]
    grown: CompactRange
    at: int
    lost: Lost


def _recover_from(
    best: Sequence[Carrier],
    shown: Sequence[Carrier],
    feeds: Sequence[Feed],
    own: Member,
    conf: Conf,
    done: Recovery,
    *,
    accept_missing: bool,
) -> None:
    """Take the lost stretch from the first source that gives it whole; the others fill gaps."""
    first: FederationError | None = None
    for source in best:
        others = [feed for feed in feeds if feed is not source.feed]
        try:
            found = _found(source, others, shown, own, conf, accept_missing=accept_missing)
        except Equivocation:
            raise
        except FederationError as error:
            done.problems.append((source.name, error))
            first = first or error
            continue
        with found.lost:
            done.source, done.held = source.name, found.at
            done.entries, done.missing = found.lost.entries, sorted(found.lost.missing)
            if not done.dry_run:
                done.dropped += _store(found, conf)
        return
    raise first or NobodyHasIt("Nobody carries this node's log.", item=conf.NODE_ID)


def _found(
    source: Carrier,
    others: list[Feed],
    shown: Sequence[Carrier],
    own: Member,
    conf: Conf,
    *,
    accept_missing: bool,
) -> Found:
    log = heads.own_log()
    leaves, grown = follow.grow(source.feed, log, source.head)
    mark = read_mark(conf.keys_dir)
    _require_consistent(log, leaves, shown, mark)
    at = _agreed(log, leaves)
    entries = [
        Entry(log=log, index=log.head_size + place, type=leaf.type, address=leaf.record)
        for place, leaf in enumerate(leaves)
        if log.head_size + place >= at
    ]
    feeds = [source.feed, *others]
    lost = fetch_lost(feeds, entries, source.head.size, own, conf, accept_missing=accept_missing)
    return Found(source, leaves, grown, at, lost)


def _require_consistent(
    log: Log, leaves: Sequence[Leaf], shown: Sequence[Carrier], mark: Mark | None
) -> None:
    """Raise Equivocation unless all heads of this node are of one history, the mark among them."""
    known = heads.leaf_hashes(log, 0, log.head_size) + [leaf.hash for leaf in leaves]
    claims = {(source.head.size, source.head.root): source.name for source in shown}
    if mark is not None:
        claims.setdefault((mark.size, mark.root), "the mark")
    for (size, root), name in sorted(claims.items()):
        if size <= len(known) and Log.range_at(known[:size]).root != root:
            raise Equivocation(
                f"The head of {size} entries that {name} has of this node is of another history. "
                f"Somebody else may have signed with its log key.",
                item=log.origin,
            )


def _agreed(log: Log, leaves: Sequence[Leaf]) -> int:
    """Return the first index that is not here, or at which something else was said since."""
    here = Entry.objects.filter(log=log, index__gte=log.head_size).order_by("index")
    at = log.head_size
    for mine, theirs in zip(here, leaves, strict=False):
        if mine.leaf != theirs:
            break
        at += 1
    return at


@transaction.atomic
def _store(found: Found, conf: Conf) -> list[str]:
    """Put the lost stretch in its place and what was said since behind it; return what fell away.

    The mark is written before this is committed, as before every signature.
    """
    head = found.source.head
    log = heads.own_log(lock=True)
    if log.head_size + len(found.leaves) != head.size or _agreed(log, found.leaves) != found.at:
        raise StateChanged("This node's log changed meanwhile. Run it again.", item=log.origin)
    if found.at == head.size:
        return []  # all of it is here, and more: it was signed, and the head was not kept
    said = displaced.take_out(log, found.at)
    returning.seed(conf)
    tail = found.leaves[found.at - log.head_size :]
    Entry.objects.bulk_create(
        [
            Entry(log=log, index=found.at + place, type=leaf.type, address=leaf.record)
            for place, leaf in enumerate(tail)
        ],
        batch_size=2000,
    )
    log.size, log.applied = head.size, found.at
    log.save(update_fields=["size", "applied"])
    for start in range(found.at, head.size, tiles.TILE_WIDTH):
        end = min(start + tiles.TILE_WIDTH, head.size)
        ingest.apply_batch(log, found.source.name[:63], found.lost.judged(start, end), conf)
    returning.settle(log, found.at, conf)
    log = heads.own_log(lock=True)
    log.head_size, log.peaks = head.size, found.grown.to_bytes()
    log.checkpoint = found.source.note
    log.head_seen_at, log.error, log.error_detail = None, "", ""
    mark = read_mark(conf.keys_dir)
    if mark is None or head.size > mark.size:
        write_mark(conf.keys_dir, Mark(head.size, head.root))
    heads.carry(log)
    heads.show_all_again()
    return displaced.say_again(said, conf)


def _finish(conf: Conf, feeds: Sequence[Feed], done: Recovery) -> None:
    """Fetch the files that came back by name, make drafts, and say whether signing can go on."""
    for feed in feeds:
        with media.MediaFetch(feed, conf) as files:
            files.start()
            files.finish()
    recalling.acknowledge()
    done.texts, done.waiting = returning.make_drafts(conf)
    if not done.behind:
        Log.objects.filter(own=True).update(error="", error_detail="")
        return
    nobody = NobodyHasIt(
        f"The largest head that was shown has {done.size} entries; {done.marked} were signed.",
        item=conf.log_origin,
    )
    done.problems.append((conf.NODE_ID, nobody))
