"""Bundles: a zip of stored members whose names are endpoint paths, written and read strictly.

Source: docs/protocol.md, "Bundle"; the zip format as in PKWARE's APPNOTE 6.3, of which the least is
used. What is written is a function of the members alone. What is read must be exactly that: the
members, in order and without gaps, then the directory, then its end. A zip in which two readers
could see two things, or one that grows when it is read, has no such form.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from federation.errors import (
    BadMember,
    BadMemberName,
    BadTile,
    BundleCutOff,
    BundleTooLarge,
    DuplicateMember,
    NotABundle,
    NotStored,
)
from federation.wire import bundles, merkle, tiles

ReadAt = Callable[[int, int], bytes]
"""Reads (offset, size) of the file; fewer bytes only at its end."""

MIB: Final = 1024 * 1024
TRUST: Final = 8 * MIB  # trust metadata and targets: as over HTTP
SMALL: Final = MIB  # a checkpoint, a descriptor, metadata: as for `heads` over HTTP
MAX_NAME: Final = 200

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_WHERE64: Final = struct.Struct("<4sLQL")
_END: Final = struct.Struct("<4s4H2LH")
_MARKS: Final = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x06\x06", b"PK\x06\x07", b"PK\x05\x06")
_VERSION: Final = 20
_VERSION64: Final = 45
_TIME, _DATE = 0, (2000 - 1980) << 9 | 1 << 5 | 1  # 1 January 2000, as in the text pack
_MODE: Final = 0o600 << 16
_MANY: Final = 0xFFFF

_PART: Final = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,179}"
_TRUST: Final = re.compile(rf"trust(?:/{_PART}){{1,4}}")
_LOG: Final = re.compile(r"log/[a-z0-9-]{1,63}/(.+)")
_BLOB: Final = re.compile(r"blob/[0-9a-f]{64}")
_TEXT: Final = re.compile(
    r"manifest\.json(?:\.dsse)?|text/[a-z]{2,3}(?:-[a-z0-9]{1,8})*/[A-Za-z0-9-]{1,80}\.md"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a bundle may have at most: bytes, members, bytes of a record and of a file."""

    size: int = 2 * 1024 * MIB
    members: int = 100_000
    record: int = MIB
    blob: int = 50 * MIB


class Member(NamedTuple):
    """One member: its name, where its bytes begin in the file, how many, and their CRC-32."""

    name: str
    offset: int
    size: int
    crc: int


def cap_of(name: str, limits: Limits) -> int:
    """The most bytes that a member of this name may have, as for its path over HTTP.

    Raises BadMemberName for anything but the one spelling of a path under `trust/`, `log/` or
    `blob/`, or a member of a text pack.
    """
    if _BLOB.fullmatch(name):
        return limits.blob
    if _TRUST.fullmatch(name):
        return TRUST
    if _TEXT.fullmatch(name):
        return 16 * MIB
    in_log = _LOG.fullmatch(name)
    if in_log is None:
        raise BadMemberName(f"{name[:100]!r} is not the path of an endpoint")
    if in_log[1] == "checkpoint":
        return SMALL
    try:
        tile = tiles.parse_tile_path(in_log[1])
    except BadTile as error:
        raise BadMemberName(error.detail) from error
    width = tile.width or tiles.TILE_WIDTH
    if isinstance(tile.level, int):
        return width * merkle.HASH_BYTES
    if tile.level == "entries":
        return tiles.entries_cap(width)
    return bundles.records_cap(width, limits.record)


