"""What all records share: who says it, to whom, under which schema."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from federation.errors import InvalidRecord
from federation.wire import content
from federation.wire.content import Check, Place, fields, list_of, where

PUBLIC: Final = "public"
NETWORK: Final = "network"
SALT_BYTES: Final = 16
MAX_AUDIENCE: Final = 1000
SCHEMA_PATTERN: Final = r"[a-z][a-z0-9-]{0,62}/[1-9][0-9]{0,5}"

Identity = tuple[str, str, str]
"""What an item is known by: (origin, id, lang)."""


def new_salt() -> str:
    """A fresh salt: 16 random bytes as hex."""
    return secrets.token_hex(SALT_BYTES)


@dataclass(frozen=True, slots=True)
class Record:
    """What every record has. `audience` is "public", "network" or the node ids it is meant for."""

    schema: str
    origin: str
    audience: str | tuple[str, ...]
    salt: str
    raw: dict[str, Any] = field(hash=False, repr=False)

    leaf_type: ClassVar[str | None] = None
    """The log entry's type while the audience is public; None for what no log holds."""
    check: ClassVar[Check]

    @property
    def is_public(self) -> bool:
        """Whether anybody may read it."""
        return self.audience == PUBLIC

    @classmethod
    def values(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """The dataclass fields of this class, from a checked object."""
        audience = raw["audience"]
        return {
            "schema": raw["schema"],
            "origin": raw["origin"],
            "audience": audience if isinstance(audience, str) else tuple(audience),
            "salt": raw["salt"],
            "raw": raw,
        }


def _audience(value: Any, at: Place) -> None:
    if value in (PUBLIC, NETWORK) and isinstance(value, str):
        return
    NODES(value, at)
    if len(set(value)) != len(value):
        raise InvalidRecord(f"{where(at)} names a node twice")


NODES: Final = list_of(content.NODE, limit=MAX_AUDIENCE, least=1)
COMMON: Final[dict[str, Check]] = {
    "origin": content.NODE,
    "audience": _audience,
    "salt": content.HEX32,
}


def whole(known: dict[str, Check]) -> Check:
    """An object of which every known field is required."""
    return fields(known, required=known)
