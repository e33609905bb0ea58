"""Ask others, before the first signature after a start, how far they know this node's own log.

A machine that was restored whole has its mark restored too: only others can tell that it once said
more. What they show is signed by this node's own log key, so nobody can make it up; the mark is
raised to it, and from then on `heads.sign_head` refuses by itself (docs/protocol.md, "Log").
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Q

from federation.client import Fetcher
from federation.conf import Conf, get_conf
from federation.errors import Equivocation, FederationError, NotYetAsked
from federation.models import Log, Peer, PeerStatus
from federation.trust import DescriptorDirectory, Mark, Member, read_mark, write_mark
from federation.wire.checkpoint import Checkpoint

from . import endpoints, heads

logger = logging.getLogger(__name__)
# How long an answer holds. A machine that was put to sleep and woken from an old copy keeps the
# memory of having asked; its clock gives it away.
_HOLDS = timedelta(days=1)
_AGAIN = timedelta(minutes=1)
_PATIENCE = 60.0  # seconds for all that are no hub: each dead one may cost a timeout


@dataclass
class _Start:
    """What this process knows since it started; nothing of it may outlive the process."""

    since: datetime
    answered: datetime | None = None
    next_at: datetime | None = None


_STARTS: dict[Path, _Start] = {}


def forget(conf: Conf) -> None:
    """Know nothing of having asked, as after a start."""
    _STARTS.pop(conf.keys_dir, None)


def sign_head(now: datetime | None = None, *, fetcher: Fetcher | None = None) -> Log | None:
    """Sign a head once others were asked; None where nothing is new or an answer is waited for.

    Touches the network, so call it outside transactions. Raises BehindMark where this node once
    signed more than it holds, Equivocation where it signed something else. Why nothing is signed
    stands on the own log's row.
    """
    conf, now = get_conf(), now or datetime.now(UTC)
    try:
        require_asked(conf, now, fetcher=fetcher)
    except NotYetAsked as error:
        _note(error)
        return None
    except Equivocation as error:
        _note(error)
        raise
    return heads.sign_head(now)


def _note(error: FederationError) -> None:
    other = Log.objects.filter(own=True).exclude(error=error.code)
    if other.update(error=error.code, error_detail=str(error)):
        logger.error("no head is signed: %s: %s %s", error.code, error, error.remedy)


def require_asked(conf: Conf, now: datetime, *, fetcher: Fetcher | None = None) -> None:
    """Ask unless this process has. Raises NotYetAsked while the hub's answer is waited for.

    The hub alone is waited for, since only it carries this node's log; after `ASK_SECONDS` signing
    goes on without it. A node without a hub, or that has nothing signed and no entries, waits for
    nobody.
    """
    start = _STARTS.setdefault(conf.keys_dir, _Start(now))
    if start.answered is not None and timedelta() <= now - start.answered < _HOLDS:
        return
    until = start.since + timedelta(seconds=conf.ASK_SECONDS)
    if start.next_at is None or now >= start.next_at or now < start.next_at - _AGAIN:
        start.next_at = now + _AGAIN
        silent = ask(conf, fetcher=fetcher)
        if not silent:
            start.answered = now
            return
        logger.warning("%s did not say how far they know our log", ", ".join(silent))
    if now < until:
        raise NotYetAsked(
            f"The hub has not answered since this node started. A head is signed when it does, or "
            f"from {until:%Y-%m-%d %H:%M} UTC on.",
            item=conf.log_origin,
        )


def ask(conf: Conf, *, fetcher: Fetcher | None = None) -> list[str]:
    """Ask whoever this node fetches from; raise the mark to the largest head that it once signed.

    Returns the hubs that did not answer. Raises Equivocation where somebody has a head of this
    node that its log does not pass through, UnknownMember before `federation_init`.
    """
    directory = DescriptorDirectory(conf.trust_dir)
    own = directory.member(conf.NODE_ID)
    silent, until = [], time.monotonic() + _PATIENCE
    wanted = Q(is_hub=True) | Q(pull=True)
    for peer in Peer.objects.filter(wanted, status=PeerStatus.ACTIVE).order_by("-is_hub", "pk"):
        if not peer.is_hub and time.monotonic() > until:
            break
        try:
            note = checkpoint_at(directory.member(peer.node_id), conf, fetcher=fetcher)
        except FederationError as error:
            logger.info("%s was not asked: %s: %s", peer.node_id, error.code, error)
            if peer.is_hub:
                silent.append(peer.node_id)
            continue
        _heed(own, note, peer.node_id, conf)
    for mirror in own_mirrors(own, conf):
        try:
            note = checkpoint_at(mirror, conf, fetcher=fetcher)
        except FederationError as error:
            logger.info("%s was not asked: %s", mirror.endpoints[0].url, error.code)
            continue
        _heed(own, note, mirror.endpoints[0].url, conf)
    return silent


def own_mirrors(own: Member, conf: Conf) -> Iterator[Member]:
    """Yield this node as each of its other addresses: a mirror may hold more than it does."""
    for point in own.endpoints:
        if point.url != conf.PUBLIC_URL.rstrip("/"):
            yield replace(own, endpoints=(point,))


def checkpoint_at(member: Member, conf: Conf, *, fetcher: Fetcher | None = None) -> bytes | None:
    """Return the head of this node's own log as a member carries it; None where it carries none."""
    member.require_active()
    with endpoints.reached(
        member, conf, lambda feed: feed.checkpoint(conf.NODE_ID), fetcher=fetcher
    ) as (_feed, note):
        return note


def _heed(own: Member, note: bytes | None, where: str, conf: Conf) -> None:
    if note is None:
        return
    try:
        head = own.open_head(note)
    except FederationError as error:
        logger.warning("%s shows a head that is not ours: %s: %s", where, error.code, error)
        return
    log = heads.own_log()
    if head.size > log.head_size:
        if raise_mark(head, conf):
            logger.error("%s knows %d entries of this node's log", where, head.size)
    elif log.range_at(heads.leaf_hashes(log, 0, head.size)).root != head.root:
        raise Equivocation(
            f"{where} has a head of {head.size} entries that this node signed and does not know.",
            item=log.origin,
        )


@transaction.atomic
def raise_mark(head: Checkpoint, conf: Conf) -> bool:
    """Remember that this node signed this head; return whether its database holds less."""
    log = heads.own_log(lock=True)
    mark = read_mark(conf.keys_dir)
    if mark is None or head.size > mark.size:
        write_mark(conf.keys_dir, Mark(head.size, head.root))
    return head.size > log.size
