"""Take in newer trust metadata from any node, mirror or folder: root chain first, then the rest.

The TUF client workflow (specification, section 5.3 to 5.7) is python-tuf's `ngclient`. It works
on a copy: what does not verify as a whole leaves the state as it was. A verified new root alone is
kept, for it says whose signatures count from now on.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tuf.api import exceptions
from tuf.api.metadata import Metadata, Root, TargetFile, Targets
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from federation.errors import (
    BadTarget,
    BadTrustMetadata,
    FederationError,
    PeerUnreachable,
    ResponseTooLarge,
    TrustExpired,
    TrustRolledBack,
)

from .rolekeys import require_sound_root
from .store import Scratch, TrustStore
from .targets import FEDERATION, MAX_BYTES, read_rules, read_target, target_path

MAX_TARGETS: Final = 10_000
CONFIG: Final = UpdaterConfig(max_root_rotations=64, max_delegations=0)


def refresh(
    store: TrustStore, fetcher: FetcherInterface, base: str, *, look_only: bool = False
) -> bool:
    """Fetch and verify what is newer under `base`; return whether anything changed.

    With `look_only` it returns whether anything would, and nothing does. Raises TrustNotSet,
    TrustExpired, TrustRolledBack, BadTrustMetadata, BadTarget, StateChanged or what fetching
    raises. After any of them the members are those of before.
    """
    pinned = store.pinned_root()
    with store.scratch() as scratch:
        before = store.digest()
        roots = _root_versions(scratch)
        try:
            updater = Updater(
                metadata_dir=str(scratch.cache),
                metadata_base_url=f"{base}/metadata",
                target_base_url=f"{base}/targets",
                fetcher=fetcher,
                config=CONFIG,
                bootstrap=pinned,
            )
            try:
                updater.refresh()
            finally:
                _require_sound_roots(scratch)
            if before and _digest_of(scratch) == before and _root_versions(scratch) == roots:
                return False
            _drop_other_roots(store, scratch)
            _take_targets(store, scratch, updater)
        except (exceptions.RepositoryError, exceptions.DownloadError) as error:
            if not look_only:
                _keep_roots(store, scratch, roots)
            raise _named(error) from error
        if not look_only:
            scratch.adopt()
    return True


def _digest_of(scratch: Scratch) -> str:
    return TrustStoreView(scratch.folder).digest()


class TrustStoreView(TrustStore):
    """A state that is not in force, read as one that is."""

    def __init__(self, state: Path) -> None:
        super().__init__(state)
        self.current = state


def _root_versions(scratch: Scratch) -> list[str]:
    return sorted(path.name for path in (scratch.cache / "root_history").glob("*.json"))


def _drop_other_roots(store: TrustStore, scratch: Scratch) -> None:
    """Keep the chain from the pinned root to the newest alone. After a root was adopted by hand,
    those of the lost chain still lie in the cache, and must not be served."""
    newest = Metadata.from_bytes((scratch.cache / "root.json").read_bytes()).signed.version
    first = store.pin.version if store.pin else newest
    for path in (scratch.cache / "root_history").glob("*.json"):
        if not first <= int(path.name.partition(".")[0]) <= newest:
            path.unlink()


def _require_sound_roots(scratch: Scratch) -> None:
    for path in (scratch.cache / "root_history").glob("*.json"):
        require_sound_root(Metadata[Root].from_bytes(path.read_bytes()).signed)


def _keep_roots(store: TrustStore, scratch: Scratch, roots: list[str]) -> None:
    """A root that was signed by the one before counts even where the rest does not verify."""
    if not scratch.before or _root_versions(scratch) == roots:
        return
    cache = store.states / scratch.before / "cache"
    for name in set(_root_versions(scratch)) - set(roots):
        shutil.copyfile(scratch.cache / "root_history" / name, cache / "root_history" / name)
    link = cache / "root.json.new"
    link.unlink(missing_ok=True)
    link.symlink_to(os.readlink(scratch.cache / "root.json"))
    os.replace(link, cache / "root.json")


def _take_targets(store: TrustStore, scratch: Scratch, updater: Updater) -> None:
    """Fetch the targets that changed, and read every one as what it must be."""
    targets = Metadata[Targets].from_bytes((scratch.cache / "targets.json").read_bytes()).signed
    if targets.delegations is not None or len(targets.targets) > MAX_TARGETS:
        raise BadTrustMetadata("The targets delegate to others, or are too many.")
    for path, info in sorted(targets.targets.items()):
        if info.length > MAX_BYTES or "sha256" not in info.hashes:
            raise BadTarget(f"{path} is too large, or has no SHA-256.")
        public = scratch.folder / "public" / "targets" / _public_name(path, info)
        _fetch_target(store, public, updater, path, info)
        data = public.read_bytes()
        if path == FEDERATION:
            read_rules(data)
            (scratch.folder / FEDERATION).write_bytes(data)
            continue
        member = read_target(data)
        if path != target_path(member.node_id):
            raise BadTarget(f"{path} describes {member.node_id}.")
        os.link(public, scratch.folder / "members" / f"{member.node_id}.json")
    for path in _paths_before(store):
        if path not in targets.targets:
            raise BadTrustMetadata(f"{path} is gone; targets are never removed.")


def _fetch_target(
    store: TrustStore, public: Path, updater: Updater, path: str, info: TargetFile
) -> None:
    if public.parent.name not in ("nodes", "targets") or path.count("/") > 1:
        raise BadTarget(f"{path[:100]!r} is no target of a federation.")
    held = store.public(f"targets/{_public_name(path, info)}")
    try:
        if held is not None:
            info.verify_length_and_hashes(held)
            public.write_bytes(held)
        else:
            updater.download_target(info, str(public))
    except exceptions.LengthOrHashMismatchError as error:
        raise BadTarget(f"{path} is not the file that was signed: {error}") from error


def _public_name(path: str, info: TargetFile) -> str:
    """Return the name under which a target is served: consistent snapshots put its hash first."""
    folder, slash, name = path.rpartition("/")
    if not name or folder not in ("", "nodes") or name.startswith("."):
        raise BadTarget(f"{path[:100]!r} is no target of a federation.")
    return f"{folder}{slash}{next(iter(info.hashes.values()))}.{name}"


def _paths_before(store: TrustStore) -> Iterator[str]:
    for node_id in store.members():
        yield target_path(node_id)


def _named(error: Exception) -> FederationError:
    """Return our error for one of python-tuf's."""
    if isinstance(error, exceptions.DownloadLengthMismatchError):
        return ResponseTooLarge(str(error))
    if isinstance(error, exceptions.DownloadError):
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, FederationError):
                return cause
            cause = cause.__cause__
        return PeerUnreachable(str(error))
    if isinstance(error, exceptions.ExpiredMetadataError):
        return TrustExpired(str(error))
    if isinstance(error, exceptions.BadVersionNumberError):
        return TrustRolledBack(str(error))
    return BadTrustMetadata(str(error))


class FolderFetcher(FetcherInterface):
    """Reads a repository from a folder: the hub's own, or a medium that somebody carried here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = (self.folder / url.removeprefix("folder:/")).resolve()
        if not path.is_relative_to(self.folder) or not path.is_file():
            raise exceptions.DownloadHTTPError(f"There is no {path}.", 404)
        return iter([path.read_bytes()])


def refresh_from_folder(store: TrustStore, folder: Path) -> bool:
    """As `refresh`, from a folder with `metadata/` and `targets/` in it."""
    return refresh(store, FolderFetcher(folder), "folder:")
