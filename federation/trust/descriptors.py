"""Membership by exchanged descriptors: files `nodes/<id>.json`, each a DSSE envelope.

A descriptor is signed by the node's identity and record keys; its log and witness keys sign the
same bytes, so that a node proves that it holds what it lists (docs/protocol.md, "Enrolment").
"""

import hashlib
import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from federation.errors import InvalidRecord, UnknownKey, UnknownMember
from federation.wire import dsse, records

from .directory import Endpoint, KeyPeriod, Member
from .keyfiles import NodeKeys

NODE_ID = re.compile(r"[a-z0-9-]{1,63}\Z")
PROVEN = ("identity", "record", "log", "witness")


def sign_descriptor(payload: bytes, keys: NodeKeys) -> dsse.Envelope:
    """Return the descriptor signed by every key that a receiver asks proof of."""
    signatures = tuple(
        dsse.Envelope.signed(payload, getattr(keys, purpose)).signatures[0] for purpose in PROVEN
    )
    return dsse.Envelope(payload, signatures)


@lru_cache(maxsize=512)
def read_descriptor(data: bytes) -> Member:
    """Verify a descriptor envelope and return the member it describes.

    Raises MalformedEnvelope, InvalidRecord, InvalidKey or BadSignature.
    """
    envelope = dsse.Envelope.from_json(data)
    record = records.parse(envelope.payload)
    if not isinstance(record, records.Descriptor):
        raise InvalidRecord(f"A {record.schema} is not a descriptor.")
    keys = record.keys
    for purpose in PROVEN:
        envelope.verify(keys[purpose])
    return Member(
        node_id=record.origin,
        log_origin=record.log_origin,
        log_key=keys["log"],
        witness_key=keys["witness"],
        identity_key=keys["identity"],
        request_key=keys["request"],
        record_keys=(KeyPeriod(keys["record"]),),
        endpoints=tuple(
            Endpoint(point.url.rstrip("/"), point.kind, point.private) for point in record.endpoints
        ),
        languages=record.languages,
        types=record.types,
    )


class DescriptorDirectory:
    """The directory kept as files under `<trust dir>/nodes/`; satisfies `Directory`."""

    def __init__(self, trust_dir: Path) -> None:
        self.folder = trust_dir / "nodes"

    def _path(self, node_id: str) -> Path:
        if not NODE_ID.match(node_id):
            raise UnknownMember(f"{node_id!r} is not a node id.", item=node_id)
        return self.folder / f"{node_id}.json"

    def envelope(self, node_id: str) -> bytes:
        """Return the stored descriptor bytes of one member, or raise UnknownMember."""
        try:
            return self._path(node_id).read_bytes()
        except FileNotFoundError:
            raise UnknownMember(f"{node_id} is not enrolled here.", item=node_id) from None

    def envelopes(self) -> dict[str, bytes]:
        """Return every stored descriptor, by node id, in order."""
        return {path.stem: path.read_bytes() for path in sorted(self.folder.glob("*.json"))}

    def member(self, node_id: str) -> Member:
        return read_descriptor(self.envelope(node_id))

    def members(self) -> Iterable[Member]:
        return [read_descriptor(data) for data in self.envelopes().values()]

    def by_request_key(self, keyid: str) -> Member:
        for member in self.members():
            if member.request_key.keyid == keyid:
                member.require_active()
                return member
        raise UnknownKey("The request was signed with a key that is not enrolled here.")

    def digest(self) -> str:
        found = hashlib.sha256()
        for node_id, data in self.envelopes().items():
            found.update(f"{node_id} {hashlib.sha256(data).hexdigest()}\n".encode("ascii"))
        return found.hexdigest()

    def add(self, data: bytes) -> Member:
        """Keep a verified descriptor. One that changes a known node's keys is refused for now.

        Raises what `read_descriptor` raises, and InvalidRecord for a change of keys: rotation
        arrives with the TUF directory.
        """
        member = read_descriptor(data)
        path = self._path(member.node_id)
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
        self.folder.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(".new")
        scratch.write_bytes(data)
        os.replace(scratch, path)
        return member
