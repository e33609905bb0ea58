"""Who vouches for a head, judged from the signed note alone, so that every node judges alike.

A cosignature counts if it is by the witness key of an active member that `federation.json` names,
other than the log's own node, over this very head, and not more than 300 s ahead of the local
clock. Source: docs/protocol.md, "Witnesses"; C2SP tlog-cosignature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from federation.conf import Conf
from federation.errors import FederationError
from federation.models import Entry, Log, Peer
from federation.trust import DescriptorDirectory, Member
from federation.wire import checkpoint, notes
from federation.wire.notes import Note, NoteSignature

AHEAD = timedelta(seconds=300)


@dataclass(frozen=True)
class Verdict:
    """Who cosigned a head, when (POSIX seconds), and how many must (0: nobody has to)."""

    needed: int
    times: Mapping[str, int]

    @property
    def reached(self) -> bool:
        return len(self.times) >= self.needed

    @property
    def time(self) -> datetime | None:
        """The lowest time of the newest quorum; None where none is needed, or reached."""
        if not self.needed or not self.reached:
            return None
        newest = sorted(self.times.values(), reverse=True)[: self.needed]
        return datetime.fromtimestamp(newest[-1], UTC)


class Quorums:
    """The stewards' rules and the witnesses' keys as they stand now. Make one for each run."""

    def __init__(self, conf: Conf) -> None:
        self.conf = conf
        self.directory = DescriptorDirectory(conf.trust_dir)
        self.rules = self.directory.rules()
        self.witnesses = _active(self.directory, self.rules.witnesses)
        self._hubs = {conf.NODE_ID} if conf.relays else set()
        if self.rules.quorum:
            self._hubs |= set(Peer.objects.filter(is_hub=True).values_list("node_id", flat=True))
        self._covered: dict[str, int] = {}

    def needed(self, node_id: str) -> int:
        """Return how many must cosign the log of a node."""
        return self.rules.needed("hub" if node_id in self._hubs else "node")

    def others(self, node_id: str) -> list[Member]:
        """Return the active witnesses of a log: nobody vouches for itself."""
        return [member for name, member in self.witnesses.items() if name != node_id]

    # --- A note -----------------------------------------------------------------------------------

    def verdict(self, data: bytes, node_id: str) -> Verdict:
        """Return who vouches for the head in a note of that node's log."""
        found = self._cosignatures(Note.decode(data), node_id) if data else {}
        times = {name: time for name, (time, _line) in found.items()}
        return Verdict(self.needed(node_id), times)

    def merged(self, member: Member, data: bytes, *more: bytes) -> bytes:
        """Return a note with the log's own signature and each witness's newest cosignature.

        `more` are notes over the same text; all other lines are left out, so that nobody can
        make a note grow.
        """
        note = Note.decode(data)
        best: dict[str, tuple[int, NoteSignature]] = {}
        for other in (note, *(Note.decode(each) for each in more)):
            if other.text != note.text:
                continue
            for name, found in self._cosignatures(other, member.node_id).items():
                if name not in best or found[0] > best[name][0]:
                    best[name] = found
        lines = [best[name][1] for name in self.witnesses if name in best]
        return Note(note.text, (*_by_the_log(note, member), *lines)).encode()

    def _cosignatures(self, note: Note, node_id: str) -> dict[str, tuple[int, NoteSignature]]:
        """Return each witness's newest cosignature that counts, with its time."""
        latest = (datetime.now(UTC) + AHEAD).timestamp()
        found = {}
        for member in self.others(node_id):
            lines = checkpoint.cosignatures(note, member.witness_name, member.witness_key)
            believable = [pair for pair in lines if pair[0] <= latest]
            if believable:
                found[member.node_id] = believable[0]
        return found

    # --- An entry ---------------------------------------------------------------------------------

    def covers(self, node_id: str, index: int) -> bool:
        """Does a quorum vouch for the entry at this index of a node's log, or need none?"""
        if node_id == self.conf.NODE_ID or not self.needed(node_id):
            return True
        if node_id not in self._covered:
            self._covered[node_id] = self._size_covered(node_id)
        return index < self._covered[node_id]

    def _size_covered(self, node_id: str) -> int:
        log = Log.objects.filter(node_id=node_id).first()
        if log is None:
            return 0
        # Also by the rules of today: the stewards may have asked for fewer since the head came.
        if self.verdict(bytes(log.checkpoint), node_id).reached:
            return max(log.cosigned_size, log.head_size)
        return log.cosigned_size

    def covers_statement(self, node_id: str, address: str) -> bool:
        """The same for the entry that holds a statement, such as an endorsement."""
        if node_id == self.conf.NODE_ID or not self.needed(node_id):
            return True
        entries = Entry.objects.filter(log__node_id=node_id, address=address).order_by("index")
        index = entries.values_list("index", flat=True).first()
        return index is not None and self.covers(node_id, index)


def _active(directory: DescriptorDirectory, names: tuple[str, ...]) -> dict[str, Member]:
    """Return the witnesses that are active members, in order of their names, each once."""
    found = {}
    for name in sorted(set(names)):
        try:
            member = directory.member(name)
            member.require_active()
        except FederationError:
            continue  # what it cosigned counts no more
        found[name] = member
    return found


def _by_the_log(note: Note, member: Member) -> tuple[NoteSignature, ...]:
    """Return the log's own signatures, one for each key that it has had."""
    keys = [period.key for period in member.log_keys] or [member.log_key]
    hints = {notes.key_hash(member.log_origin, notes.ED25519, key) for key in keys}
    named = [line for line in note.signatures if line.name == member.log_origin]
    return tuple({line.key_hash: line for line in named if line.key_hash in hints}.values())
