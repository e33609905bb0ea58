"""Files by hash: keep them, fetch those that records name, and refuse what is not what it says.

A picture is opened before it is believed; nothing else than pictures is taken yet, because the
cleaning of documents does not exist (docs/protocol.md, "Media").
"""

import hashlib
import os
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from federation.client import Feed
from federation.conf import Conf, get_conf
from federation.errors import (
    FederationError,
    MediaHashMismatch,
    MediaRefused,
    MediaTooLarge,
    ResponseTooLarge,
)
from federation.models import Blob, BlobState

PICTURE_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_ATTEMPTS = 5
_BATCH = 256
_AHEAD = 4  # batches being fetched while records go on


@dataclass(frozen=True)
class Kept:
    """A file that lies in its place: its true size in bytes, and the type it opens as."""

    size: int
    type: str


def blob_path(sha256: str, conf: Conf | None = None) -> Path:
    """Return where a file of this hash lies (or would)."""
    return (conf or get_conf()).blobs_dir / sha256[:2] / sha256


def store_bytes(data: bytes, kind: str) -> str:
    """Keep a file of our own that a record is about to name; return its SHA-256 in hex."""
    sha256 = hashlib.sha256(data).hexdigest()
    found = _keep(iter([data]), sha256, get_conf())
    if found.type != kind:
        raise MediaRefused(f"The file is {found.type}, not {kind}.")
    Blob.objects.update_or_create(
        sha256=sha256,
        defaults={
            "size": found.size,
            "type": found.type,
            "state": BlobState.PRESENT,
            "error": "",
            "error_detail": "",
        },
    )
    return sha256


def check_media_type(kind: str, size: int, conf: Conf) -> None:
    """Raise MediaRefused or MediaTooLarge for what this node does not take."""
    if kind not in PICTURE_TYPES.values():
        raise MediaRefused(f"A file of type {kind} is not taken.")
    if size > conf.MAX_BLOB:
        raise MediaTooLarge(f"A file of {size} bytes is above the limit of {conf.MAX_BLOB}.")


def want_blobs(named: Iterable[Blob]) -> None:
    """Ask for the files that records have just named, also those that were refused before.

    A file is known by its hash alone: what another record said of its size or type does not bind.
    """
    wanted = {blob.sha256: blob for blob in named}
    if not wanted:
        return
    Blob.objects.bulk_create(wanted.values(), ignore_conflicts=True)
    anew = []
    for blob in Blob.objects.filter(sha256__in=wanted).exclude(state=BlobState.PRESENT):
        size = max(blob.size, wanted[blob.sha256].size)
        if blob.state != BlobState.WANTED or blob.size != size:
            blob.state, blob.size, blob.attempts = BlobState.WANTED, size, 0
            blob.type = wanted[blob.sha256].type
            anew.append(blob)
    Blob.objects.bulk_update(anew, ["state", "size", "type", "attempts"], batch_size=200)


class MediaFetch:
    """Fetches the wanted files of one peer in threads, while the caller goes on with records.

    Each file fails on its own: its row keeps the error, and after five attempts it is refused
    until somebody asks again. The threads touch no database: `start` and `finish` write down, in
    the caller's thread and outside its transactions, how it went.
    """

    def __init__(self, feed: Feed, conf: Conf) -> None:
        self.feed, self.conf = feed, conf
        self.complete = True
        self._last = 0
        self._tried: set[int] = set()
        self._running: deque[list[tuple[Blob, Future[Kept | FederationError]]]] = deque()
        self._pool = ThreadPoolExecutor(conf.BLOB_THREADS)

    def __enter__(self) -> "MediaFetch":
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def start(self) -> bool:
        """Begin with up to 256 more of the wanted files; False when there are none."""
        wanted = list(
            Blob.objects.filter(state=BlobState.WANTED, pk__gt=self._last).order_by("pk")[:_BATCH]
        )
        if not wanted:
            return False
        self._last = wanted[-1].pk
        there = [blob for blob in wanted if self.feed.may_have_blob(blob.sha256)]
        self.complete = self.complete and len(there) == len(wanted)
        fresh = [blob for blob in there if blob.pk not in self._tried]
        self._tried.update(blob.pk for blob in fresh)
        self._running.append(
            [(blob, self._pool.submit(_fetch_one, self.feed, blob, self.conf)) for blob in fresh]
        )
        while len(self._running) > _AHEAD:
            self._settle()
        return True

    def finish(self) -> bool:
        """Fetch what is left; return whether none is left wanting."""
        while self._running:
            self._settle()
        self._last = 0  # a file refused long ago may have been named again since
        while self.start():
            pass
        while self._running:
            self._settle()
        return self.complete

    def _settle(self) -> None:
        arrived: list[Blob] = []
        others: list[Blob] = []
        for blob, future in self._running.popleft():
            result = future.result()
            as_said = isinstance(result, Kept) and result == Kept(blob.size, blob.type)
            (arrived if as_said else others).append(blob)
            _note(blob, result)
            self.complete = self.complete and isinstance(result, Kept)
        Blob.objects.filter(pk__in=[blob.pk for blob in arrived]).update(
            state=BlobState.PRESENT, error="", error_detail=""
        )
        Blob.objects.bulk_update(
            others, ["size", "type", "state", "attempts", "error", "error_detail"]
        )


