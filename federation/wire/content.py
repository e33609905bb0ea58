"""The vocabularies of what records hold: checks of form, put together into tables.

A check takes a value and where it stands, and raises InvalidRecord if the form is wrong. Rich text
is checked for type and length only: what its tags may do is judged where it is sanitised. Fields
that a table does not name are let through, for within a schema version fields are only added.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from federation.errors import InvalidRecord, UnknownBlock
from federation.wire.canonical import MAX_INTEGER

# Where a value stands: a name, or the place of what holds it and its name or index in that. Only a
# value that is refused has its place written out.
Place = str | tuple["Place", str | int]
Check = Callable[[Any, Place], None]

LINE_LENGTH: Final = 2_000
TEXT_LENGTH: Final = 20_000
HTML_LENGTH: Final = 400_000
LIST_LENGTH: Final = 1_000

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def where(at: Place) -> str:
    """A place as people read it: `play/1.content.steps[0].value`."""
    if isinstance(at, str):
        return at
    holder, name = at
    return f"{where(holder)}.{name}" if isinstance(name, str) else f"{where(holder)}[{name}]"


@dataclass(frozen=True)
class text:  # noqa: N801 - one of the checks below, whose limit `fields` reads
    """A string of at most `limit` characters."""

    limit: int = TEXT_LENGTH

    def __call__(self, value: Any, at: Place) -> None:
        if not isinstance(value, str):
            raise InvalidRecord(f"{where(at)} is not a string")
        if len(value) > self.limit:
            raise InvalidRecord(f"{where(at)} is longer than {self.limit} characters")


def line(limit: int = LINE_LENGTH, *, blank: bool = True) -> Check:
    """A string of one line; not an empty one if `blank` is false."""
    whole, has_control = text(limit), _CONTROL.search

    def check(value: Any, at: Place) -> None:
        if type(value) is not str or len(value) > limit:
            whole(value, at)
        if not value.isprintable() and has_control(value):  # the first is quick, and mostly enough
            raise InvalidRecord(f"{where(at)} is not a single line")
        if not blank and not value.strip():
            raise InvalidRecord(f"{where(at)} is empty")

    return check


def matching(pattern: str, what: str) -> Check:
    """A string that the pattern matches as a whole."""
    fullmatch = re.compile(pattern).fullmatch

    def check(value: Any, at: Place) -> None:
        if not isinstance(value, str) or not fullmatch(value):
            raise InvalidRecord(f"{where(at)} is not {what}")

    return check


def one_of(*choices: str) -> Check:
    """One of these strings."""

    def check(value: Any, at: Place) -> None:
        if not isinstance(value, str) or value not in choices:
            raise InvalidRecord(f"{where(at)} is none of: {', '.join(choices)}")

    return check


def integer(low: int = 0, high: int = MAX_INTEGER) -> Check:
    """An integer from low to high, both included; true and false are none."""

    def check(value: Any, at: Place) -> None:
        if type(value) is not int or not low <= value <= high:
            raise InvalidRecord(f"{where(at)} is not an integer from {low} to {high}")

    return check


def boolean(value: Any, at: Place) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise InvalidRecord(f"{where(at)} is neither true nor false")


def day(value: Any, at: Place) -> None:
    """A day that exists, as YYYY-MM-DD; never a time."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise InvalidRecord(f"{where(at)} is not a day (YYYY-MM-DD)")
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise InvalidRecord(f"{where(at)} is not a day of the calendar") from error


def nullable(inner: Check) -> Check:
    """Null, or what the inner check wants."""

    def check(value: Any, at: Place) -> None:
        if value is not None:
            inner(value, at)

    return check


def list_of(inner: Check, *, limit: int = LIST_LENGTH, least: int = 0) -> Check:
    """A list of `least` to `limit` values that all pass the inner check."""

    def check(value: Any, at: Place) -> None:
        if not isinstance(value, list) or not least <= len(value) <= limit:
            raise InvalidRecord(f"{where(at)} is not a list of {least} to {limit} values")
        for index, member in enumerate(value):
            inner(member, (at, index))

    return check


def fields(known: Mapping[str, Check], required: Collection[str] = ()) -> Check:
    """An object whose known fields pass their checks and whose required ones are there."""
    wanted = frozenset(required)
    checks = {
        name: (inner, inner.limit if isinstance(inner, text) else -1)
        for name, inner in known.items()
    }

    def check(value: Any, at: Place) -> None:
        if not isinstance(value, dict):
            raise InvalidRecord(f"{where(at)} is not an object")
        if not value.keys() >= wanted:
            missing = next(name for name in required if name not in value)
            raise InvalidRecord(f"{where(at)}.{missing} is missing")
        for name, member in value.items():
            if name in checks:
                inner, limit = checks[name]
                # Texts are most of what there is: a call for each would double the cost.
                if type(member) is not str or len(member) > limit:
                    inner(member, (at, name))

    return check


