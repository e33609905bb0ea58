"""Statements about items, each by one node about its own items or those of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from federation.errors import WrongOrigin
from federation.wire import content
from federation.wire.content import Check, Place, fields, integer, one_of
from federation.wire.record import COMMON, NODES, Identity, Record, whole

MAX_NOTE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Target:
    """What a statement is about, as far as it applies; the rest is None."""

    origin: str | None = None
    id: str | None = None
    lang: str | None = None
    version: int | None = None
    record: str | None = None
    index: int | None = None

    @property
    def identity(self) -> Identity | None:
        """The item it is about; None if it is about a statement, named by its record only."""
        if self.origin is None or self.id is None or self.lang is None:
            return None
        return (self.origin, self.id, self.lang)


_TARGET: Final[dict[str, Check]] = {
    "origin": content.NODE,
    "id": content.UUID4,
    "lang": content.LANG,
    "version": integer(1),
    "record": content.HEX64,
    "index": integer(),
}


@dataclass(frozen=True, slots=True)
class Statement(Record):
    """What statements about items have: their target and the day (YYYY-MM-DD) they were made."""

    target: Target
    day: str

    @classmethod
    def values(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """As in Record."""
        known = {name: raw["target"].get(name) for name in Target.__slots__}
        return {**Record.values(raw), "target": Target(**known), "day": raw["day"]}


@dataclass(frozen=True, slots=True)
class Endorse(Statement):
    """`endorse/1`: the signer vouches for exactly one version of an item."""

    leaf_type: ClassVar[str | None] = "endorse"
    check: ClassVar[Check] = staticmethod(
        whole({**COMMON, "target": whole(_TARGET), "day": content.day})
    )


@dataclass(frozen=True, slots=True)
class Review(Statement):
    """`review/1`: a note to an author; never public."""

    decision: Literal["return", "decline"]
    note: str

    leaf_type: ClassVar[str | None] = "review"
    check: ClassVar[Check] = staticmethod(
        whole(
            {
                **COMMON,
                "audience": NODES,
                "target": whole(_TARGET),
                "decision": one_of("return", "decline"),
                "note": content.text(MAX_NOTE),
                "day": content.day,
            }
        )
    )

    @classmethod
    def values(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """As in Record."""
        return {**Statement.values(raw), "decision": raw["decision"], "note": raw["note"]}


def _retract_target(value: Any, at: Place) -> None:
    about_statement = isinstance(value, dict) and "id" not in value and "record" in value
    fields(_TARGET, required=("record",) if about_statement else ("origin", "id", "lang"))(
        value, at
    )


@dataclass(frozen=True, slots=True)
class Retract(Statement):
    """`retract/1`: the signer takes back an item or a statement of its own."""

    reason: str

    leaf_type: ClassVar[str | None] = "retract"
    check: ClassVar[Check] = staticmethod(
        whole(
            {
                **COMMON,
                "target": _retract_target,
                "reason": content.text(MAX_NOTE),
                "day": content.day,
            }
        )
    )

    @classmethod
    def values(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """As in Record; raises WrongOrigin for the retraction of somebody else's item."""
        if raw["target"].get("origin", raw["origin"]) != raw["origin"]:
            raise WrongOrigin("only the origin of an item can retract it")
        return {**Statement.values(raw), "reason": raw["reason"]}
