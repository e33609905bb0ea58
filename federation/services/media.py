"""Files by hash: keep them, fetch those that records name, and refuse what is not what it says.

A picture is opened before it is believed; nothing else than pictures is taken yet, because the
cleaning of documents does not exist (docs/protocol.md, "Media").
"""

import hashlib
import os
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

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


def blob_path(sha256: str, conf: Conf | None = None) -> Path:
    """Return where a file of this hash lies (or would)."""
    return (conf or get_conf()).blobs_dir / sha256[:2] / sha256


def store_bytes(data: bytes, kind: str) -> str:
    """Keep a file of our own that a record is about to name; return its SHA-256 in hex."""
    sha256 = hashlib.sha256(data).hexdigest()
    _keep(iter([data]), sha256, len(data), kind, get_conf())
    Blob.objects.update_or_create(
        sha256=sha256,
        defaults={
            "size": len(data),
            "type": kind,
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


def fetch_media(feed: Feed, conf: Conf) -> bool:
    """Fetch the wanted files from one peer; return whether none is left wanting.

    Each file fails on its own: its row keeps the error, and after five attempts it is refused
    until somebody asks again.
    """
    complete = True
    last = 0
    while True:
        wanted = list(
            Blob.objects.filter(state=BlobState.WANTED, pk__gt=last).order_by("pk")[:_BATCH]
        )
        if not wanted:
            return complete
        last = wanted[-1].pk
        with ThreadPoolExecutor(conf.BLOB_THREADS) as pool:
            errors = list(pool.map(lambda blob: _fetch_one(feed, blob, conf), wanted))
        for blob, error in zip(wanted, errors, strict=True):
            _note(blob, error)
            complete = complete and error is None
        arrived = [blob.pk for blob in wanted if blob.state == BlobState.PRESENT]
        Blob.objects.filter(pk__in=arrived).update(
            state=BlobState.PRESENT, error="", error_detail=""
        )
        failed = [blob for blob in wanted if blob.state != BlobState.PRESENT]
        if failed:
            Blob.objects.bulk_update(failed, ["state", "attempts", "error", "error_detail"])


def _note(blob: Blob, error: FederationError | None) -> None:
    if error is None:
        blob.state = BlobState.PRESENT
        return
    blob.attempts += 1
    blob.error, blob.error_detail = error.code, str(error)
    final = isinstance(error, MediaRefused | MediaTooLarge)
    if final or blob.attempts >= _ATTEMPTS:
        blob.state = BlobState.REFUSED


def _fetch_one(feed: Feed, blob: Blob, conf: Conf) -> FederationError | None:
    """Fetch one file to its place; touches no database, so that it can run in a thread."""
    try:
        check_media_type(blob.type, blob.size, conf)
        if blob_path(blob.sha256, conf).exists():
            return None
        with feed.blob(blob.sha256, blob.size) as chunks:
            _keep(chunks, blob.sha256, blob.size, blob.type, conf)
    except ResponseTooLarge:
        return MediaHashMismatch(f"The file is larger than the {blob.size} bytes that were signed.")
    except FederationError as error:
        return error
    return None


def _keep(chunks: Iterable[bytes], sha256: str, size: int, kind: str, conf: Conf) -> None:
    """Write a file under its hash once hash, size and picture all hold, or not at all."""
    path = blob_path(sha256, conf)
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, length = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        scratch = Path(file.name)
        try:
            for chunk in chunks:
                digest.update(chunk)
                length += len(chunk)
                file.write(chunk)
            if length != size or digest.hexdigest() != sha256:
                raise MediaHashMismatch(f"{length} bytes came that are not the file {sha256}.")
            file.flush()
            file.seek(0)
            _require_picture(file, kind, conf)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise
    os.replace(scratch, path)


def _require_picture(file: IO[bytes], kind: str, conf: Conf) -> None:
    """Raise MediaRefused unless the file opens as the type it claims, within the pixel limit."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=list(PICTURE_TYPES)) as picture:
                found, pixels = PICTURE_TYPES.get(picture.format or ""), _pixels(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise MediaRefused(f"The file does not open as a picture: {error}") from error
    if found != kind:
        raise MediaRefused(f"The file is {found}, not {kind}.")
    if pixels > conf.MAX_IMAGE_PIXELS:
        raise MediaRefused(f"The picture has {pixels} pixels, above {conf.MAX_IMAGE_PIXELS}.")


def _pixels(picture: Image.Image) -> int:
    return picture.width * picture.height


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
