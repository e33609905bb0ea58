"""C2SP tlog-tiles: a log as static files of 256 hashes or entries each.

Paths here are relative to the log's own prefix. A partial tile (fewer than 256) has its width in
its path; a full one never changes again. Our records bundles are numbered and named the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from federation.errors import BadBundle, BadTile
from federation.wire import merkle

TILE_WIDTH: Final = 256
TILE_HEIGHT: Final = 8
MAX_LEVEL: Final = 63
MAX_ENTRY_BYTES: Final = 65535

_INDEX: Final = re.compile(r"(?:x[0-9]{3}/){0,6}[0-9]{3}")
_PATH: Final = re.compile(
    r"(?:tile/(?P<level>0|[1-9][0-9]?|entries)|(?P<ours>records|sealed))"
    r"/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class TilePath(NamedTuple):
    """What a path names: a level (0, 1, ...) or "entries", "records", "sealed"; which; its width.

    `width` is None for a full tile, else 1 to 255.
    """

    level: int | str
    n: int
    width: int | None


class TileRange(NamedTuple):
    """One tile of a level: its number, and its width if it is partial."""

    n: int
    width: int | None


def tile_path(level: int, n: int, width: int | None = None) -> str:
    """The path of a hash tile: `tile/<L>/<N>[.p/<W>]`. A width of 256 means full."""
    if not 0 <= level <= MAX_LEVEL:
        raise BadTile(f"there is no tile level {level}")
    return f"tile/{level}/{_encode_index(n)}{_suffix(width)}"


def entries_path(n: int, width: int | None = None) -> str:
    """The path of an entry bundle: `tile/entries/<N>[.p/<W>]`."""
    return f"tile/entries/{_encode_index(n)}{_suffix(width)}"


def records_path(n: int, width: int | None = None) -> str:
    """The path of the public records of an entry bundle: `records/<N>[.p/<W>]`."""
    return f"records/{_encode_index(n)}{_suffix(width)}"


def sealed_path(n: int, width: int | None = None) -> str:
    """The path of the sealed records of an entry bundle: `sealed/<N>[.p/<W>]`."""
    return f"sealed/{_encode_index(n)}{_suffix(width)}"


def parse_index(text: str) -> int:
    """The number written as `067` or `x001/x234/067`; raises BadTile for any other spelling."""
    if not _INDEX.fullmatch(text):
        raise BadTile(f"{text[:60]!r} is not a tile index")
    n = int(text.replace("x", "").replace("/", ""))
    if _encode_index(n) != text:
        raise BadTile(f"{text[:60]!r} is not the shortest form of its tile index")
    return n


def parse_tile_path(path: str) -> TilePath:
    """What a path names; raises BadTile unless it is the one spelling of a possible tile."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise BadTile(f"{path[:100]!r} is not the path of a tile")
    level: int | str = match["ours"] or match["level"]
    if isinstance(level, str) and level.isdigit():
        level = int(level)
        if level > MAX_LEVEL:
            raise BadTile(f"there is no tile level {level}")
    width = int(match["width"]) if match["width"] else None
    if width is not None and width >= TILE_WIDTH:
        raise BadTile(f"a partial tile has fewer than {TILE_WIDTH} entries, not {width}")
    return TilePath(level, parse_index(match["index"]), width)


