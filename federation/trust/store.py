"""What this node has verified of the federation's trust, on disk.

    pin.json, pin.root.json   the root that people compared, with its version and SHA-256
    current -> states/<n>     the newest verified state; replaced as a whole
        cache/                metadata as the TUF client keeps it
        public/               the same bytes under the names by which they are served
        members/<id>.json     the verified targets, by node

Source: docs/protocol.md, "Names and keys"; the TUF specification, section 5.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tuf.api.metadata import Metadata, Root

from federation.errors import StateChanged, TrustNotSet

from .rolekeys import ROLES
from .roles import RoleState, check_root, read_roles

_IN_USE_SECONDS: Final = 600  # far longer than a refresh takes
_KEPT: Final = 2  # earlier versions of snapshot and targets that are still served


@dataclass(frozen=True)
class Pin:
    """The root that trust starts from: its version, and the SHA-256 of root.json in hex."""

    version: int
    sha256: str


class TrustStore:
    """The folder `trust/` of a node. Reading never raises where nothing is pinned yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.current = folder / "current"
        self.states = folder / "states"

    # --- The pinned root ------------------------------------------------------------------------

    @property
    def pin(self) -> Pin | None:
        try:
            value = json.loads((self.folder / "pin.json").read_text(encoding="ascii"))
            return Pin(int(value["version"]), str(value["sha256"]))
        except FileNotFoundError:
            return None

    def pinned_root(self) -> bytes:
        """Return the pinned root.json; raises TrustNotSet."""
        try:
            return (self.folder / "pin.root.json").read_bytes()
        except FileNotFoundError:
            raise TrustNotSet("No root is pinned here.") from None

    def pin_root(self, data: bytes, version: int, sha256: str) -> None:
        """Trust a root that people compared. Raises WrongRoot, BadTrustMetadata.

        What was verified under another root stays in force until this one's targets are fetched.
        """
        root = check_root(data, version, sha256)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.folder / "pin.root.json", data)
        pin = {"version": root.version, "sha256": sha256}
        write_atomically(self.folder / "pin.json", json.dumps(pin).encode("ascii"))

    def forget(self) -> None:
        """Forget pin and state, as where joining came to nothing."""
        for name in ("pin.json", "pin.root.json", "current", "followed"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.rmtree(self.states, ignore_errors=True)

    def has_root(self, version: int, sha256: str) -> bool:
        """Is this root one of those that the present state grew from?"""
        if self.pin == Pin(version, sha256):
            return True
        data = self.public(f"metadata/{version}.root.json")
        return data is not None and hashlib.sha256(data).hexdigest() == sha256

    # --- The state ------------------------------------------------------------------------------

    @property
    def is_set(self) -> bool:
        """Has anything been verified here?"""
        return self.current.exists()

    def public(self, path: str) -> bytes | None:
        """Return a served file's bytes by its path under `trust/`; None where there is none."""
        root = (self.current / "public").resolve()
        found = (root / path).resolve()
        if not found.is_relative_to(root) or not found.is_file():
            return None
        return found.read_bytes()

    def served(self) -> Iterator[tuple[str, bytes]]:
        """Yield what a node needs that knows the pinned root alone, by its path under `trust/`.

        The whole chain of roots, the newest of the other roles, every target; the same each time.
        """
        public = self.current / "public"
        metadata = public / "metadata"
        wanted = sorted(metadata.glob("*.root.json"), key=_version_of)
        for role in ("targets", "snapshot"):
            wanted += sorted(metadata.glob(f"*.{role}.json"), key=_version_of)[-1:]
        wanted += sorted(metadata.glob("timestamp.json"))
        wanted += sorted(path for path in (public / "targets").rglob("*.json") if path.is_file())
        for path in wanted:
            yield path.relative_to(public).as_posix(), path.read_bytes()

    def digest(self) -> str:
        """Return the SHA-256 of timestamp.json, which stands for all; empty where nothing is."""
        try:
            data = (self.current / "cache" / "timestamp.json").read_bytes()
        except FileNotFoundError:
            return ""
        return hashlib.sha256(data).hexdigest()

    def members(self) -> dict[str, bytes]:
        """Return the verified targets, by node id, in order."""
        folder = self.current / "members"
        return {path.stem: path.read_bytes() for path in sorted(folder.glob("*.json"))}

    def member(self, node_id: str) -> bytes | None:
        try:
            return (self.current / "members" / f"{node_id}.json").read_bytes()
        except FileNotFoundError:
            return None

    def rules(self) -> bytes | None:
        """Return `federation.json` as it was verified."""
        try:
            return (self.current / "federation.json").read_bytes()
        except FileNotFoundError:
            return None

    def root(self) -> Root:
        """Return the newest verified root; raises TrustNotSet."""
        try:
            data = (self.current / "cache" / "root.json").read_bytes()
        except FileNotFoundError:
            data = self.pinned_root()
        return Metadata[Root].from_bytes(data).signed

    def roles(self) -> tuple[RoleState, ...]:
        """Return every role: version, expiry, threshold and keys; empty before the first."""
        if not self.is_set:
            return ()
        cache = self.current / "cache"
        return read_roles(tuple((cache / f"{role}.json").read_bytes() for role in ROLES))

    def expired(self, now: datetime | None = None) -> tuple[str, ...]:
        """Return the roles that have run out: any at all means that this node is degraded."""
        now = now or datetime.now(UTC)
        return tuple(state.role for state in self.roles() if state.expires <= now)

    # --- Replacing it ---------------------------------------------------------------------------

    @contextmanager
    def scratch(self) -> Iterator["Scratch"]:
        """Give a copy of the cache to work in. It takes the state's place only through `adopt`."""
        self.states.mkdir(parents=True, exist_ok=True)
        before = self._name()
        folder = Path(tempfile.mkdtemp(prefix="s-", dir=self.states))
        work = Scratch(self, folder, before)
        try:
            for name in ("cache", "public/metadata", "public/targets/nodes", "members"):
                (folder / name).mkdir(parents=True)
            if before:
                shutil.copytree(
                    self.states / before / "cache",
                    folder / "cache",
                    symlinks=True,
                    dirs_exist_ok=True,
                )
            yield work
        finally:
            if self._name() != folder.name:
                shutil.rmtree(folder, ignore_errors=True)

    def _name(self) -> str:
        try:
            return os.readlink(self.current).rpartition("/")[2]
        except FileNotFoundError:
            return ""

    def _swap(self, folder: Path, before: str) -> None:
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._name() != before:
                raise StateChanged("Another worker took in newer trust metadata meanwhile.")
            link = self.folder / "current.new"
            link.unlink(missing_ok=True)
            link.symlink_to(f"states/{folder.name}")
            os.replace(link, self.current)
            self._clear(folder.name, before)

    def _clear(self, *kept: str) -> None:
        """Remove states that nobody reads or works in any more."""
        for old in self.states.glob("s-*"):
            if old.name not in kept and time.time() - old.stat().st_mtime > _IN_USE_SECONDS:
                shutil.rmtree(old, ignore_errors=True)

    # --- What the database has followed ---------------------------------------------------------

    def followed_members(self) -> dict[str, bytes] | None:
        """Return the members as they were when the database last followed them; None where that
        is how they stand. A crash between the two is made good with this."""
        try:
            name = (self.folder / "followed").read_text(encoding="ascii")
        except FileNotFoundError:
            name = ""
        if name == self._name():
            return None
        folder = self.states / name / "members"
        if not name or not folder.is_dir():
            return {}
        return {path.stem: path.read_bytes() for path in sorted(folder.glob("*.json"))}

    def mark_followed(self) -> None:
        write_atomically(self.folder / "followed", self._name().encode("ascii"))


@dataclass(frozen=True)
class Scratch:
    """A state in the making. `before` names the one it was copied from."""

    store: TrustStore
    folder: Path
    before: str

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def adopt(self) -> None:
        """Write the served names beside the cache and put this state in force, at once.

        Raises StateChanged where another process was faster.
        """
        metadata = self.folder / "public" / "metadata"
        for path in sorted((self.cache / "root_history").glob("*.root.json")):
            shutil.copyfile(path, metadata / path.name)
        if self.before:
            earlier = self.store.states / self.before / "public" / "metadata"
            for role in ("snapshot", "targets"):
                versions = sorted(earlier.glob(f"*.{role}.json"), key=_version_of)
                for path in versions[-_KEPT:]:
                    shutil.copyfile(path, metadata / path.name)
        for role in ("snapshot", "targets"):
            data = (self.cache / f"{role}.json").read_bytes()
            version = Metadata.from_bytes(data).signed.version
            (metadata / f"{version}.{role}.json").write_bytes(data)
        shutil.copyfile(self.cache / "timestamp.json", metadata / "timestamp.json")
        self.folder.chmod(0o755)  # served files; a static host may read them
        self.store._swap(self.folder, self.before)


def _version_of(path: Path) -> int:
    return int(path.name.partition(".")[0])


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old bytes or the new ones, and a crash loses neither."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)
