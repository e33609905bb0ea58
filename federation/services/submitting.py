"""The own log before its witnesses: ask them after a start, submit each head, keep what they sign.

Source: C2SP tlog-witness; docs/protocol.md, "Witnesses". Everything here happens outside
transactions, in a task: publishing never waits for it. Each witness fails alone.
"""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime

from federation.client import Feed, Fetcher
from federation.conf import Conf, get_conf
from federation.errors import (
    BehindWitness,
    FederationError,
    NoCosignature,
    OtherSize,
)
from federation.models import Log, Witness
from federation.trust import Member, load_keys
from federation.wire import checkpoint, merkle
from federation.wire.checkpoint import Checkpoint
from federation.wire.witnessing import Submission

from . import asking, freshness, testimony
from .contact import wait
from .endpoints import reached
from .heads import leaf_hashes, own_log
from .quorum import Quorums

logger = logging.getLogger(__name__)


@dataclass
class Submitted:
    """What one round did: who cosigned the newest head, and each other's error."""

    size: int
    cosigned: list[str] = field(default_factory=list)
    errors: list[tuple[str, FederationError]] = field(default_factory=list)


def ask_and_sign(*, fetcher: Fetcher | None = None, conf: Conf | None = None) -> Log | None:
    """Sign the newest head once witnesses and peers were asked; as `asking.sign_head`."""
    ask_witnesses(fetcher=fetcher, conf=conf or get_conf())
    return asking.sign_head(datetime.now(UTC), fetcher=fetcher)


def ask_witnesses(*, fetcher: Fetcher | None = None, conf: Conf | None = None) -> bool:
    """Ask what the witnesses have seen of the own log, unless this process knows it already.

    The question is a head of size 0: it fits any history. Returns whether somebody was asked.
    Raises nothing for what a witness does; `testimony.require_asked` judges what they told.
    """
    conf = conf or get_conf()
    log = Log.objects.filter(own=True).first()
    others = Quorums(conf).others(conf.NODE_ID)
    if log is None or not others or not testimony.is_needed(log, conf):
        return False
    first, now = testimony.is_first(conf), datetime.now(UTC)
    testimony.begin(conf)
    key = load_keys(conf.keys_dir).log
    empty = checkpoint.sign(Checkpoint(log.origin, 0, merkle.EMPTY_ROOT), key)
    for member in others:
        row, _made = Witness.objects.get_or_create(node_id=member.node_id)
        if not first and row.next_attempt_at and row.next_attempt_at > now:
            continue
        try:
            with reached(member, conf, lambda feed: _size_known(feed, empty), fetcher=fetcher) as (
                _feed,
                size,
            ):
                testimony.told(conf, member.node_id, size)
        except FederationError as error:
            _failed(row, error, conf)
    return True


def _size_known(feed: Feed, empty: bytes) -> int:
    try:
        feed.add_checkpoint(Submission(0, (), empty))
    except OtherSize as error:
        return error.size
    return 0


def submit_head(*, fetcher: Fetcher | None = None, conf: Conf | None = None) -> Submitted:
    """Submit the newest signed head to each witness whose turn it is; keep the cosignatures.

    Errors stand in what is returned, on the witness's row and, where a witness has seen more than
    this node knows, on the own log. Raises KeysMissing before `federation_init`.
    """
    conf = conf or get_conf()
    log, quorums = own_log(), Quorums(conf)
    done = Submitted(log.head_size)
    if not log.checkpoint:
        return done
    for member in _in_turn(log, quorums):
        row = Witness.objects.get(node_id=member.node_id)
        try:
            _submit(log, member, row, quorums, fetcher)
        except FederationError as error:
            done.errors.append((member.node_id, error))
            _failed(row, error, conf)
            if isinstance(error, BehindWitness):
                Log.objects.filter(pk=log.pk).update(error=error.code, error_detail=str(error))
        else:
            done.cosigned.append(member.node_id)
    return done


def due(conf: Conf, now: datetime) -> bool:
    """Is there a witness to whom the newest head should be submitted now?"""
    log = Log.objects.filter(own=True).first()
    return log is not None and bool(log.checkpoint) and bool(_in_turn(log, Quorums(conf), now))


def _in_turn(log: Log, quorums: Quorums, now: datetime | None = None) -> list[Member]:
    others = {member.node_id: member for member in quorums.others(log.node_id)}
    if not others:
        return []
    known = set(Witness.objects.values_list("node_id", flat=True))
    Witness.objects.bulk_create(
        [Witness(node_id=name) for name in others if name not in known], ignore_conflicts=True
    )
    rows = Witness.objects.due(log.head_size, now or datetime.now(UTC))
    return [others[row.node_id] for row in rows if row.node_id in others]


def _submit(
    log: Log, member: Member, row: Witness, quorums: Quorums, fetcher: Fetcher | None
) -> None:
    """Have one witness cosign; where it knows another size than we thought, once more from there.

    Raises BehindWitness where it knows more than this node signed, and what the peer's answer is.
    """

    def ask(feed: Feed) -> bytes:
        try:
            return feed.add_checkpoint(_submission(log, row.size))
        except OtherSize as error:
            if error.size > log.head_size:
                testimony.told(quorums.conf, member.node_id, error.size)
                return b""
            row.size = error.size
        try:
            return feed.add_checkpoint(_submission(log, row.size))
        except OtherSize as error:
            raise OtherSize(
                f"{member.node_id} cosigned another history of {error.size} entries.",
                size=error.size,
                item=member.node_id,
            ) from error

    row.size = min(row.size, log.head_size)
    with reached(
        member, quorums.conf, ask, fetcher=fetcher, troubled=bool(row.failures)
    ) as (_feed, note):  # fmt: skip
        if not note:
            raise BehindWitness(
                f"{member.node_id} has seen more of this node's log than the {log.head_size} "
                "entries that were submitted.",
                item=member.node_id,
            )
    if member.node_id not in quorums.verdict(note, log.node_id).times:
        raise NoCosignature("Its cosignature is from the future.", item=member.node_id)
    own = quorums.directory.member(log.node_id)
    freshness.take_cosignatures(log, own, note, quorums)
    row.size, row.cosigned_at = log.head_size, datetime.now(UTC)
    row.failures, row.next_attempt_at, row.error, row.error_detail = 0, None, "", ""
    row.save()


def _submission(log: Log, old: int) -> Submission:
    proof: tuple[bytes, ...] = ()
    if 0 < old < log.head_size:
        hashes = leaf_hashes(log, 0, log.head_size)
        node = merkle.node_of(hashes)
        proof = tuple(merkle.consistency_proof(old, log.head_size, node))
    note = bytes(log.checkpoint)
    return Submission(old, proof, note)


def _failed(row: Witness, error: FederationError, conf: Conf) -> None:
    row.failures += 1
    row.next_attempt_at = datetime.now(UTC) + wait(row.failures, conf)
    row.error, row.error_detail = error.code, str(error)
    row.save()
    logger.warning("witness %s: %s: %s", row.node_id, error.code, error)
