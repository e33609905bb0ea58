"""A bundle as a feed: the endpoints answered out of a file, with the caps and checks of any other.

What follows is what a pull does; nothing knows that no network was asked (docs/protocol.md,
"Bundle"). Members of a text pack beside its log answer nothing.
"""

import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from federation.conf import Conf
from federation.errors import FederationError, NotInBundle
from federation.wire import archive, bundles, canonical, tiles

from .feed import JSON, OCTETS, Feed
from .fetcher import Answer, Fetched, Fetcher

_BASE = "bundle:"
_CHUNK = 64 * 1024
_TIMESTAMP = "trust/metadata/timestamp.json"


def limits_of(conf: Conf) -> archive.Limits:
    """Return what a bundle may have here."""
    return archive.Limits(
        size=conf.MAX_BUNDLE,
        members=conf.MAX_BUNDLE_MEMBERS,
        record=conf.MAX_RECORD,
        blob=conf.MAX_BLOB,
    )


class BundleFetcher(Fetcher):
    """Answers the paths of endpoints from one bundle; use it in a `with` block.

    Opening it raises BundleError's kinds. A path that it does not hold raises NotInBundle. Safe to
    read from threads.
    """

    def __init__(self, path: Path, conf: Conf) -> None:
        super().__init__(conf.TRANSFER_SECONDS)
        self.conf = conf
        self._file = path.open("rb")
        try:
            size = os.fstat(self._file.fileno()).st_size
            self.members = archive.read_members(self._read, size, limits_of(conf))
        except BaseException:
            self._file.close()
            raise
        self._records: dict[str, str | FederationError] | None = None

    def __enter__(self) -> "BundleFetcher":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def _read(self, offset: int, size: int) -> bytes:
        return os.pread(self._file.fileno(), size, offset)

    def data(self, name: str) -> bytes:
        """Return a member's bytes; NotInBundle where it is absent."""
        return b"".join(self._chunks(name))

    def is_whole(self, name: str) -> bool:
        """Do the bytes of a member have the CRC-32 that was written beside them?"""
        crc = 0
        for chunk in self._chunks(name):
            crc = zlib.crc32(chunk, crc)
        return crc == self.members[name].crc

    def logs(self) -> list[str]:
        """Return the ids of the nodes of whose logs it holds a head."""
        parts = [name.split("/") for name in self.members]
        return sorted(part[1] for part in parts if part[0] == "log" and part[2] == "checkpoint")

    def _chunks(self, name: str) -> Iterator[bytes]:
        member = self.members.get(name)
        if member is None:
            raise NotInBundle(f"{name} is not in the bundle.", item=name)
        for at in range(0, member.size, _CHUNK):
            yield self._read(member.offset + at, min(_CHUNK, member.size - at))

    @contextmanager
    def open(
        self, method: str, url: str, headers: Mapping[str, str], body: object
    ) -> Iterator[Answer]:
        path = url.removeprefix(f"{_BASE}/federation/v1/")
        first, _slash, rest = path.partition("/")
        if path.startswith("heads?"):
            yield _answer(JSON, iter([self._heads()]))
        elif first == "record":
            yield _answer(JSON, iter([self._record(rest)]))
        else:
            kind = JSON if first == "trust" else OCTETS
            if path not in self.members:
                raise NotInBundle(f"{path} is not in the bundle.", item=path)
            yield _answer(kind, self._chunks(path))

    def _heads(self) -> bytes:
        """What `heads` would answer: every head in it, and no counter."""
        heads = [{"node": node_id, "checkpoint": self._note(node_id)} for node_id in self.logs()]
        return canonical.dumps({"counter": 0, "directory": "", "heads": heads})

    def _note(self, node_id: str) -> str:
        return self.data(f"log/{node_id}/checkpoint").decode("utf-8", "replace")

    def _record(self, address: str) -> bytes:
        """One record's envelope, from the records bundle that holds it, or why it holds none."""
        if self._records is None:
            self._records = dict(self._addresses())
        place = self._records.get(address)
        if isinstance(place, FederationError):
            raise place
        for row in self.rows(place) if place else ():
            if isinstance(row, bundles.BundleRow) and row.address == address:
                return row.envelope.to_json()
        raise NotInBundle(f"The body of {address} is not in the bundle.", item=address)

    def _addresses(self) -> Iterator[tuple[str, str | FederationError]]:
        for name in self.members:
            if name.startswith("log/") and "/records/" in name:
                for row in self.rows(name):
                    if isinstance(row, bundles.BadRow):
                        yield row.error.item or "", row.error
                    elif row.payload is not None:
                        yield row.address, name

    def rows(self, name: str) -> Iterator[bundles.Row]:
        """Yield the rows of one records or sealed bundle, a bad one as `BadRow`."""
        tile = tiles.parse_tile_path(name.split("/", 2)[2])
        yield from bundles.iter_records(
            self.data(name),
            start=tile.n * tiles.TILE_WIDTH,
            count=tile.width or tiles.TILE_WIDTH,
            max_record=self.conf.MAX_RECORD,
        )


def _answer(kind: str, chunks: Iterator[bytes]) -> Answer:
    return Answer(200, {"content-type": kind}, chunks)


class CarriedFeed(Feed):
    """The feed that a bundle holds.

    Whoever carries it signs nothing: every head and every record has its author's signature, and
    nothing else of it is believed.
    """

    live = False  # an old bundle is old, and no sign that anything is wrong with a node
    node_id = ""  # who brought it is not who said it
    fetcher: BundleFetcher

    def __init__(self, fetcher: BundleFetcher, conf: Conf) -> None:
        self.fetcher, self.conf = fetcher, conf
        self.base = f"{_BASE}/federation/v1"
        self._entries = {}

    def hands_out_sealed(self, node_id: str) -> bool:
        prefix = f"log/{node_id}/sealed/"
        return any(name.startswith(prefix) for name in self.fetcher.members)

    def sealed(self, node_id: str, n: int, width: int | None) -> Iterator[bundles.Row]:
        if f"log/{node_id}/{tiles.sealed_path(n, width)}" in self.fetcher.members:
            yield from super().sealed(node_id, n, width)

    def trust_digest(self) -> str:
        """Return the SHA-256 of the timestamp.json in it, as `heads` shows it; empty for none."""
        if _TIMESTAMP not in self.fetcher.members:
            return ""
        return hashlib.sha256(self.fetcher.data(_TIMESTAMP)).hexdigest()

    def checkpoint(self, node_id: str) -> bytes | None:
        name = f"log/{node_id}/checkpoint"
        return self.fetcher.data(name) if name in self.fetcher.members else None

    def may_have_blob(self, sha256: str) -> bool:
        return f"blob/{sha256}" in self.fetcher.members

    def _signed(self, method: str, path: str, *, cap: int, accept: str, **_said: Any) -> Fetched:
        return self.fetcher.fetch(method, f"{self.base}/{path}", cap=cap, accept=accept)
