"""A change of members or roles, as a file that goes from steward to steward until enough signed.

The file carries what stood before, with the signatures of that, so that whoever signs sees on a
machine without network or database what would change. Source: docs/operating.md, "Stewards"; the
TUF specification, sections 4.3, 4.5 and 6.1.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, TargetFile, Targets
from tuf.api.serialization import DeserializationError

from federation.errors import ChangeRefused, FederationError
from federation.wire import canonical

from .repository import Repository
from .rolekeys import load_signer, require_sound_root
from .targets import FEDERATION, read_rules, read_target, require_rules_kept, target_path

FORMAT: Final = "trust-change/1"
MAX_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True)
class Standing:
    """How many of the needed signatures one part of a change has. `by`: "root", "targets"; for a
    root also "root before", whose keys must sign the new one too."""

    by: str
    signed: int
    needed: int

    @property
    def complete(self) -> bool:
        return self.signed >= self.needed


@dataclass
class Change:
    """New root or targets metadata, or both, with the contents of every target.

    `before_*` is what was published when the change was proposed; None for the very first.
    """

    root: Metadata[Root] | None
    targets: Metadata[Targets] | None
    contents: dict[str, bytes]
    before_root: Metadata[Root] | None = None
    before_targets: Metadata[Targets] | None = None
    before_contents: dict[str, bytes] = field(default_factory=dict)

    # --- As a file ------------------------------------------------------------------------------

    def to_bytes(self) -> bytes:
        """Return the change as it is carried: canonical JSON."""
        return canonical.dumps(
            {
                "format": FORMAT,
                "root": _to_dict(self.root),
                "targets": _to_dict(self.targets),
                "contents": _texts(self.contents),
                "before": {
                    "root": _to_dict(self.before_root),
                    "targets": _to_dict(self.before_targets),
                    "contents": _texts(self.before_contents),
                },
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Change":
        """Read a change and check that it fits together; raises ChangeRefused."""
        try:
            value: Any = canonical.loads(data, max_bytes=MAX_BYTES)
            if value["format"] != FORMAT:
                raise ChangeRefused("This is a change of another format.")
            before = value["before"]
            change = cls(
                root=_from_dict(value["root"], Root),
                targets=_from_dict(value["targets"], Targets),
                contents=_bytes(value["contents"]),
                before_root=_from_dict(before["root"], Root),
                before_targets=_from_dict(before["targets"], Targets),
                before_contents=_bytes(before["contents"]),
            )
        except ChangeRefused:
            raise
        except (FederationError, DeserializationError, KeyError, TypeError, ValueError) as error:
            raise ChangeRefused(f"This is not a change that can be read: {error}") from error
        change.require_sound()
        return change

    # --- What it amounts to ---------------------------------------------------------------------

    @property
    def root_after(self) -> Root:
        """The root that will be in force."""
        metadata = self.root or self.before_root
        if metadata is None:
            raise ChangeRefused("The change names no root at all.")
        return metadata.signed

    def require_sound(self) -> None:
        """Raise ChangeRefused where parts do not fit together, whoever may have signed them."""
        try:
            self._require_sound()
        except (RepositoryError, ValueError) as error:
            raise ChangeRefused(f"The change does not fit together: {error}") from error
        except ChangeRefused:
            raise
        except FederationError as error:
            raise ChangeRefused(f"The change does not hold: {error}") from error

    def _require_sound(self) -> None:
        require_sound_root(self.root_after)
        if self.before_root is not None:
            _verify(self.before_root.signed, "root", self.before_root)
            if self.before_targets is not None:
                _verify(self.before_root.signed, "targets", self.before_targets)
        if self.root is not None:
            _require_next(self.before_root, self.root)
        if self.targets is None:
            return
        _require_next(self.before_targets, self.targets)
        listed = self.targets.signed.targets
        earlier = self.before_targets.signed.targets if self.before_targets else {}
        if set(listed) != set(self.contents) or not set(earlier) <= set(listed):
            raise ChangeRefused("Targets are missing; they are never removed.")
        for path, data in self.contents.items():
            listed[path].verify_length_and_hashes(data)
            if path == FEDERATION:
                read_rules(data)
                # Only where they change: a witness that was taken over is revoked all the same.
                if path in self.changed():
                    require_rules_kept(data, self.contents)
            elif target_path(read_target(data).node_id) != path:
                raise ChangeRefused(f"{path} describes another node.")
        for path, data in self.before_contents.items():
            if path not in earlier:
                raise ChangeRefused(f"{path} was not there before.")
            earlier[path].verify_length_and_hashes(data)

    def changed(self) -> list[str]:
        """Return the paths of the targets that are new or other than before."""
        if self.targets is None:
            return []
        earlier = self.before_targets.signed.targets if self.before_targets else {}
        listed = self.targets.signed.targets
        return sorted(
            path
            for path, info in listed.items()
            if path not in earlier or earlier[path].hashes != info.hashes
        )

    def standings(self) -> list[Standing]:
        """Return how many signatures each part has, and needs."""
        found = []
        if self.root is not None:
            found.append(_standing("root", self.root.signed, "root", self.root))
            if self.before_root is not None:
                before = self.before_root.signed
                found.append(_standing("root before", before, "root", self.root))
        if self.targets is not None:
            found.append(_standing("targets", self.root_after, "targets", self.targets))
        return found

    @property
    def complete(self) -> bool:
        return all(standing.complete for standing in self.standings())

    # --- Signing --------------------------------------------------------------------------------

    def sign(self, key_path: Path) -> list[str]:
        """Add one key's signature wherever that key may sign; return for which roles it did.

        Needs no network and no database. Raises KeyFileError's kinds, ChangeRefused where the key
        has no say in this change.
        """
        signer = load_signer(key_path)
        keyid = signer.public_key.keyid
        roots = [metadata.signed for metadata in (self.root, self.before_root) if metadata]
        done = []
        if self.root is not None and any(keyid in root.roles["root"].keyids for root in roots):
            self.root.sign(signer, append=True)
            done.append("root")
        if self.targets is not None and keyid in self.root_after.roles["targets"].keyids:
            self.targets.sign(signer, append=True)
            done.append("targets")
        if not done:
            raise ChangeRefused(f"The key in {key_path.name} has no say in this change.")
        return done


def require_publishable(change: Change, repository: Repository) -> None:
    """Raise ChangeRefused unless enough have signed and nothing was published meanwhile."""
    change.require_sound()
    for standing in change.standings():
        if not standing.complete:
            raise ChangeRefused(
                f"{standing.by}: {standing.signed} of {standing.needed} signatures that count."
            )
    root = repository.newest("root", Root) if repository.exists else None
    targets = repository.newest("targets", Targets) if repository.exists else None
    _require_same("root", root, change.before_root)
    _require_same("targets", targets, change.before_targets)


def _require_same(role: str, held: Metadata[Any] | None, before: Metadata[Any] | None) -> None:
    if (held and held.to_bytes()) != (before and before.to_bytes()):
        raise ChangeRefused(f"Other {role} metadata was published since this was proposed.")


def _standing(by: str, root: Root, role: str, metadata: Metadata[Any]) -> Standing:
    result = root.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    return Standing(by, len(result.signed), result.threshold)


def _verify(root: Root, role: str, metadata: Metadata[Any]) -> None:
    root.verify_delegate(role, metadata.signed_bytes, metadata.signatures)


def _require_next(before: Metadata[Any] | None, after: Metadata[Any]) -> None:
    expected = before.signed.version + 1 if before is not None else 1
    if after.signed.version != expected:
        raise ChangeRefused(
            f"{after.signed.type} is version {after.signed.version}; {expected} comes next."
        )


def _to_dict(metadata: Metadata[Any] | None) -> dict[str, Any] | None:
    return metadata.to_dict() if metadata is not None else None


def _from_dict(value: Any, kind: type[Any]) -> Any:
    if value is None:
        return None
    metadata = Metadata.from_dict(value)
    if not isinstance(metadata.signed, kind):
        raise ChangeRefused(f"This is no {kind.type}.json.")
    return cast("Metadata[Any]", metadata)


def _texts(contents: dict[str, bytes]) -> dict[str, str]:
    return {path: data.decode("utf-8") for path, data in contents.items()}


def _bytes(value: dict[str, str]) -> dict[str, bytes]:
    return {path: text.encode("utf-8") for path, text in value.items()}


def target_files(contents: dict[str, bytes]) -> dict[str, TargetFile]:
    """Return the entries of `targets.json` for these contents."""
    return {path: TargetFile.from_data(path, data, ["sha256"]) for path, data in contents.items()}
