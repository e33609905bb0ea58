"""This node as a witness: it cosigns a head that continues what it saw of that log, no other.

Source: C2SP tlog-witness, "add-checkpoint"; docs/protocol.md, "Witnesses". What was cosigned last
is compared and replaced in one transaction with the row locked, and kept before an answer leaves.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from federation.conf import Conf
from federation.errors import (
    AfterLastTrusted,
    Equivocation,
    FederationError,
    LogFrozen,
    OtherSize,
    UnknownLog,
)
from federation.models import Log, Peer, PeerStatus, Witnessed
from federation.trust import DescriptorDirectory, Member, load_keys
from federation.wire import checkpoint, merkle
from federation.wire.checkpoint import Checkpoint
from federation.wire.notes import Note
from federation.wire.witnessing import Submission

from . import evidence, freshness
from .heads import leaf_hashes
from .quorum import Quorums

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Known:
    """What is known here of a log: entries, root, and the note that says so."""

    size: int
    root: bytes
    note: bytes


def add_checkpoint(body: bytes, conf: Conf) -> bytes:
    """Cosign what a log submits; return the cosignature line.

    Raises MalformedSubmission (400), WrongKey, AfterLastTrusted or LogFrozen (403), UnknownLog
    (404), OtherSize (409) and BadProof (422), in this order, and KeyFileError's kinds.
    """
    submission = Submission.decode(body)
    head = submission.checkpoint
    member = _member_of(head.origin, conf)
    member.open_head(submission.note)
    _require_trusted(member, head)
    key = load_keys(conf.keys_dir).witness
    name = DescriptorDirectory(conf.trust_dir).member(conf.NODE_ID).witness_name
    try:
        seconds = _advance(submission, head, member)
    except Equivocation:
        raise OtherSize("This head has another root.", size=head.size, item=head.origin) from None
    text = Note.decode(submission.note).text
    return checkpoint.cosignature(text, name, key, seconds).line().encode()


def _member_of(origin: str, conf: Conf) -> Member:
    """Return the active member whose log this is; nobody is its own witness."""
    node_id = origin.rpartition("/")[2]
    try:
        member = DescriptorDirectory(conf.trust_dir).member(node_id)
        member.require_active()
    except FederationError as error:
        raise UnknownLog(f"{origin[:300]} is not witnessed here.", item=node_id) from error
    if member.log_origin != origin or node_id == conf.NODE_ID:
        raise UnknownLog(f"{origin[:300]} is not witnessed here.", item=node_id)
    return member


def _require_trusted(member: Member, head: Checkpoint) -> None:
    node_id, size = member.node_id, member.trusted_size
    if size is not None and head.size > size:
        raise AfterLastTrusted(f"{size} entries of {node_id} are trusted.", item=node_id)
    frozen = Peer.objects.filter(node_id=node_id, status=PeerStatus.FROZEN).exists()
    if frozen or Log.objects.filter(node_id=node_id).exclude(frozen="").exists():
        raise LogFrozen(f"{node_id} is frozen here: nothing of it is cosigned.", item=node_id)


def _advance(submission: Submission, head: Checkpoint, member: Member) -> int:
    """Move what is known of a log to this head, if it continues it; return the time, in seconds."""
    log = Log.objects.filter(node_id=member.node_id).first()
    seconds = int(datetime.now(UTC).timestamp())
    with transaction.atomic():
        row = _locked(member.log_origin)
        known = _known(row, log)
        if submission.old != known.size:
            raise OtherSize(
                f"The newest head seen here has {known.size} entries, not {submission.old}.",
                size=known.size,
                item=member.node_id,
            )
        forked = head.size == known.size and known.note and head.root != known.root
        if not forked:
            if known.size:
                merkle.verify_consistency(
                    known.size, known.root, head.size, head.root, submission.proof
                )
            _keep(row, head.size, head.root, submission.note, seconds)
    if forked:
        raise evidence.keep(member, known.note, submission.note)
    return seconds


def _locked(origin: str) -> Witnessed:
    Witnessed.objects.get_or_create(origin=origin)
    return Witnessed.objects.select_for_update().get(origin=origin)


def _known(row: Witnessed, log: Log | None) -> _Known:
    """Return the newest head seen: the one cosigned last, or a longer one that was followed."""
    if log is not None and log.head_size > row.size and _continues(log, row):
        return _Known(log.head_size, log.root, bytes(log.checkpoint))
    return _Known(row.size, bytes(row.root), bytes(row.checkpoint))


def _continues(log: Log, row: Witnessed) -> bool:
    """Does the log as it is followed here begin with what was cosigned? Not shorter than that."""
    return not row.size or _root_at(log, row.size) == bytes(row.root)


def _root_at(log: Log, size: int) -> bytes:
    return log.root if size == log.head_size else log.range_at(leaf_hashes(log, 0, size)).root


def _keep(row: Witnessed, size: int, root: bytes, note: bytes, seconds: int) -> None:
    row.size, row.root, row.checkpoint = size, root, note
    row.cosigned_at = datetime.fromtimestamp(seconds, UTC)
    row.save()


def cosign_followed(log: Log, member: Member, quorums: Quorums) -> Log:
    """Cosign a head whose entries were all verified here, where the stewards made this a witness.

    Once for each head: that its origin is still heard, only the origin's own submissions show.
    Raises Equivocation, with the log frozen, where another history was cosigned before.
    """
    conf = quorums.conf
    own = quorums.witnesses.get(conf.NODE_ID)
    if own is None or log.own or not log.checkpoint:
        return log
    note = Note.decode(bytes(log.checkpoint))
    if checkpoint.cosignatures(note, own.witness_name, own.witness_key):
        return log
    seconds = int(datetime.now(UTC).timestamp())
    with transaction.atomic():
        row = _locked(member.log_origin)
        if row.size > log.head_size:
            return log  # more of it was cosigned already, by its own submission
        forked = not _continues(log, row)
        if not forked:
            _keep(row, log.head_size, log.root, note.encode(), seconds)
    if forked:
        raise evidence.keep(member, bytes(row.checkpoint), note.encode())
    key = load_keys(conf.keys_dir).witness
    cosigned = checkpoint.cosign(note.encode(), own.witness_name, key, seconds)
    return freshness.take_cosignatures(log, member, cosigned, quorums)