def _note(blob: Blob, result: Kept | FederationError) -> None:
    if isinstance(result, Kept):
        blob.state, blob.error, blob.error_detail = BlobState.PRESENT, "", ""
        blob.size, blob.type = result.size, result.type
        return
    blob.attempts += 1
    blob.error, blob.error_detail = result.code, str(result)
    final = isinstance(result, MediaRefused | MediaTooLarge)
    if final or blob.attempts >= _ATTEMPTS:
        blob.state = BlobState.REFUSED


def _fetch_one(feed: Feed, blob: Blob, conf: Conf) -> Kept | FederationError:
    """Fetch one file to its place; touches no database, so that it can run in a thread."""
    try:
        check_media_type(blob.type, blob.size, conf)
        path = blob_path(blob.sha256, conf)
        if path.exists():
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == blob.sha256:
                    return Kept(path.stat().st_size, _picture_type(file, conf))
        with feed.blob(blob.sha256, blob.size) as chunks:
            return _keep(chunks, blob.sha256, conf)
    except ResponseTooLarge:
        return MediaHashMismatch(f"The file is larger than the {blob.size} bytes that were signed.")
    except FederationError as error:
        return error


def _keep(chunks: Iterable[bytes], sha256: str, conf: Conf) -> Kept:
    """Write a file under its hash once hash and picture both hold, or not at all."""
    path = blob_path(sha256, conf)
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, length = hashlib.sha256(), 0
    descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    scratch = Path(name)
    with os.fdopen(descriptor, "w+b") as file:
        try:
            for chunk in chunks:
                digest.update(chunk)
                length += len(chunk)
                file.write(chunk)
            if digest.hexdigest() != sha256:
                raise MediaHashMismatch(f"{length} bytes came that are not the file {sha256}.")
            file.flush()
            kind = _picture_type(file, conf)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise
    os.replace(scratch, path)
    return Kept(length, kind)


def _picture_type(file: Any, conf: Conf) -> str:
    """Return the type as which a file opens; MediaRefused for no picture or too many pixels."""
    file.seek(0)
    try:
        with Image.open(file, formats=list(PICTURE_TYPES)) as picture:
            found, pixels = PICTURE_TYPES[picture.format or ""], picture.width * picture.height
    except (OSError, ValueError, SyntaxError, KeyError, Image.DecompressionBombError) as error:
        raise MediaRefused(f"The file does not open as a picture: {error}") from error
    if pixels > conf.MAX_IMAGE_PIXELS:
        raise MediaRefused(f"The picture has {pixels} pixels, above {conf.MAX_IMAGE_PIXELS}.")
    return found


def read_blob(sha256: str) -> bytes:
    """Return a file that is here; MediaHashMismatch when the disk no longer holds its bytes."""
    data = blob_path(sha256).read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise MediaHashMismatch(f"The file {sha256} was changed on disk.")
    return data


def damaged_blobs() -> Iterator[str]:
    """Yield the hashes of present files that are missing or changed on disk."""
    for blob in Blob.objects.filter(state=BlobState.PRESENT).iterator():
        try:
            read_blob(blob.sha256)
        except (OSError, MediaHashMismatch):
            yield blob.sha256