class Writer:
    """Makes the bytes of a bundle, member by member. Raises BundleTooLarge at a limit."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.size = 0
        self._members: list[tuple[bytes, int, int, int]] = []
        self._names: set[str] = set()

    def add(self, name: str, data: bytes) -> bytes:
        """The bytes of one more member."""
        if len(data) > cap_of(name, self.limits):
            raise BundleTooLarge(f"{name} has {len(data)} bytes")
        if name in self._names:
            raise DuplicateMember(f"{name} is there twice", item=name)
        self._names.add(name)
        raw, crc = name.encode("ascii"), zlib.crc32(data)
        self._members.append((raw, self.size, len(data), crc))
        made = _local(raw, len(data), crc) + data
        self.size += len(made)
        if self.size > self.limits.size or len(self._members) > self.limits.members:
            raise BundleTooLarge("There is more to carry than one bundle may hold.")
        return made

    def close(self) -> bytes:
        """The directory and the end, behind the last member."""
        entries = [
            _ENTRY.pack(
                _MARKS[1], _VERSION, _VERSION, 0, 0, _TIME, _DATE, crc, size, size, len(raw),
                0, 0, 0, 0, _MODE, offset,
            ) + raw
            for raw, offset, size, crc in self._members
        ]  # fmt: skip
        directory, count = b"".join(entries), len(entries)
        parts = [directory]
        if count >= _MANY:
            end = self.size + len(directory)
            parts.append(
                _END64.pack(
                    _MARKS[2], _END64.size - 12, _VERSION64, _VERSION64, 0, 0, count, count,
                    len(directory), self.size,
                )
            )  # fmt: skip
            parts.append(_WHERE64.pack(_MARKS[3], 0, end, 1))
        short = min(count, _MANY)
        parts.append(_END.pack(_MARKS[4], 0, 0, short, short, len(directory), self.size, 0))
        return b"".join(parts)


def _local(raw: bytes, size: int, crc: int) -> bytes:
    head = _LOCAL.pack(
        _MARKS[0], _VERSION, 0, 0, _TIME, _DATE, crc, size, size, len(raw), 0
    )  # fmt: skip
    return head + raw


def read_members(read: ReadAt, size: int, limits: Limits) -> dict[str, Member]:
    """The members of a bundle of `size` bytes, by name, in order; none of them has been read.

    Raises NotABundle, BundleCutOff, BundleTooLarge, NotStored, DuplicateMember, BadMemberName or
    BadMember. Reads the directory and the head of each member alone.
    """
    if size > limits.size:
        raise BundleTooLarge(f"The file has {size} bytes, above {limits.size}.")
    count, start, length = _read_end(read, size)
    if count > limits.members:
        raise BundleTooLarge(f"It says that it has {count} members, above {limits.members}.")
    if length > count * (_ENTRY.size + MAX_NAME):
        raise BadMember(f"A directory of {length} bytes does not fit {count} members.")
    found: dict[str, Member] = {}
    at = 0
    for name, member_size, crc, offset in _entries(_exactly(read, start, length), count, limits):
        if offset != at:
            raise BadMember(f"{name} does not begin where the member before it ends", item=name)
        if name in found:
            raise DuplicateMember(f"{name} is there twice", item=name)
        head = _LOCAL.size + len(name)
        _check_local(_exactly(read, at, head), name, member_size, crc)
        found[name] = Member(name, at + head, member_size, crc)
        at += head + member_size
        if at > start:
            raise BadMember(f"{name} runs into the directory", item=name)
    if at != start:
        raise BadMember(f"{start - at} bytes belong to no member.")
    return found


def _exactly(read: ReadAt, offset: int, size: int) -> bytes:
    data = read(offset, size)
    if len(data) != size:
        raise BundleCutOff(f"The file ends within the {size} bytes at {offset}.")
    return data


def _read_end(read: ReadAt, size: int) -> tuple[int, int, int]:
    """Number of members, offset and length of the directory, which the end must follow at once."""
    begins_as_one = read(0, 4) in (_MARKS[0], _MARKS[4])
    if size < _END.size or not begins_as_one:
        raise BundleCutOff("It is too short.") if begins_as_one else NotABundle()
    end = size - _END.size
    mark, *disks, here, count, length, start, comment = _END.unpack(_exactly(read, end, _END.size))
    if mark != _MARKS[4] or comment:
        raise BundleCutOff("The end of the zip is not at the end of the file.")
    if any(disks) or here != count:
        raise BadMember("It says that it is in several parts.")
    if count == _MANY:
        end -= _END64.size + _WHERE64.size
        count, length, start = _read_end64(read, end)
    if start + length != end:
        raise BadMember("The directory is not where its end says.")
    return count, start, length


def _read_end64(read: ReadAt, at: int) -> tuple[int, int, int]:
    if at < 0:
        raise BundleCutOff("The end for many members is missing.")
    data = _exactly(read, at, _END64.size + _WHERE64.size)
    mark, _own, _by, _needs, *rest = _END64.unpack(data[: _END64.size])
    where, disk, offset, disks = _WHERE64.unpack(data[_END64.size :])
    if (mark, where) != (_MARKS[2], _MARKS[3]) or (disk, offset, disks) != (0, at, 1):
        raise BadMember("The end for many members is not what it should be.")
    first, second, here, count, length, start = rest
    if first or second or here != count:
        raise BadMember("It says that it is in several parts.")
    return count, length, start


def _entries(data: bytes, count: int, limits: Limits) -> Iterator[tuple[str, int, int, int]]:
    """Name, size, CRC-32 and offset of each member, as the directory gives them."""
    at = 0
    for number in range(count):
        if at + _ENTRY.size > len(data):
            raise BadMember(f"The directory ends after {number} of {count} members.")
        (
            mark, _by, _needs, flags, method, _time, _date, crc, packed, size, name_size,
            extra, comment, disk, _inner, _outer, offset,
        ) = _ENTRY.unpack_from(data, at)  # fmt: skip
        begin = at + _ENTRY.size
        at = begin + name_size
        if mark != _MARKS[1] or at > len(data) or extra or comment or disk:
            raise BadMember(f"Member {number} of the directory has another shape.")
        name = _name(data[begin:at])
        if flags or method:
            raise NotStored(f"{name} is compressed or encrypted", item=name)
        if size > cap_of(name, limits):
            raise BundleTooLarge(f"{name} says that it has {size} bytes", item=name)
        if packed != size:
            raise BadMember(f"{name} gives two sizes, {packed} and {size}", item=name)
        yield name, size, crc, offset
    if at != len(data):
        raise BadMember("The directory goes on after its members.")


def _name(raw: bytes) -> str:
    if not 0 < len(raw) <= MAX_NAME or not raw.isascii():
        raise BadMemberName(f"{raw[:100]!r} is not the path of an endpoint")
    return raw.decode("ascii")


def _check_local(head: bytes, name: str, size: int, crc: int) -> None:
    """The head of a member must say what the directory says; its clock may differ."""
    mark, _needs, flags, method, _time, _date, own_crc, packed, own, _long, extra = (
        _LOCAL.unpack_from(head)
    )
    if flags or method:
        raise NotStored(f"{name} is compressed or encrypted", item=name)
    said = (mark, own_crc, packed, own, extra, _long, head[_LOCAL.size :])
    if said != (_MARKS[0], crc, size, size, 0, len(name), name.encode("ascii")):
        raise BadMember(f"{name} has a head that says something else", item=name)
