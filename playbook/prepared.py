"""Queries that are put together once: for a small one Django takes longer for that than for all
the rest, and a page asks the same ones as the page before it.

A query is a function from its parameters to a queryset of rows (`values_list`). It is called once,
with stand-ins in the place of the parameters; what is kept is the SQL, and where each goes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

Row = tuple[Any, ...]
_FIRST = 1_915_000_001  # stand-ins: numbers that stand in no query of ours
_STAND_INS: dict[Any, Callable[[int], Any]] = {
    int: lambda number: _FIRST + number,
    str: lambda number: f"stand-in-{_FIRST + number}",
    uuid.UUID: lambda number: uuid.UUID(int=_FIRST + number),
    list[uuid.UUID]: lambda number: uuid.UUID(int=_FIRST + number),
}
_LEAST = 8  # a list is filled up to this length, or twice it, or four times ...


@dataclass(frozen=True)
class _Statement:
    """`places` says which of the values given goes where."""

    sql: str
    parameters: tuple[Any, ...]
    places: dict[int, int]
    converters: tuple[tuple[int, Any, Any], ...]

    def rows(self, given: Sequence[Any]) -> list[Row]:
        filled = list(self.parameters)
        for place, number in self.places.items():
            filled[place] = _as_stored(given[number])
        with _cursor() as cursor:
            cursor.execute(self.sql, filled)
            found = cursor.fetchall()
        return [self._converted(row) for row in found] if self.converters else found

    def _converted(self, row: Row) -> Row:
        values = list(row)
        for place, converters, expression in self.converters:
            for convert in converters:
                values[place] = convert(values[place], expression, connection)
        return tuple(values)


def _cursor() -> CursorWrapper:
    """Return a cursor with which PostgreSQL, too, prepares a statement that it was often asked.

    Django's own puts the values into the text: each time PostgreSQL plans anew, which for a join of
    many small tables takes longer than the answer. `prepare_threshold` (settings) says how often.
    """
    if connection.vendor != "postgresql":
        return connection.cursor()
    from psycopg import Cursor as ServerBindingCursor  # slow to import, and on SQLite for nothing

    connection.ensure_connection()
    bare = ServerBindingCursor(connection.connection)
    return connection._prepare_cursor(bare)  # type: ignore[attr-defined]


def prepared(*types: Any) -> Callable[[Callable[..., QuerySet[Any]]], Callable[..., list[Row]]]:
    """Make of a function that returns a queryset one that returns its rows.

    `types` are those of its parameters: int, str, UUID, or a list of UUID that is not empty and is
    asked for with `in`. They are compared as they are (a key, a slug, a path), and are no part of
    how the query is put together. Whatever else the function depends on must stay the same for as
    long as the process runs.
    """

    def prepare(build: Callable[..., QuerySet[Any]]) -> Callable[..., list[Row]]:
        statements: dict[Any, _Statement] = {}

        def rows(*given: Any) -> list[Row]:
            full = [_filled_up(value) if isinstance(value, list) else [value] for value in given]
            lengths = tuple(map(len, full))
            key = (connection.vendor, lengths)
            statement = statements.get(key)
            if statement is None:
                statement = statements[key] = _statement(build, types, lengths)
            return statement.rows([value for values in full for value in values])

        return rows

    return prepare


def _filled_up(values: list[Any]) -> list[Any]:
    """Repeat the last one, so that there are few lengths and so few statements."""
    length = _LEAST
    while length < len(values):
        length *= 2
    return values + values[-1:] * (length - len(values))


def _statement(
    build: Callable[..., QuerySet[Any]], types: Sequence[Any], lengths: Sequence[int]
) -> _Statement:
    given: list[Any] = []
    standing: list[Any] = []
    for kind, length in zip(types, lengths, strict=True):
        numbers = range(len(standing), len(standing) + length)
        values = [_STAND_INS[kind](number) for number in numbers]
        standing += values
        given.append(values[0] if kind in (int, str, uuid.UUID) else values)
    compiler = build(*given).query.get_compiler(connection=connection)
    sql, parameters = compiler.as_sql()
    stored = [_as_stored(value) for value in standing]
    places = {
        place: stored.index(value) for place, value in enumerate(parameters) if value in stored
    }
    if set(places.values()) != set(range(len(stored))):
        raise TypeError("A parameter does not reach the database as it is.")
    shown = [expression for expression, _sql, _alias in compiler.select]
    converters = tuple(
        (place, tuple(found), expression)
        for place, (found, expression) in compiler.get_converters(shown).items()
    )
    return _Statement(sql, tuple(parameters), places, converters)


def _as_stored(value: Any) -> Any:
    if isinstance(value, uuid.UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value
