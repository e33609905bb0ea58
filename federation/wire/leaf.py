"""Log leaves: the canonical JSON of `{type, record}`, and nothing else about an item."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from federation.errors import InvalidLeaf
from federation.wire import merkle

LEAF_TYPES: Final = (
    "publish",
    "endorse",
    "review",
    "retract",
    "recall",
    "ack",
    "rotate",
    "sealed",
)

# A leaf has one form only, so that form is its grammar (RFC 8785: sorted keys, no spaces).
_LEAF: Final = re.compile(
    rb'\{"record":"([0-9a-f]{64})","type":"(%b)"\}' % "|".join(LEAF_TYPES).encode()
)
_ADDRESS: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry of a log: what kind of statement it is and the address of its record (hex)."""

    type: str
    record: str

    def __post_init__(self) -> None:
        if self.type not in LEAF_TYPES:
            raise InvalidLeaf(f"{self.type!r} is not a type of log entry")
        if not isinstance(self.record, str) or not _ADDRESS.fullmatch(self.record):
            raise InvalidLeaf("a leaf names its record by 64 lower-case hex digits")

    @property
    def data(self) -> bytes:
        """The leaf's bytes, as they are hashed and served."""
        return b'{"record":"%b","type":"%b"}' % (self.record.encode(), self.type.encode())

    @property
    def hash(self) -> bytes:
        """The 32-byte Merkle leaf hash (RFC 9162 section 2.1.1)."""
        return merkle.leaf_hash(self.data)

    @classmethod
    def parse(cls, data: bytes) -> Leaf:
        """The leaf of these bytes; raises InvalidLeaf for anything but a leaf's one form."""
        match = _LEAF.fullmatch(data)
        if match is None:
            raise InvalidLeaf(f"not a canonical leaf of a known type: {data[:120]!r}")
        return cls(match[2].decode(), match[1].decode())
