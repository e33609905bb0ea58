"""The hub's own TUF repository: what stewards signed, and the two roles that sign by themselves.

Under `trust/repository/`: `metadata/` and `targets/` as they are served. Snapshot and timestamp
have keys of their own beside the node's (`trust-snapshot.pem`, `trust-timestamp.pem`). Source: the
TUF specification, sections 4 and 6.
"""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from federation.errors import ChangeRefused, TrustNotSet

from .rolekeys import ONLINE, create_role_key, load_signer
from .store import Pin, write_atomically

LIFETIME: Final = {
    "root": timedelta(days=730),
    "targets": timedelta(days=183),
    "snapshot": timedelta(days=7),
    "timestamp": timedelta(hours=48),
}
T = TypeVar("T", Root, Targets, Snapshot, Timestamp)


@dataclass(frozen=True)
class Repository:
    """The repository of a hub: where its files lie, and where its online keys are."""

    folder: Path
    keys_dir: Path

    @property
    def exists(self) -> bool:
        return (self.folder / "metadata" / "timestamp.json").exists()

    # --- Reading --------------------------------------------------------------------------------

    def newest(self, role: str, kind: type[T]) -> Metadata[T]:
        """Return the newest published metadata of a role; raises TrustNotSet."""
        path = self._newest_path(role)
        if path is None:
            raise TrustNotSet(f"The repository has no {role}.json yet.")
        return cast("Metadata[T]", Metadata.from_bytes(path.read_bytes()))

    def _newest_path(self, role: str) -> Path | None:
        metadata = self.folder / "metadata"
        if role == Timestamp.type:
            path = metadata / "timestamp.json"
            return path if path.exists() else None
        found = metadata.glob(f"*.{role}.json")
        return max(found, key=lambda path: int(path.name.partition(".")[0]), default=None)

    def root_bytes(self) -> bytes:
        """Return the newest root.json, whose hash an invite gives; raises TrustNotSet."""
        path = self._newest_path(Root.type)
        if path is None:
            raise TrustNotSet("No repository of members was started here.")
        return path.read_bytes()

    def root_pin(self) -> Pin:
        """Return version and hash of the newest root.json; raises TrustNotSet."""
        data = self.root_bytes()
        version = self.newest(Root.type, Root).signed.version
        return Pin(version, hashlib.sha256(data).hexdigest())

    def target(self, path: str) -> bytes | None:
        """Return the newest published bytes of a target; None where there is none."""
        if self._newest_path(Targets.type) is None:
            return None
        info = self.newest(Targets.type, Targets).signed.targets.get(path)
        return (self.folder / "targets" / target_name(info)).read_bytes() if info else None

    def contents(self) -> dict[str, bytes]:
        """Return every target by its path."""
        if self._newest_path(Targets.type) is None:
            return {}
        targets = self.newest(Targets.type, Targets).signed.targets
        return {
            path: (self.folder / "targets" / target_name(info)).read_bytes()
            for path, info in targets.items()
        }

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let one process at a time publish here."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    # --- The online roles -----------------------------------------------------------------------

    def online_key(self, role: str) -> Path:
        return self.keys_dir / f"trust-{role}.pem"

    def create_online_keys(self) -> None:
        """Make the keys of snapshot and timestamp where they are missing."""
        for role in ONLINE:
            if not self.online_key(role).exists():
                create_role_key(self.online_key(role))

    def publish(
        self,
        root: Metadata[Root] | None,
        targets: Metadata[Targets] | None,
        contents: dict[str, bytes],
        now: datetime | None = None,
    ) -> None:
        """Put verified metadata in place: files first, then snapshot, the timestamp last.

        Who calls has checked thresholds and contents (`changes.require_publishable`).
        """
        for path, data in contents.items():
            info = TargetFile.from_data(path, data, ["sha256"])
            write_atomically(self.folder / "targets" / target_name(info), data)
        for metadata in (root, targets):
            if metadata is not None:
                name = f"{metadata.signed.version}.{metadata.signed.type}.json"
                write_atomically(self.folder / "metadata" / name, metadata.to_bytes())
        self.sign_snapshot(now)

    def sign_snapshot(self, now: datetime | None = None) -> None:
        """Sign a snapshot of the newest targets, and a timestamp over it."""
        now = now or datetime.now(UTC)
        targets = self._newest_path(Targets.type)
        if targets is None:
            raise TrustNotSet("The repository has no targets.json yet.")
        version = int(targets.name.partition(".")[0])
        meta = {"targets.json": MetaFile.from_data(version, targets.read_bytes(), ["sha256"])}
        snapshot = Snapshot(
            version=self._next(Snapshot.type),
            expires=_expiry(Snapshot.type, now),
            meta=meta,
        )
        data = self._signed(snapshot)
        write_atomically(self.folder / "metadata" / f"{snapshot.version}.snapshot.json", data)
        self.sign_timestamp(now)

    def sign_timestamp(self, now: datetime | None = None) -> None:
        """Sign a timestamp over the newest snapshot."""
        now = now or datetime.now(UTC)
        path = self._newest_path(Snapshot.type)
        if path is None:
            raise TrustNotSet("The repository has no snapshot.json yet.")
        version = int(path.name.partition(".")[0])
        timestamp = Timestamp(
            version=self._next(Timestamp.type),
            expires=_expiry(Timestamp.type, now),
            snapshot_meta=MetaFile.from_data(version, path.read_bytes(), ["sha256"]),
        )
        write_atomically(self.folder / "metadata" / "timestamp.json", self._signed(timestamp))

    def _next(self, role: str) -> int:
        path = self._newest_path(role)
        if path is None:
            return 1
        return int(Metadata.from_bytes(path.read_bytes()).signed.version) + 1

    def _signed(self, signed: Snapshot | Timestamp) -> bytes:
        metadata: Metadata[Any] = Metadata(signed)
        metadata.sign(load_signer(self.online_key(signed.type)))
        root = self.newest(Root.type, Root).signed
        try:
            root.verify_delegate(signed.type, metadata.signed_bytes, metadata.signatures)
        except RepositoryError as error:
            raise ChangeRefused(
                f"The {signed.type} key of this hub is not the one that the root names: {error}"
            ) from error
        return metadata.to_bytes()

    def renew(self, now: datetime | None = None) -> bool:
        """Sign the online roles anew once half their life is over; return whether it was time."""
        now = now or datetime.now(UTC)
        snapshot = self.newest(Snapshot.type, Snapshot).signed
        timestamp = self.newest(Timestamp.type, Timestamp).signed
        if snapshot.expires - now < LIFETIME["snapshot"] / 2:
            self.sign_snapshot(now)
            return True
        if timestamp.expires - now < LIFETIME["timestamp"] / 2:
            self.sign_timestamp(now)
            return True
        return False


def _expiry(role: str, now: datetime) -> datetime:
    return (now + LIFETIME[role]).replace(microsecond=0)


def expiry(role: str, now: datetime | None = None) -> datetime:
    """Return when metadata of this role that is signed now runs out."""
    return _expiry(role, now or datetime.now(UTC))


def target_name(info: TargetFile) -> str:
    """Return the name of a target's file in a repository with consistent snapshots."""
    folder, slash, name = info.path.rpartition("/")
    return f"{folder}{slash}{info.hashes['sha256']}.{name}"
