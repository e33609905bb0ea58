"""The bodies of a stretch of the own log that this node has lost: fetched, judged and set aside.

They wait in a temporary file and not in memory: a whole log may be lost.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO, Self

from federation.client import Feed
from federation.conf import Conf
from federation.errors import (
    AddressMismatch,
    AfterLastTrusted,
    BadBundle,
    FederationError,
    PeerError,
    RecordWithheld,
    SignatureError,
)
from federation.models import Entry, Record, RecordState
from federation.trust import Member
from federation.wire import dsse, records, tiles

from . import arrivals, judging, record_bundles
from .tombstones import excused_by_recalls

# Nobody goes on without these: what was taken back would stand here again.
_NEEDED = ("retract", "recall", "rotate")
# What whoever served a body is to blame for; of all else the signature holds.
_SPOILED = (
    AddressMismatch, SignatureError, RecordWithheld, PeerError, BadBundle, AfterLastTrusted,
)  # fmt: skip


@dataclass
class Lost:
    """Judged entries by index, with their envelopes in a temporary file; use in a `with` block.

    `entries` describes them for people. `missing` are the indexes whose body nobody gave.
    """

    member: Member
    conf: Conf
    entries: list[str] = field(default_factory=list)
    missing: set[int] = field(default_factory=set)
    _rows: dict[int, tuple[Entry, int, int]] = field(default_factory=dict)
    _file: BinaryIO = field(default_factory=tempfile.TemporaryFile)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def keep(self, entry: Entry, envelope: dsse.Envelope | None) -> None:
        data = envelope.to_json() if envelope else b""
        self._rows[entry.index] = (entry, self._file.seek(0, 2), len(data))
        self._file.write(data)

    def judged(self, start: int, end: int) -> list[judging.Judged]:
        """Return the entries [start, end) as they were judged, judged once more."""
        return [self._judged(index) for index in range(start, end)]

    def _judged(self, index: int) -> judging.Judged:
        entry, place, size = self._rows[index]
        if not size:
            return judging.judge(judging.Arrival(entry), self.member, self.conf)
        self._file.seek(place)
        envelope = dsse.Envelope.from_json(self._file.read(size))
        return judging.judge(judging.Arrival(entry, envelope), self.member, self.conf)


def fetch_lost(
    feeds: Sequence[Feed],
    entries: Sequence[Entry],
    size: int,
    member: Member,
    conf: Conf,
    *,
    accept_missing: bool = False,
) -> Lost:
    """Fetch the bodies of these entries from the first feed, what it lacks from the others.

    Raises what was wrong with the first public body that no feed gives as it was signed, unless
    the log itself excuses it. Sealed bodies, which only whom they were for can give, may lack.
    """
    lost, excused = Lost(member, conf), excused_by_recalls(member.node_id)
    wrong: dict[int, tuple[Entry, FederationError]] = {}
    try:
        for entry, judged in _judged(feeds, entries, size, member, conf):
            lost.keep(entry, judged.arrival.envelope if judged.record or _kept(judged) else None)
            lost.entries.append(_described(entry, judged.record))
            excused |= _excuses(judged.record)
            if judged.record is None and not _kept(judged):
                error = judged.error or RecordWithheld(f"Nobody gives the body of {entry.address}.")
                wrong[entry.index] = (entry, error)
        _require_all(wrong, excused, accept_missing=accept_missing)
    except BaseException:
        lost._file.close()
        raise
    lost.missing = {i for i, (entry, _error) in wrong.items() if entry.address not in excused}
    return lost


def _require_all(
    wrong: dict[int, tuple[Entry, FederationError]], excused: set[str], *, accept_missing: bool
) -> None:
    for index, (entry, error) in wrong.items():
        if entry.type == "sealed" or entry.address in excused:
            continue
        if not accept_missing or entry.type in _NEEDED or isinstance(error, AfterLastTrusted):
            error.item = error.item or f"entry {index}"
            raise error


def _kept(judged: judging.Judged) -> bool:
    """Is a body ours by its signature, though this software cannot apply it? It is put aside."""
    return judged.error is not None and not isinstance(judged.error, _SPOILED)


def _judged(
    feeds: Sequence[Feed], entries: Sequence[Entry], size: int, member: Member, conf: Conf
) -> Iterator[tuple[Entry, judging.Judged]]:
    for n in sorted({entry.index // tiles.TILE_WIDTH for entry in entries}):
        part = [entry for entry in entries if entry.index // tiles.TILE_WIDTH == n]
        here = _held(part)
        wanted = [entry for entry in part if entry.address not in here]
        came = arrivals.arrivals(feeds[0], member.node_id, size, n, wanted) if wanted else []
        by_index = {arrival.entry.index: arrival for arrival in came}
        for entry in part:
            first = by_index.get(entry.index) or judging.Arrival(entry, here.get(entry.address))
            yield entry, _best(first, feeds, member, conf)


def _held(entries: Sequence[Entry]) -> dict[str, dsse.Envelope]:
    """Return the bodies that are here after all, as of recalls that others carried on."""
    rows = Record.objects.filter(address__in=[entry.address for entry in entries])
    return {
        row.address: dsse.Envelope(bytes(row.payload), record_bundles.signatures_of(row))
        for row in rows
        if row.payload is not None and row.state == RecordState.PRESENT
    }


def _best(
    first: judging.Arrival, feeds: Sequence[Feed], member: Member, conf: Conf
) -> judging.Judged:
    """Judge what came; where it does not hold, ask the others one by one."""
    judged = judging.judge(first, member, conf)
    sealed = first.entry.type == "sealed"
    for feed in feeds if sealed else feeds[1:]:
        if judged.record is not None or _kept(judged):
            break
        again = judging.judge(_asked(feed, first.entry), member, conf)
        if again.record is not None or judged.error is None:
            judged = again
    return judged


def _asked(feed: Feed, entry: Entry) -> judging.Arrival:
    try:
        if entry.type != "sealed":
            return arrivals.arrival(entry, arrivals.one_record(feed, entry.address))
        if feed.live:
            return judging.Arrival(entry, feed.record_for_me(entry.address))
        return judging.Arrival(entry)
    except FederationError as error:
        return judging.Arrival(entry, error=error)


def _excuses(record: records.Record | None) -> set[str]:
    """Return the addresses whose bodies may be gone because this was said later."""
    if isinstance(record, records.Item):
        return {record.prev} if record.prev else set()
    if isinstance(record, records.Retract):
        named = {a for a in record.raw.get("records", []) if isinstance(a, str)}
        return named | ({record.target.record} if record.target.record else set())
    if isinstance(record, records.Recall):
        return set(record.records)
    return set()


def _described(entry: Entry, record: records.Record | None) -> str:
    if isinstance(record, records.Item):
        title = record.content.get("title") or record.content.get("name") or ""
        return f"{entry.index} {entry.type}: {title} ({record.lang}, version {record.version})"
    return f"{entry.index} {entry.type}"
