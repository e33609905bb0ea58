"""This node's own log as peers show it: what it never signed, or does not know any more, is told.

Source: C2SP tlog-witness, monitoring; docs/protocol.md, "Witnesses".
"""

from federation.client import Feed
from federation.conf import Conf
from federation.errors import BehindWitness, FederationError
from federation.models import Log
from federation.wire.checkpoint import Checkpoint

from . import evidence, freshness, testimony
from .heads import leaf_hashes
from .quorum import Quorums


def look_at_own(
    feed: Feed, note: bytes, quorums: Quorums, errors: list[tuple[str, FederationError]]
) -> None:
    """Compare a head of the own log that a peer carries with the own log, and tell of a difference.

    Its cosignatures are kept where they count. Adds to `errors` what is wrong: WrongKey and the
    like for a head that this node's key never signed, Equivocation (both kept), BehindWitness.
    """
    conf = quorums.conf
    log = Log.objects.filter(own=True).first()
    if log is None:
        return
    try:
        member = quorums.directory.member(conf.NODE_ID)
        head = member.open_head(note)
        if head.size > log.head_size:
            _require_held(log, head, feed.node_id, conf)
        elif head.root != _root_at(log, head):
            raise evidence.keep(member, bytes(log.checkpoint), note, seen_at=feed.node_id)
        else:
            freshness.take_cosignatures(log, member, note, quorums)
    except BehindWitness as error:
        Log.objects.filter(pk=log.pk).update(error=error.code, error_detail=str(error))
        errors.append((conf.NODE_ID, error))
    except FederationError as error:
        errors.append((conf.NODE_ID, error))


def _require_held(log: Log, head: Checkpoint, seen_at: str, conf: Conf) -> None:
    """A head that was signed here and is not known any more: do its entries still stand here?"""
    if head.size > log.size or _root_at(log, head) != head.root:
        testimony.proved(conf, seen_at, head.size)
        raise testimony.behind(log, seen_at, head.size)


def _root_at(log: Log, head: Checkpoint) -> bytes:
    if head.size == log.head_size:
        return log.root
    return log.range_at(leaf_hashes(log, 0, head.size)).root
