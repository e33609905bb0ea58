"""The directory of members as the rest of the federation asks for it: files, read and verified.

Where a root is pinned (`store`) a member is what the stewards signed, and nothing else. Where none
is, as before a node has joined and in tests, members are the descriptors under `nodes/`. What this
node says of itself lies under `own/`.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from federation.errors import InvalidRecord, UnknownKey, UnknownMember

from .descriptors import NODE_ID, read_descriptor
from .directory import Member
from .store import TrustStore, write_atomically
from .targets import Rules, descriptor_of, read_rules, read_target


class DescriptorDirectory:
    """The directory under the trust folder; satisfies `Directory`."""

    def __init__(self, trust_dir: Path) -> None:
        self.folder = trust_dir / "nodes"
        self.own = trust_dir / "own"
        self.store = TrustStore(trust_dir)

    def _path(self, folder: Path, node_id: str) -> Path:
        if not NODE_ID.match(node_id):
            raise UnknownMember(f"{node_id!r} is not a node id.", item=node_id)
        return folder / f"{node_id}.json"

    def envelope(self, node_id: str) -> bytes:
        """Return the newest descriptor of a node, or raise UnknownMember.

        Of a member that is the one which the stewards' file of it carries as proof of its keys.
        """
        own, kept = self._path(self.own, node_id), self._path(self.folder, node_id)
        signed = self.store.member(node_id)
        if signed is not None and not own.exists():
            return descriptor_of(signed)
        for path in (own, kept):
            try:
                return path.read_bytes()
            except FileNotFoundError:
                continue
        raise UnknownMember(f"{node_id} is not enrolled here.", item=node_id)

    def envelopes(self) -> dict[str, bytes]:
        """Return every member's file, by node id, in order: what stewards signed, or descriptors.

        This node's own descriptor is among them as long as stewards have signed nothing of it.
        """
        own = {path.stem: path.read_bytes() for path in self.own.glob("*.json")}
        if self.store.is_set:
            found = own | self.store.members()
        else:
            found = {path.stem: path.read_bytes() for path in self.folder.glob("*.json")} | own
        return dict(sorted(found.items()))

    def member(self, node_id: str) -> Member:
        if not self.store.is_set:
            return read_descriptor(self.envelope(node_id))
        self._path(self.folder, node_id)
        data = self.store.member(node_id)
        if data is not None:
            return read_target(data)
        try:
            return read_descriptor(self._path(self.own, node_id).read_bytes())
        except FileNotFoundError:
            raise UnknownMember(f"{node_id} is not enrolled here.", item=node_id) from None

    def members(self) -> Iterable[Member]:
        return [self.member(node_id) for node_id in self.envelopes()]

    def by_request_key(self, keyid: str, *, suspended_too: bool = False) -> Member:
        for member in self.members():
            if member.request_key.keyid == keyid:
                if not (suspended_too and member.status == "suspended"):
                    member.require_active()
                return member
        raise UnknownKey("The request was signed with a key that is not enrolled here.")

    def rules(self) -> Rules:
        """Return the witnesses and quorums that the stewards set; none before they did."""
        data = self.store.rules()
        return read_rules(data) if data else Rules()

    def digest(self) -> str:
        if self.store.is_set:
            return self.store.digest()
        found = hashlib.sha256()
        for node_id, data in self.envelopes().items():
            found.update(f"{node_id} {hashlib.sha256(data).hexdigest()}\n".encode("ascii"))
        return found.hexdigest()

    def keep_own(self, data: bytes) -> Member:
        """Keep what this node says of itself; raises what `read_descriptor` raises."""
        member = read_descriptor(data)
        write_atomically(self._path(self.own, member.node_id), data)
        return member

    def add(self, data: bytes) -> Member:
        """Keep a verified descriptor. One that changes a known node's keys is refused.

        Counts for members only where no root is pinned. Raises what `read_descriptor` raises, and
        InvalidRecord for a change of keys: only stewards change those.
        """
        member = read_descriptor(data)
        path = self._path(self.folder, member.node_id)
        if path.exists():
            known = read_descriptor(path.read_bytes())
            if (known.identity_key, known.log_key, known.record_keys, known.request_key) != (
                member.identity_key,
                member.log_key,
                member.record_keys,
                member.request_key,
            ):
                raise InvalidRecord(
                    f"{member.node_id} offered other keys than those it enrolled with.",
                    item=member.node_id,
                )
        write_atomically(path, data)
        return member
