"""The records bundle: the records of one entry bundle, a line or two each.

A row is one canonical JSON line `{address, index, signatures, state}`, followed, if its state is
"present", by its payload on a line of its own (canonical JSON holds no newline). A row that is
wrong costs only itself: the reader goes on at the next line that reads as a row.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from federation.errors import (
    AddressMismatch,
    BadBundle,
    FederationError,
    JsonError,
    MalformedEnvelope,
    RecordTooLarge,
)
from federation.wire import canonical, dsse
from federation.wire.dsse import Envelope, Signature

STATES: Final = ("present", "retracted", "superseded", "sealed", "erased")
MAX_ROW_BYTES: Final = 64 * 1024

_ADDRESS: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class BundleRow:
    """One entry: its index in the log, its record's address, and the record if it is present.

    States: "present" has a payload; "retracted" and "superseded" say why the body is gone;
    "sealed" is not public and has no signatures; "erased" is gone for any other reason.
    """

    index: int
    address: str
    state: str
    signatures: tuple[Signature, ...] = ()
    payload: bytes | None = None
    _envelope: Envelope | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.index < 0 or not _ADDRESS.fullmatch(self.address):
            raise BadBundle("a row has an index and an address in hex")
        if self.state not in STATES:
            raise BadBundle(f"{str(self.state)[:40]!r} is not a state of a row")
        if (self.payload is not None) != (self.state == "present"):
            raise BadBundle("a row has a payload if, and only if, it is present")
        if self.state == "present" and not self.signatures:
            raise BadBundle("a record that is present has signatures")
        if self.state == "sealed" and self.signatures:
            raise BadBundle("a sealed row shows no signatures")
        if self.payload is not None:
            object.__setattr__(self, "_envelope", Envelope(self.payload, self.signatures))

    @property
    def envelope(self) -> Envelope:
        """The signed record; raises BadBundle if the row has no body."""
        if self._envelope is None:
            raise BadBundle(f"row {self.index} has no body: {self.state}")
        return self._envelope


@dataclass(frozen=True, slots=True)
class BadRow:
    """An entry whose row is missing or wrong, and the error that says how."""

    index: int
    error: FederationError


Row = BundleRow | BadRow


def records_cap(count: int, max_record: int) -> int:
    """The most bytes that a records bundle of `count` honest rows has."""
    return count * (max_record + 4096)


def encode_records(rows: Iterable[BundleRow]) -> bytes:
    """The bytes of a bundle. A payload must be canonical JSON, which has no newline: BadBundle."""
    lines: list[bytes] = []
    for row in rows:
        head = {
            "address": row.address,
            "index": row.index,
            "signatures": [signature.to_dict() for signature in row.signatures],
            "state": row.state,
        }
        lines.append(canonical.dumps(head))
        if row.payload is not None:
            if b"\n" in row.payload:
                raise BadBundle("a payload with a newline is not canonical", item=row.address)
            lines.append(row.payload)
    return b"".join(line + b"\n" for line in lines)


def iter_records(
    source: bytes | Iterable[bytes], *, start: int, count: int, max_record: int
) -> Iterator[Row]:
    """The entries [start, start+count) in order, each exactly once, as a row or as a bad row.

    `source` is the bundle, or its lines (with or without their newlines). `max_record` is in
    bytes. A payload has been compared with its row's address (AddressMismatch) but its signatures
    have not been verified, and addresses have not been compared with the log's. What stands after
    the last row is not read.
    """
    lines = _Lines(source)
    expected, end = start, start + count
    why: FederationError | None = None
    while expected < end:
        line = lines.next()
        if line is None:
            break
        try:
            head = _read_head(line, expected, end)
        except FederationError as error:
            why = why or error
            continue
        while expected < head.index:
            yield BadRow(expected, why or BadBundle(f"the row of entry {expected} is missing"))
            why, expected = None, expected + 1
        why, expected = None, expected + 1
        yield _read_body(head, lines, end, max_record)
    for index in range(expected, end):
        yield BadRow(index, why or BadBundle(f"the bundle ends before entry {index}"))
        why = None


class _Head(NamedTuple):
    index: int
    address: str
    state: str
    signatures: tuple[Signature, ...]


class _Lines:
    """Lines without their newlines, one of which can be put back."""

    def __init__(self, source: bytes | Iterable[bytes]) -> None:
        self._lines = iter(io.BytesIO(source) if isinstance(source, bytes) else source)
        self._back: bytes | None = None

    def next(self) -> bytes | None:
        """The next line that is not empty; None at the end."""
        if self._back is not None:
            line, self._back = self._back, None
            return line
        for line in self._lines:
            bare = line.removesuffix(b"\n")
            if bare:
                return bare
        return None

    def put_back(self, line: bytes) -> None:
        self._back = line


def _read_body(head: _Head, lines: _Lines, end: int, max_record: int) -> Row:
    if head.state != "present":
        return _row(head, None)
    payload = lines.next()
    if payload is None:
        return BadRow(head.index, BadBundle(f"the bundle ends before the body of {head.address}"))
    if len(payload) <= max_record:
        row = _row(head, payload)
        found = row.envelope.address if isinstance(row, BundleRow) else dsse.address(payload)
        if found == head.address:
            return row
    if _is_head(payload, head.index + 1, end):  # the body is missing, the next row is not
        lines.put_back(payload)
        return BadRow(head.index, BadBundle(f"the body of {head.address} is missing"))
    if len(payload) > max_record:
        detail = f"{len(payload)} bytes, where at most {max_record} are allowed"
        return BadRow(head.index, RecordTooLarge(detail, item=head.address))
    detail = "the body is not the one that the row names, or it is cut off"
    return BadRow(head.index, AddressMismatch(detail, item=head.address))


def _row(head: _Head, payload: bytes | None) -> Row:
    try:
        return BundleRow(head.index, head.address, head.state, head.signatures, payload)
    except BadBundle as error:
        return BadRow(head.index, error)


def _is_head(line: bytes, begin: int, end: int) -> bool:
    try:
        _read_head(line, begin, end)
    except FederationError:
        return False
    return True


def _read_head(line: bytes, begin: int, end: int) -> _Head:
    """The row that a line holds, if its index is in [begin, end); raises BadBundle."""
    try:
        value: Any = canonical.loads_canonical(line, max_bytes=MAX_ROW_BYTES)
        if not isinstance(value, dict):
            raise BadBundle("a row is an object")
        signatures = value.get("signatures")
        if not isinstance(signatures, list):
            raise BadBundle("a row has a list of signatures")
        parsed = tuple(Signature.from_dict(each) for each in signatures[: dsse.MAX_SIGNATURES])
    except (JsonError, MalformedEnvelope) as error:
        raise BadBundle(f"a line is not a row: {error.detail}") from error
    index, address, state = value.get("index"), value.get("address"), value.get("state")
    if type(index) is not int or not begin <= index < end:
        raise BadBundle(f"a row is out of its place: index {index!r}")
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
        raise BadBundle("a row's address is not hex")
    if not isinstance(state, str) or state not in STATES:
        raise BadBundle(f"{str(state)[:40]!r} is not a state of a row")
    return _Head(index, address, state, parsed)
