"""Write a bundle: logs from a size on, with what proves it, as the feed would serve them.

Source: docs/protocol.md, "Bundle". What is written depends on what is held alone: the same state
gives the same bytes.
"""

import errno
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from federation.client import limits_of
from federation.conf import Conf, get_conf
from federation.errors import MediaHashMismatch, NotInBundle
from federation.models import Blob, BlobState, BlobUse, Entry, Log, Record
from federation.trust import DescriptorDirectory
from federation.wire import archive, merkle, tiles

from . import heads, record_bundles
from .media import read_blob

_CHUNK = 500  # addresses in one query


@dataclass(frozen=True)
class Carried:
    """One log in a bundle: its entries [start, end), and how many sealed ones with their body."""

    node: str
    start: int
    end: int
    sealed: int = 0


@dataclass
class Export:
    """What went into a bundle. `size` in bytes; `missing` are files named but not held here."""

    logs: list[Carried] = field(default_factory=list)
    members: int = 0
    size: int = 0
    blobs: int = 0
    sha256: str = ""
    missing: list[str] = field(default_factory=list)


Since = int | Mapping[str, int]


def export_bundle(
    target: BinaryIO,
    *,
    nodes: Sequence[str] = (),
    since: Since = 0,
    audience: str | None = None,
    with_trust: bool = True,
    conf: Conf | None = None,
) -> Export:
    """Write the logs of `nodes` (all that can be carried if empty) from the sizes `since` on.

    The trust metadata that this node has verified goes first, unless the receiver is known to have
    it (`with_trust`). `audience` is the node for which sealed records of this node's own log are
    added. Raises
    NotInBundle for a log that is not held up to its head, UnknownMember for an audience that is no
    member, BundleTooLarge where one bundle cannot hold it.
    """
    conf = conf or get_conf()
    directory = DescriptorDirectory(conf.trust_dir)
    if audience is not None:
        directory.member(audience)
    logs = carriable(nodes)
    done, writer, digest = Export(), archive.Writer(limits_of(conf)), hashlib.sha256()

    def put(data: bytes) -> None:
        target.write(data)
        digest.update(data)

    for name, data in directory.store.served() if with_trust else ():
        put(writer.add(f"trust/{name}", data))
        done.members += 1
    for log in logs:
        put(writer.add(f"trust/nodes/{log.node_id}", directory.envelope(log.node_id)))
        done.members += 1
    wanted: dict[str, None] = {}
    for log in logs:
        start = _start(log, since)
        sealed = list(sealed_members(log, start, audience)) if log.own and audience else []
        for name, data in [*log_members(log, start), *sealed]:
            put(writer.add(name, data))
            done.members += 1
        done.logs.append(
            Carried(log.node_id, start, log.head_size, sum(_rows_in(data) for _, data in sealed))
        )
        wanted |= dict.fromkeys(files_of(log, start))
    for sha256 in sorted(wanted):
        try:
            put(writer.add(f"blob/{sha256}", read_blob(sha256)))
            done.blobs, done.members = done.blobs + 1, done.members + 1
        except (OSError, MediaHashMismatch):
            done.missing.append(sha256)
    put(writer.close())
    done.size, done.sha256 = target.tell(), digest.hexdigest()
    return done


