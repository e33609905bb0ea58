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
from django.db.models import QuerySet

Row = tuple[Any, ...]
_FIRST = 1_915_000_001  # stand-ins: numbers that stand in no query of ours
_STAND_INS: dict[type, Callable[[int], Any]] = {
    int: lambda number: _FIRST + number,
    str: lambda number: f"stand-in-{_FIRST + number}",
    uuid.UUID: lambda number: uuid.UUID(int=_FIRST + number),
}


@dataclass(frozen=True)
class _Statement:
    sql: str
    parameters: tuple[Any, ...]
    places: dict[int, int]
    converters: tuple[tuple[int, Any, Any], ...]

    def rows(self, given: Sequence[Any]) -> list[Row]:
        filled = list(self.parameters)
        for place, number in self.places.items():
            filled[place] = _as_stored(given[number])
        with connection.cursor() as cursor:
            cursor.execute(self.sql, filled)
            found = cursor.fetchall()
        return [self._converted(row) for row in found] if self.converters else found

    def _converted(self, row: Row) -> Row:
        values = list(row)
        for place, converters, expression in self.converters:
            for convert in converters:
                values[place] = convert(values[place], expression, connection)
        return tuple(values)


def prepared(*types: type) -> Callable[[Callable[..., QuerySet]], Callable[..., list[Row]]]:
    """Make of a function that returns a queryset one that returns its rows.

    `types` are those of its parameters: int, str or UUID. They are compared as they are (a key, a
    slug, a path), and are no part of how the query is put together. Whatever else the function
    depends on must stay the same for as long as the process runs.
    """

    def prepare(build: Callable[..., QuerySet]) -> Callable[..., list[Row]]:
        statements: dict[str, _Statement] = {}

        def rows(*given: Any) -> list[Row]:
            statement = statements.get(connection.vendor)
            if statement is None:
                statement = statements[connection.vendor] = _statement(build, types)
            return statement.rows(given)

        return rows

    return prepare


def _statement(build: Callable[..., QuerySet], types: Sequence[type]) -> _Statement:
    given = [_STAND_INS[kind](number) for number, kind in enumerate(types)]
    compiler = build(*given).query.get_compiler(connection=connection)
    sql, parameters = compiler.as_sql()
    stored = [_as_stored(value) for value in given]
    places = {
        place: stored.index(value) for place, value in enumerate(parameters) if value in stored
    }
    if set(places.values()) != set(range(len(types))):
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
