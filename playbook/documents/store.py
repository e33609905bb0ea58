"""What took long to make is kept, under a digest of all that went into it.

A withdrawal, an edit, an expired offer change the digest: nothing has to be found and thrown away.
What is old goes when the folder is full.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

MAX_BYTES = 200 * 1024 * 1024
WAIT_SECONDS = 8.0
_PAUSE = 0.1


class Busy(Exception):
    """Another document is being made, and was not finished in time. Ask again shortly."""


def digest_of(*parts: str) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(f"{len(part)}:{part}".encode())
    return found.hexdigest()


def folder() -> Path:
    """Return where documents are kept. Nothing below it has an address."""
    path = Path(settings.PLAYBOOK_MADE_ROOT)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def get_or_make(digest: str, ending: str, make: Callable[[], bytes]) -> bytes:
    """Return the document of that digest, made now if need be: one at a time in all processes.

    Raises Busy.
    """
    path = folder() / f"{digest}.{ending}"
    kept = _read(path)
    if kept is not None:
        return kept
    with _alone():
        kept = _read(path)  # by whoever was there before us
        if kept is None:
            kept = make()
            _write(path, kept)
            _make_room()
    return kept


def has(digest: str, ending: str) -> bool:
    """Is the document of that digest made? Asking keeps it, as taking it does."""
    try:
        os.utime(folder() / f"{digest}.{ending}")
    except FileNotFoundError:
        return False
    return True


def _read(path: Path) -> bytes | None:
    try:
        data = path.read_bytes()
        os.utime(path)
    except FileNotFoundError:
        return None
    return data


def _write(path: Path, data: bytes) -> None:
    scratch = path.with_suffix(f".{os.getpid()}.new")
    scratch.write_bytes(data)
    os.replace(scratch, path)


def forget() -> None:
    """Throw everything away: a text that went into some of it must not lie about here any longer.

    What is still asked for is made anew.
    """
    for path in folder().glob("[!.]*"):
        path.unlink(missing_ok=True)


def _make_room() -> None:
    """Throw away what was not asked for longest, until the rest fits."""
    files = sorted(folder().glob("[!.]*"), key=lambda path: path.stat().st_mtime, reverse=True)
    total = 0
    for path in files:
        total += path.stat().st_size
        if total > MAX_BYTES:
            path.unlink(missing_ok=True)


@contextmanager
def _alone() -> Iterator[None]:
    until = time.monotonic() + WAIT_SECONDS
    with (folder() / ".lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise Busy from None
                time.sleep(_PAUSE)
        yield
