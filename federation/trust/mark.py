"""The durable mark beside the log key: the largest head that this node ever signed.

A database restored from a backup knows less than the mark; it must not sign another history
(docs/protocol.md, "Log").
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from federation.errors import KeyFileBroken

_NAME = "log.mark"


@dataclass(frozen=True)
class Mark:
    """Size (entries) and root (32 bytes) of a signed head."""

    size: int
    root: bytes


def read_mark(directory: Path) -> Mark | None:
    """Return the mark, or None where nothing was ever signed. Raises KeyFileBroken."""
    path = directory / _NAME
    try:
        data = json.loads(path.read_text(encoding="ascii"))
        return Mark(int(data["size"]), bytes.fromhex(data["root"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise KeyFileBroken(f"{path} cannot be read: {error}", item=_NAME) from error


def write_mark(directory: Path, mark: Mark) -> None:
    """Write the mark so that it survives a crash the moment this returns."""
    path, scratch = directory / _NAME, directory / f"{_NAME}.new"
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump({"size": mark.size, "root": mark.root.hex()}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(scratch, path)
    folder = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