def tiles_for_range(begin: int, end: int) -> list[TileRange]:
    """The tiles that hold entries [begin, end) of a tree of size `end`."""
    if not 0 <= begin <= end:
        raise BadTile(f"[{begin}, {end}) is not a range of entries")
    if begin == end:
        return []
    last = (end - 1) // TILE_WIDTH
    return [
        TileRange(n, end % TILE_WIDTH or None if n == last else None)
        for n in range(begin // TILE_WIDTH, last + 1)
    ]


def changed_tiles(old: int, new: int) -> list[tuple[int, int, int | None]]:
    """The hash tiles (level, n, width) that are new or wider when a log grows from old to new.

    Level by level from 0, in ascending order; width is None for full ones.
    """
    if not 0 <= old <= new:
        raise BadTile(f"a log does not grow from {old} to {new}")
    changed: list[tuple[int, int, int | None]] = []
    level = 0
    while new:
        changed += [(level, n, width) for n, width in tiles_for_range(old, new)]
        old, new, level = old // TILE_WIDTH, new // TILE_WIDTH, level + 1
    return changed


def entries_cap(width: int | None) -> int:
    """The most bytes that an entry bundle of that width (None: full) can have."""
    return (width or TILE_WIDTH) * (MAX_ENTRY_BYTES + 2)


def hash_tile(hashes: Sequence[bytes]) -> bytes:
    """The bytes of a tile of 1 to 256 hashes."""
    if not 1 <= len(hashes) <= TILE_WIDTH:
        raise BadTile(f"a tile has 1 to {TILE_WIDTH} hashes, not {len(hashes)}")
    return b"".join(hashes)


def parse_hash_tile(data: bytes, width: int | None = None) -> list[bytes]:
    """The hashes of a tile of that width (None: full); raises BadTile for any other length."""
    expected = (width or TILE_WIDTH) * merkle.HASH_BYTES
    if len(data) != expected:
        raise BadTile(f"the tile has {len(data)} bytes instead of {expected}")
    return [data[at : at + merkle.HASH_BYTES] for at in range(0, expected, merkle.HASH_BYTES)]


def tile_hash(hashes: Sequence[bytes]) -> bytes:
    """The hash of a full tile: its one entry in the level above."""
    if len(hashes) != TILE_WIDTH:
        raise BadTile("only a full tile has an entry in the level above")
    return merkle.root(hashes)


def node_from_tiles(read: Callable[[int, int, int | None], bytes], size: int) -> merkle.NodeFinder:
    """A node finder over the tiles of a tree of `size`, for making proofs.

    `read(level, n, width)` gives a tile's bytes; each tile is read once. Raises BadTile.
    """

    @lru_cache(maxsize=64)
    def hashes(level: int, n: int) -> list[bytes]:
        width = min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - n * TILE_WIDTH)
        if width < 1:
            raise BadTile(f"a tree of size {size} has no tile {level}/{n}")
        partial = width if width < TILE_WIDTH else None
        return parse_hash_tile(read(level, n, partial), partial)

    def node(height: int, index: int) -> bytes:
        level, rest = divmod(height, TILE_HEIGHT)
        begin = index << rest
        n, offset = divmod(begin, TILE_WIDTH)
        found = hashes(level, n)[offset : offset + (1 << rest)]
        if len(found) != 1 << rest:
            raise BadTile(f"a tree of size {size} has no node {height}/{index}")
        return merkle.root(found)

    return node


def encode_entries(entries: Iterable[bytes]) -> bytes:
    """An entry bundle: each entry after its length as a big-endian uint16. Raises BadBundle."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise BadBundle(f"an entry of {len(entry)} bytes does not fit into a bundle")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def decode_entries(data: bytes, expected: int) -> list[bytes]:
    """The entries of a bundle that must hold exactly `expected`; raises BadBundle."""
    entries: list[bytes] = []
    at = 0
    for _ in range(expected):
        begin = at + 2
        at = begin + int.from_bytes(data[at:begin], "big")
        if begin > len(data) or at > len(data):
            raise BadBundle(f"the bundle is cut off after {len(entries)} of {expected} entries")
        entries.append(data[begin:at])
    if at != len(data):
        raise BadBundle(f"the bundle goes on after its {expected} entries")
    return entries


def _encode_index(n: int) -> str:
    if n < 0:
        raise BadTile("a tile index is not negative")
    groups = [f"{n % 1000:03d}"]
    while n >= 1000:
        n //= 1000
        groups.append(f"x{n % 1000:03d}")
    return "/".join(reversed(groups))


def _suffix(width: int | None) -> str:
    if width is None or width == TILE_WIDTH:
        return ""
    if not 0 < width < TILE_WIDTH:
        raise BadTile(f"a partial tile has 1 to {TILE_WIDTH - 1} entries, not {width}")
    return f".p/{width}"
