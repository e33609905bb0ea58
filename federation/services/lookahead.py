"""Recalls come first: before the checks of the log that carries them, before anything staged.

They are valid by their own signatures. A log that is frozen, grows too fast or does not add up can
still carry one that saves somebody (docs/protocol.md, "Receiving").
"""

import logging

from django.db import transaction

from federation.client import Feed, Head, Heads
from federation.conf import Conf
from federation.errors import FederationError, PeerTimeout, PeerUnreachable
from federation.models import Entry, Log, Peer, PeerStatus, Record
from federation.trust import DescriptorDirectory, Member
from federation.wire import dsse, tiles
from federation.wire.leaf import Leaf

from . import recalling

logger = logging.getLogger(__name__)
# How much of a log that is not verified is looked at: its newest entries, 16 bundles of them.
_LOOK = 16 * tiles.TILE_WIDTH
# How many recalls are fetched in one run: of a log that is not verified few, the newest.
_MOST_SHOWN = 64
_MOST = 1_000


def recalls_alone(feed: Feed, answer: Heads, conf: Conf) -> int:
    """Apply the recalls that a frozen peer shows, in any log that it carries; return how many.

    Nothing else of it is taken in, and no mark moves: once the freeze is lifted the next pull
    brings what it said meanwhile (docs/protocol.md, "Retract, recall, lease").
    """
    directory = DescriptorDirectory(conf.trust_dir)
    heads = [head for head in answer.heads if head.node_id != conf.NODE_ID]
    return sum(look_ahead(feed, head, directory, conf) for head in heads)


def look_ahead(feed: Feed, head: Head, directory: DescriptorDirectory, conf: Conf) -> int:
    """Apply what recalls stand in the new entries of a log as a peer shows it; return how many.

    Any member's log will do, also one that is frozen or does not add up: nothing is believed of it.
    A hub says on those out of a log that it holds back, for they reach nobody else through it.
    Raises nothing: what is wrong with the log is told when its turn comes.
    """
    try:
        member = directory.member(head.node_id)
        addresses = _recalls_shown(feed, head)[-_MOST_SHOWN:]
        say_on = conf.relays and bool(addresses) and is_held_back(member)
        return _receive_all(feed, addresses, conf, say_on=say_on)
    except FederationError as error:
        logger.info("no recalls looked for in %s: %s: %s", head.node_id, error.code, error)
        return 0


def is_held_back(member: Member) -> bool:
    """Is a node frozen, by the operator here or by the stewards? Then its recalls alone count."""
    frozen = Peer.objects.filter(node_id=member.node_id, status=PeerStatus.FROZEN)
    return member.status == "suspended" or frozen.exists()


def _recalls_shown(feed: Feed, head: Head) -> list[str]:
    size = _claimed_size(head.checkpoint)
    known = Log.objects.filter(node_id=head.node_id).values_list("size", flat=True).first() or 0
    start = max(known, size - _LOOK)
    addresses: list[str] = []
    for n, width in tiles.tiles_for_range(start, size) if size > start else ():
        first = n * tiles.TILE_WIDTH
        for data in feed.entries(head.node_id, n, width)[max(start - first, 0) :]:
            leaf = _leaf(data)
            if leaf is not None and leaf.type == "recall":
                addresses.append(leaf.record)
    return addresses


def recalls_of_backlog(feed: Feed, log: Log, conf: Conf) -> int:
    """Apply the recalls among the entries of a log that wait to be applied; return how many."""
    waiting = Entry.objects.filter(log=log, type="recall", index__gte=log.applied)
    return _receive_all(feed, list(waiting.values_list("address", flat=True)), conf)


def _receive_all(feed: Feed, addresses: list[str], conf: Conf, *, say_on: bool = False) -> int:
    """Fetch and apply recalls that are not here yet; one that is bad is left to the log's turn.

    `say_on`: name them in this node's own log too.
    """
    here = set(Record.objects.filter(address__in=addresses).values_list("address", flat=True))
    count = 0
    for address in [each for each in dict.fromkeys(addresses) if each not in here][:_MOST]:
        try:
            envelope = feed.record(address)
            count += _receive(envelope, address, conf, say_on)
        except (PeerTimeout, PeerUnreachable):
            raise
        except FederationError as error:
            logger.warning("recall %s not applied: %s: %s", address, error.code, error)
    if count:
        recalling.acknowledge()
    return count


@transaction.atomic
def _receive(envelope: dsse.Envelope, address: str, conf: Conf, say_on: bool) -> bool:
    recalling.receive(envelope, conf, address=address)
    if say_on:
        recalling.carry(envelope, conf)
    return True


def _claimed_size(note: bytes) -> int:
    """Return the size that a checkpoint names, signed or not; 0 where it names none."""
    lines = note.split(b"\n", 3)
    text = lines[1] if len(lines) > 1 else b""
    return int(text) if text.isdigit() and len(text) < 16 else 0


def _leaf(data: bytes) -> Leaf | None:
    try:
        return Leaf.parse(data)
    except FederationError:
        return None
