"""Which identities do not come back, and what here was made from them.

Source: docs/protocol.md, "Retract, recall, lease". A recall follows `source` transitively:
translations and adaptations of what endangers people endanger them too.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import BinaryField, F, Func, IntegerField, QuerySet, Value

from federation.errors import JsonError, Recalled
from federation.models import HeldBody, Item, Provenance, Quarantine, Recall, Record, Tombstone
from federation.wire import canonical, dsse

Place = tuple[str, str, str]
"""(origin, id, lang); an empty lang stands for every language."""


class _Position(Func):
    """Where bytes stand in a binary column, counted from 1; 0 where they do not."""

    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **kwargs: Any) -> Any:
        return self.as_sql(compiler, connection, function="INSTR")

    def as_postgresql(self, compiler: Any, connection: Any, **kwargs: Any) -> Any:
        column, needle = self.get_source_expressions()
        inside, given = compiler.compile(column)
        sought, more = compiler.compile(needle)
        return f"POSITION({sought} IN {inside})", [*more, *given]


@dataclass(frozen=True)
class Body:
    """A body that is here, wherever it is kept: whose, and what it says of itself."""

    address: str
    origin: str
    raw: dict[str, Any]

    @property
    def place(self) -> Place:
        return (self.origin, str(self.raw.get("id")), str(self.raw.get("lang")))

    @property
    def source(self) -> Place | None:
        return place_of_source(self.raw.get("source"))

    @property
    def places(self) -> list[Place]:
        """The identity of the item, and of what it was made from."""
        return [self.place, *([self.source] if self.source else [])]


def place_of_source(source: Any) -> Place | None:
    """Return the identity that a record's `source` names, or None."""
    if not isinstance(source, dict):
        return None
    return (str(source.get("origin")), str(source.get("id")), str(source.get("lang")))


def bodies_with(model: type[Record | HeldBody | Quarantine], item_id: str) -> Iterator[Body]:
    """Yield the bodies of one table that hold an item's id: its versions, and what names it.

    The database searches the bytes: canonical JSON writes an id in one way only.
    """
    needle = Value(item_id.encode("ascii"), output_field=BinaryField())
    found: QuerySet[Any] = model._default_manager.filter(payload__isnull=False)
    found = found.annotate(at=_Position(F("payload"), needle)).filter(at__gt=0).order_by("pk")
    for row in found:
        body = body_of(bytes(row.payload))
        if body is not None:
            yield body


def body_of(payload: bytes) -> Body | None:
    """Return what a body says of itself, believed or not; None where it is no JSON object."""
    try:
        raw = canonical.loads(payload)
    except JsonError:
        return None
    if not isinstance(raw, dict):
        return None
    return Body(dsse.address(payload), str(raw.get("origin")), raw)


def covers(place: Place, other: Place) -> bool:
    """Does a tombstone of the first identity hold for the second?"""
    return place[:2] == other[:2] and place[2] in ("", other[2])


class Graves:
    """The standing tombstones for some ids, asked once; new ones are added as they are found."""

    def __init__(self, ids: Iterable[str]) -> None:
        wanted = {text for text in ids if _is_uuid(text)}
        rows = Tombstone.objects.standing().filter(item_id__in=wanted) if wanted else ()
        self._rows = list(rows)
        self.fresh: list[Tombstone] = []

    def over(self, place: Place | None) -> Tombstone | None:
        """Return a tombstone that holds for this identity, or None."""
        if place is None:
            return None
        return next((row for row in self._rows if covers(place_of(row), place)), None)

    def recalled(self, place: Place, source: Place | None) -> bool:
        """Does this item lie under a recall, its own or that of what it was made from?

        In the second case it gets a tombstone of its own, in `fresh`: others may name it in turn.
        """
        if self.over(place) is not None:
            return True
        above = self.over(source)
        if above is None:
            return False
        row = Tombstone(recall_id=above.recall_id, origin=place[0], item_id=place[1], lang=place[2])
        self._rows.append(row)
        self.fresh.append(row)
        return True


def excused_by_recalls(node_id: str) -> set[str]:
    """Return the addresses that the recalls of a node's items list: nobody has to have those."""
    recalls = Recall.objects.filter(origin=node_id).values("address")
    said = Record.objects.filter(address__in=recalls, payload__isnull=False)
    found: set[str] = set()
    for payload in said.values_list("payload", flat=True):
        found.update(canonical.loads(bytes(payload or b"{}")).get("records", ()))
    return found


def place_of(row: Tombstone | Item | Provenance) -> Place:
    return (row.origin, str(row.item_id), row.lang)


def require_not_recalled(place: Place, source: Place | None = None) -> None:
    """Raise Recalled for an identity that lies under a standing recall, or is made from one."""
    graves = Graves([place[1], *(source[1:2] if source else ())])
    if graves.over(place) or graves.over(source):
        raise Recalled("This item was recalled: it endangers people.", item=" ".join(place))


def spread(recall: Recall) -> list[Place]:
    """Put a tombstone on all that was made from what a recall names; return every identity."""
    known = [place_of(row) for row in recall.tombstones.order_by("pk")]
    waiting = list(known)
    while waiting:
        place = waiting.pop()
        for derived in sorted(_made_from(place)):
            if not any(covers(one, derived) for one in known):
                known.append(derived)
                waiting.append(derived)
    Tombstone.objects.bulk_create(
        [Tombstone(recall=recall, origin=o, item_id=i, lang=lang) for o, i, lang in known],
        ignore_conflicts=True,
    )
    return known


def _made_from(place: Place) -> set[Place]:
    origin, item_id, lang = place
    items = Item.objects.filter(source__origin=origin, source__id=item_id)
    if lang:
        items = items.filter(source__lang=lang)
    found = {place_of(item) for item in items}
    for model in (Record, HeldBody):
        for body in bodies_with(model, item_id):
            if body.source and covers(place, body.source) and _is_uuid(body.place[1]):
                found.add(body.place)
    return found


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
