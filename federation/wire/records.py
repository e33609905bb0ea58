"""Records: the statements of nodes, as RFC 8785 JSON. One class and one line in a table for each.

`parse` takes the exact bytes that were signed and gives a value; `build` makes such bytes. A record
keeps the whole of what was parsed in `raw`, unknown fields included, so that
`canonical.dumps(record.raw)` is the payload again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from federation.errors import InvalidRecord, RecordTooLarge, TypeMismatch, UnknownSchema
from federation.wire import canonical
from federation.wire.descriptor import KEY_PURPOSES, Descriptor, Endpoint, Rotate
from federation.wire.items import Case, Item, Media, Play, Source, Term
from federation.wire.recalls import Ack, Lift, Recall
from federation.wire.record import NETWORK, PUBLIC, SCHEMA_PATTERN, Identity, Record, new_salt
from federation.wire.statements import Endorse, Retract, Review, Statement, Target

__all__ = [
    "ITEM_SCHEMAS",
    "KEY_PURPOSES",
    "MAX_RECORD_BYTES",
    "NETWORK",
    "PUBLIC",
    "SCHEMAS",
    "Ack",
    "Case",
    "Descriptor",
    "Endorse",
    "Endpoint",
    "Identity",
    "Item",
    "Lift",
    "Media",
    "Play",
    "Recall",
    "Record",
    "Retract",
    "Review",
    "Rotate",
    "Source",
    "Statement",
    "Target",
    "Term",
    "build",
    "leaf_type_for",
    "new_salt",
    "parse",
    "require_leaf_type",
]

MAX_RECORD_BYTES: Final = 1024 * 1024

_NO_SCHEMA: Final = "a record is an object with a schema such as play/1"
_SCHEMA: Final = re.compile(SCHEMA_PATTERN)

SCHEMAS: Final[dict[str, type[Record]]] = {
    "play/1": Play,
    "case/1": Case,
    "term/1": Term,
    "endorse/1": Endorse,
    "review/1": Review,
    "retract/1": Retract,
    "recall/1": Recall,
    "lift/1": Lift,
    "ack/1": Ack,
    "rotate/1": Rotate,
    "descriptor/1": Descriptor,
}
ITEM_SCHEMAS: Final = frozenset(name for name, cls in SCHEMAS.items() if issubclass(cls, Item))


def parse(payload: bytes, *, max_bytes: int = MAX_RECORD_BYTES) -> Record:
    """The record of a payload, checked in form; nothing about its signature is.

    Raises RecordTooLarge, a JsonError, UnknownSchema, InvalidRecord, UnknownBlock, WrongOrigin or
    InvalidKey.
    """
    if len(payload) > max_bytes:
        raise RecordTooLarge(f"{len(payload)} bytes, where at most {max_bytes} are allowed")
    raw = canonical.loads_canonical(payload, max_bytes=max_bytes)
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if not isinstance(schema, str):
        raise InvalidRecord(_NO_SCHEMA)
    cls = SCHEMAS.get(schema)
    if cls is None:
        raise (
            UnknownSchema(schema=schema) if _SCHEMA.fullmatch(schema) else InvalidRecord(_NO_SCHEMA)
        )
    cls.check(raw, schema)
    return cls(**cls.values(raw))


def build(schema: str, fields: Mapping[str, Any]) -> bytes:
    """The payload of a record with these fields; fills in nothing and raises what `parse` does."""
    payload = canonical.dumps({**fields, "schema": schema})
    parse(payload)
    return payload


def leaf_type_for(record: Record) -> str:
    """The type of the log entry that names this record: "sealed" for all that is not public.

    Raises TypeMismatch for a record that stands in no log.
    """
    if record.leaf_type is None:
        raise TypeMismatch(f"a {record.schema} stands in no log")
    return record.leaf_type if record.is_public else "sealed"


def require_leaf_type(record: Record, leaf_type: str) -> None:
    """Raises TypeMismatch unless a log entry of this type may name this record."""
    expected = leaf_type_for(record)
    if leaf_type != expected:
        raise TypeMismatch(f"a log entry {leaf_type!r} names a record that should be {expected!r}")