def blocks(values: Mapping[str, Check]) -> Check:
    """A list of `{id, type, value}` with ids that do not repeat; raises UnknownBlock."""
    frame = fields({"id": UUID, "type": line(100)}, required=("id", "type", "value"))
    is_uuid = re.compile(_UUID).fullmatch

    def block(value: Any, at: Place) -> None:
        try:  # blocks are a third of what checking a play costs: most are right, and seen at once
            right = is_uuid(value["id"]) and value["type"] in values and "value" in value
        except (KeyError, TypeError):
            right = False
        if not right:
            frame(value, at)
            if value["type"] not in values:
                raise UnknownBlock(f"{where(at)} is a block of the unknown type {value['type']}")
        values[value["type"]](value["value"], (at, "value"))

    every = list_of(block)

    def check(value: Any, at: Place) -> None:
        every(value, at)
        if len({block["id"] for block in value}) != len(value):
            raise InvalidRecord(f"two blocks of {where(at)} have the same id")

    return check


HTML: Final = text(HTML_LENGTH)
TEXT: Final = text()
LINE: Final = line()
TITLE: Final = line(500, blank=False)
CODE: Final = matching(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?", "a code (lower-case slug)")
CODES: Final = list_of(CODE)
HEX32: Final = matching(r"[0-9a-f]{32}", "32 lower-case hex digits")
HEX64: Final = matching(r"[0-9a-f]{64}", "64 lower-case hex digits")
UUID: Final = matching(_UUID, "a lower-case UUID")
UUID4: Final = matching(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", "a lower-case UUIDv4"
)
NODE: Final = matching(r"[a-z0-9-]{1,63}", "a node id")
LANG: Final = matching(r"[a-z]{2,8}(?:-[a-z0-9]{1,8}){0,6}", "a lower-case language tag (BCP 47)")
# An SPDX licence expression.
LICENCE: Final = matching(r"[A-Za-z0-9.+() -]{1,200}", "an SPDX licence")
MEDIA_TYPE: Final = matching(
    r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}", "a media type"
)
PERIOD: Final = matching(
    r"[0-9]{4}(?:-(?:0[1-9]|1[0-2])(?:/[0-9]{4}-(?:0[1-9]|1[0-2]))?)?",
    "YYYY, YYYY-MM or YYYY-MM/YYYY-MM",
)
STATUS: Final = one_of("current", "historic")
EVIDENCE: Final = fields(
    {"origin": NODE, "id": UUID4, "lang": LANG, "stance": one_of("for", "against")},
    required=("origin", "id", "lang", "stance"),
)
STEP: Final = fields({"do": HTML, "who": TEXT, "by_when": TEXT, "dont": TEXT})
LESSON: Final = fields({"lesson": HTML, "applies_when": TEXT})

PLAY: Final = fields(
    {
        "title": TITLE,
        "outcome": LINE,
        "threats": CODES,
        "phase": one_of("prepare", "now", "days", "weeks", "recover"),
        "who_leads": TEXT,
        "effort": one_of("low", "medium", "high"),
        "time": TEXT,
        "cost": TEXT,
        "preconditions": HTML,
        "steps": blocks({"step": STEP}),
        "worse": HTML,
        "stop_conditions": HTML,
        "visibility": one_of("private", "closed_group", "quiet_diplomacy", "public"),
        "mechanisms": CODES,
        "dimensions": CODES,
        "sectors": CODES,
        "evidence": list_of(EVIDENCE),
        "picture": HEX64,
        "status": STATUS,
    },
    required=("title", "threats", "phase", "steps"),
)
CASE: Final = fields(
    {
        "title": TITLE,
        "kind": one_of("organisational", "coalition"),
        "summary": TEXT,
        "threats": CODES,
        "sectors": CODES,
        "mechanisms": CODES,
        "region": TEXT,
        "period": PERIOD,
        "trigger": HTML,
        "response": HTML,
        "worked": HTML,
        "did_not_work": HTML,
        "trade_offs": HTML,
        "lessons": blocks({"lesson": LESSON}),
        "transfers_if": HTML,
        "unsafe_if": HTML,
        "authors": TEXT,
        "composite": boolean,
        "picture": HEX64,
        "status": STATUS,
    },
    required=("title", "kind", "summary", "threats"),
)
TERM: Final = fields(
    {
        "kind": one_of("threat", "mechanism", "sector", "dimension"),
        "code": CODE,
        "parent": CODE,
        "name": TITLE,
        "sign": TEXT,
        "first_hour": HTML,
    },
    required=("kind", "code", "name"),
)
