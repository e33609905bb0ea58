"""Ask Wagtail's index which pages match, and how well: one statement, on SQLite and PostgreSQL.

Wagtail's own `search()` cannot weigh a title against a text on SQLite, and ranks there by asking
the index again for each page found. So its tables are asked directly, for every group of a query at
once. A rare word counts more than a common one, a heading more than a text, and a page that holds
all that was asked for more than one that holds some of it.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from wagtail.models import Page
from wagtail.search.models import IndexEntry

from playbook.search.query import Alternative, Group, Query, Term

MOST = 500
IN_HEADING, IN_TEXT = 4.0, 1.0
CONCEPT = 0.8  # what a word means, against the word itself

_ENTRIES = IndexEntry._meta.db_table
_WORDS = f"{_ENTRIES}_fts"
_PAGES = Page._meta.db_table
# How many entries a branch finds says how rare its words are. How often a text says a word is not
# asked: PostgreSQL would have to unpack each text for it.
_STATEMENT = """
WITH hits AS ({branches}),
rarity AS (
  SELECT branch, 1 / CAST(0.25 + 1.0 * COUNT(*) / {total} AS double precision) AS rarity
  FROM hits GROUP BY branch
),
best AS (
  SELECT id, part, MAX(weight * rarity) AS rate
  FROM hits JOIN rarity ON rarity.branch = hits.branch GROUP BY id, part
),
totals AS (
  SELECT id, SUM(rate) AS rate, COUNT(*) AS held,
    SUM(CASE WHEN part >= {words} THEN rate ELSE 0.0 END) AS meant,
    SUM(CASE WHEN part >= {words} THEN 1 ELSE 0 END) AS held_so
  FROM best GROUP BY id
)
SELECT page.id, totals.rate, totals.held, totals.meant, totals.held_so
FROM totals
JOIN {entries} entry ON entry.id = totals.id
JOIN {pages} page ON {same_page} AND page.content_type_id = entry.content_type_id
WHERE page.live AND page.locale_id IN ({locales}) AND page.content_type_id IN ({kinds})
ORDER BY totals.rate * totals.held DESC, page.id LIMIT {most}
"""


def find_matches(query: Query, locales: Iterable[int], kinds: Iterable[int]) -> dict[int, float]:
    """Return the ids of at most MOST live pages that match, each with its score. One query."""
    dialect = _postgresql if connection.vendor == "postgresql" else _sqlite
    concepts = sum(group.is_concept for group in query.groups)
    words = len(query.groups) - concepts
    branches: list[str] = []
    parameters: list[str] = []
    for part, group in enumerate(query.groups):
        for column, weight in (("title", IN_HEADING), ("body", IN_TEXT)):
            number = len(branches)
            weight *= CONCEPT if group.is_concept else 1
            branches.append(dialect.branch(number, part, weight, column))
            parameters.append(dialect.parameter(column, group))
    statement = _STATEMENT.format(
        branches="\nUNION ALL ".join(branches),
        total=f"(SELECT 1 + COUNT(*) FROM {_ENTRIES})",  # noqa: S608 a table's name
        words=words,
        entries=_ENTRIES,
        pages=_PAGES,
        same_page=dialect.same_page,
        locales=_numbers(locales),
        kinds=_numbers(kinds),
        most=MOST,
    )
    return {
        int(pk): max(
            _score(rate, held, words + concepts),
            _score(rate - meant, held - held_so, words),
            _score(meant, held_so, concepts),
        )
        for pk, rate, held, meant, held_so in dialect.rows(statement, parameters)
    }


def _score(rate: float, held: int, asked: int) -> float:
    """Return how well a page answers, from what it holds of all that was asked.

    Taken with words and meaning, with the words alone (a title that was typed), and with the
    meaning alone (a page in another language); the best counts. Rounded: a database adds up in an
    order of its own, and pages that are as good as each other stand in that of their titles.
    """
    return round(float(rate) / asked * (0.4 + 0.6 * held / asked), 9) if asked else 0.0


def _numbers(values: Iterable[int]) -> str:
    return ", ".join(str(int(value)) for value in values) or "NULL"


class _Sqlite:
    same_page = "page.id = CAST(entry.object_id AS INTEGER)"

    def rows(self, statement: str, parameters: list[str]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()

    def branch(self, number: int, part: int, weight: float, column: str) -> str:
        return (
            f"SELECT rowid AS id, {number} AS branch, {part} AS part, "  # noqa: S608
            f"CAST({weight} AS double precision) AS weight "
            f"FROM {_WORDS} WHERE {_WORDS} MATCH %s"
        )

    def parameter(self, column: str, group: Group) -> str:
        either = " OR ".join(self._all(words) for words in group.alternatives)
        return f"{column} : ({either})"

    def _all(self, words: Alternative) -> str:
        return "(" + " AND ".join(self._term(term) for term in words) + ")"

    def _term(self, term: Term) -> str:
        return f'"{term.word}"' + ("*" if term.open_end else "")


class _Postgresql:
    same_page = "CAST(page.id AS text) = entry.object_id"

    def rows(self, statement: str, parameters: list[str]) -> list[tuple[Any, ...]]:
        """Ask the index of words, and never the texts.

        To the planner a text is as cheap to look at as a number: for a common word it would read
        all texts, each unpacked from where long values are kept, which takes ten times as long.
        """
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(statement, parameters)
            found = cursor.fetchall()
            cursor.execute("SET LOCAL enable_seqscan TO DEFAULT")
        return found

    def branch(self, number: int, part: int, weight: float, column: str) -> str:
        return (
            f"SELECT id, {number} AS branch, {part} AS part, "  # noqa: S608
            f"CAST({weight} AS double precision) AS weight "
            f"FROM {_ENTRIES} WHERE {column} @@ to_tsquery('simple', %s)"
        )

    def parameter(self, column: str, group: Group) -> str:
        return " | ".join(self._all(words) for words in group.alternatives)

    def _all(self, words: Alternative) -> str:
        return "(" + " & ".join(self._term(term) for term in words) + ")"

    def _term(self, term: Term) -> str:
        return f"'{term.word}'" + (":*" if term.open_end else "")


_sqlite, _postgresql = _Sqlite(), _Postgresql()
