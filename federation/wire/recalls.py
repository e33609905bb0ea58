"""Statements about danger: recall an item, lift a recall, acknowledge one.

A recall and its lift are valid by their signatures, whoever carries them. So `origin` is not the
owner of the log in which they stand, and who must have signed is asked elsewhere
(`services.entitlement`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from federation.errors import InvalidRecord
from federation.wire import content
from federation.wire.content import Check, Place, fields, list_of, one_of, where
from federation.wire.record import COMMON, PUBLIC, whole
from federation.wire.statements import MAX_NOTE, Statement

MAX_RECORDS: Final = 10_000

# Nobody can heed what they may not read.
_PUBLIC: Final[dict[str, Check]] = {**COMMON, "audience": one_of(PUBLIC)}
_IDENTITY: Final[dict[str, Check]] = {
    "origin": content.NODE,
    "id": content.UUID4,
    "lang": content.LANG,
}
_REASON: Final[Check] = content.text(MAX_NOTE)


def _whole_item(value: Any, at: Place) -> None:
    """A recall names an item, not one of its versions: the next one would endanger people too."""
    fields(_IDENTITY, required=("origin", "id"))(value, at)
    for name in ("version", "record", "index"):
        if name in value:
            raise InvalidRecord(f"{where(at)}.{name} has no place in a recall")


@dataclass(frozen=True, slots=True)
class Recall(Statement):
    """`recall/1`: this endangers people. Names an item in all its languages, or in one.

    `records` are addresses of the item's versions, as far as the signer knew them: they excuse
    that a body is absent, and nothing else follows from them.
    """

    reason: str
    records: tuple[str, ...]

    leaf_type: ClassVar[str | None] = "recall"
    check: ClassVar[Check] = staticmethod(
        whole(
            {
                **_PUBLIC,
                "target": _whole_item,
                "reason": _REASON,
                "day": content.day,
                "records": list_of(content.HEX64, limit=MAX_RECORDS),
            }
        )
    )

    @classmethod
    def values(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """As in Record."""
        said = {"reason": raw["reason"], "records": tuple(raw["records"])}
        return {**Statement.values(raw), **said}


@dataclass(frozen=True, slots=True)
class Lift(Statement):
    """`lift/1`: one recall, named by its address in `target.record`, no longer holds."""

    reason: str

    leaf_type: ClassVar[str | None] = "recall"
    check: ClassVar[Check] = staticmethod(
        whole(
            {
                **_PUBLIC,
                "target": fields(
                    {**_IDENTITY, "record": content.HEX64}, required=("origin", "id", "record")
                ),
                "reason": _REASON,
                "day": content.day,
            }
        )
    )

    @classmethod
    def values(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """As in Record."""
        return {**Statement.values(raw), "reason": raw["reason"]}


@dataclass(frozen=True, slots=True)
class Ack(Statement):
    """`ack/1`: the signer has applied the recall whose address is `target.record`."""

    leaf_type: ClassVar[str | None] = "ack"
    check: ClassVar[Check] = staticmethod(
        whole(
            {
                **_PUBLIC,
                "target": fields({"record": content.HEX64}, required=("record",)),
                "day": content.day,
            }
        )
    )