def export_to(path: Path, **how: Any) -> Export:
    """Write a bundle to a new place, whole or not at all, for the eyes of this user alone.

    Arguments and errors are those of `export_bundle`; FileExistsError for a place that is taken.
    """
    if path.exists():
        raise FileExistsError(errno.EEXIST, "It is there already.", str(path))
    descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "w+b") as target:
            done = export_bundle(target, **how)
            target.flush()
            os.fsync(target.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return done


def carriable(nodes: Sequence[str] = ()) -> list[Log]:
    """Return the logs of these nodes, or all, that are held here up to their verified head.

    Raises NotInBundle for a named one that is not.
    """
    logs = [
        log
        for log in Log.objects.order_by("node_id")
        if log.checkpoint and not log.frozen and (log.own or log.applied == log.head_size)
    ]
    lacking = sorted(set(nodes) - {log.node_id for log in logs})
    if lacking:
        raise NotInBundle(f"The log of {lacking[0]} is not held here up to its head.")
    return [log for log in logs if not nodes or log.node_id in nodes]


def _start(log: Log, since: Since) -> int:
    size = since if isinstance(since, int) else since.get(log.node_id, 0)
    return min(size, log.head_size)


def log_members(log: Log, start: int) -> Iterator[tuple[str, bytes]]:
    """Yield what the feed serves of a log for whoever knows its first `start` entries.

    The head; the entries and records from there on, as the whole or partial tiles that hold them;
    the hash tiles that changed, and those that prove the one tree to begin with the other.
    """
    prefix, end = f"log/{log.node_id}", log.head_size
    yield f"{prefix}/checkpoint", bytes(log.checkpoint)
    if start >= end:
        return
    hash_tile = _hash_tiles(heads.leaf_hashes(log, 0, end))
    changed = {*tiles.changed_tiles(start, end), *_proof(start, end, hash_tile)}
    for level, n, width in sorted(changed, key=lambda tile: tile[:2]):
        yield f"{prefix}/{tiles.tile_path(level, n, width)}", hash_tile(level, n, width)
    for n, width in tiles.tiles_for_range(start, end):
        first = n * tiles.TILE_WIDTH
        last = first + (width or tiles.TILE_WIDTH)
        rows = Entry.objects.filter(log=log, index__gte=first, index__lt=last).order_by("index")
        entries = tiles.encode_entries([entry.leaf.data for entry in rows])
        yield f"{prefix}/{tiles.entries_path(n, width)}", entries
        yield (
            f"{prefix}/{tiles.records_path(n, width)}",
            record_bundles.records_bundle(log, first, last),
        )


ReadTile = Callable[[int, int, int | None], bytes]


def _hash_tiles(hashes: Sequence[bytes]) -> ReadTile:
    """Return a function that makes any hash tile (level, n, width) over these leaf hashes."""

    def tile(level: int, n: int, width: int | None) -> bytes:
        span = tiles.TILE_WIDTH**level
        first = n * tiles.TILE_WIDTH * span
        count = width or tiles.TILE_WIDTH
        starts = range(first, first + count * span, span)
        return tiles.hash_tile([merkle.root(hashes[at : at + span]) for at in starts])

    return tile


def _proof(start: int, end: int, read: ReadTile) -> set[tuple[int, int, int | None]]:
    """Return the hash tiles that a consistency proof from `start` to `end` is made of."""
    used: set[tuple[int, int, int | None]] = set()

    def noted(level: int, n: int, width: int | None) -> bytes:
        used.add((level, n, width))
        return read(level, n, width)

    if start:
        merkle.consistency_proof(start, end, tiles.node_from_tiles(noted, end))
    return used


def sealed_members(log: Log, start: int, node_id: str) -> Iterator[tuple[str, bytes]]:
    """Yield the sealed records of the own log that are addressed to a node, by bundle."""
    for n, width in tiles.tiles_for_range(start, log.head_size):
        first = n * tiles.TILE_WIDTH
        last = first + (width or tiles.TILE_WIDTH)
        data = record_bundles.sealed_bundle(log, first, last, node_id)
        if data:
            yield f"log/{log.node_id}/{tiles.sealed_path(n, width)}", data


def _rows_in(data: bytes) -> int:
    return data.count(b"\n") // 2


def files_of(log: Log, start: int) -> Iterator[str]:
    """Yield the hashes of the files here that public records from `start` on name."""
    entries = Entry.objects.filter(log=log, index__gte=start, index__lt=log.head_size)
    addresses = list(entries.order_by("index").values_list("address", flat=True))
    for at in range(0, len(addresses), _CHUNK):
        part = Record.objects.filter(
            address__in=addresses[at : at + _CHUNK], public=True, payload__isnull=False
        )
        uses = BlobUse.objects.filter(address__in=part.values("address"))
        present = Blob.objects.filter(
            sha256__in=uses.values("sha256"), state=BlobState.PRESENT
        ).order_by("sha256")
        yield from present.values_list("sha256", flat=True)
