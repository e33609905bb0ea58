"""Roots and roles as values: what a root.json must be, and how each role stands.

Source: the TUF specification, sections 4.3 and 5.3.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization import DeserializationError

from federation.errors import BadTrustMetadata, WrongRoot

from .rolekeys import ROLES, require_sound_root


@dataclass(frozen=True)
class RoleState:
    """One role as it stands here: version, when it runs out, who must sign."""

    role: str
    version: int
    expires: datetime
    threshold: int
    keyids: tuple[str, ...]


@lru_cache(maxsize=8)
def read_roles(datas: tuple[bytes, ...]) -> tuple[RoleState, ...]:
    """Return how each role stands, from the verified bytes of all four, in the order of ROLES."""
    signed = {
        role: Metadata.from_bytes(data).signed for role, data in zip(ROLES, datas, strict=True)
    }
    root = signed["root"]
    assert isinstance(root, Root)  # noqa: S101 - its bytes were verified as such
    return tuple(
        RoleState(
            role,
            signed[role].version,
            signed[role].expires,
            root.roles[role].threshold,
            tuple(root.roles[role].keyids),
        )
        for role in ROLES
    )


def check_root(data: bytes, version: int, sha256: str) -> Root:
    """Return the root in these bytes. Raises WrongRoot for another hash or version than given
    over another channel, BadTrustMetadata for one that is not signed by its own threshold."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise WrongRoot(f"This root.json has the SHA-256 {found}, not {sha256}.")
    try:
        metadata = Metadata[Root].from_bytes(data)
        root = metadata.signed
        if not isinstance(root, Root):
            raise BadTrustMetadata("This is no root.json.")
        root.verify_delegate(Root.type, metadata.signed_bytes, metadata.signatures)
    except (RepositoryError, DeserializationError, ValueError) as error:
        raise BadTrustMetadata(f"This root.json does not hold: {error}") from error
    require_sound_root(root)
    if root.version != version:
        raise WrongRoot(f"This root.json is version {root.version}, not {version}.")
    return root
