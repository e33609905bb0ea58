"""Items: what nodes publish for readers. Their vocabularies stand in `content`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from federation.errors import InvalidRecord
from federation.wire import content
from federation.wire.content import Check, fields, integer, list_of, nullable, one_of
from federation.wire.record import COMMON, Identity, Record, whole


@dataclass(frozen=True, slots=True)
class Media:
    """A file that an item names: SHA-256 as hex, size in bytes, media type, text alternative."""

    sha256: str
    size: int
    type: str
    alt: str


@dataclass(frozen=True, slots=True)
class Source:
    """What an item was made from: a version of another item, translated or adapted."""

    kind: Literal["translation", "adaptation"]
    origin: str
    id: str
    lang: str
    version: int

    @property
    def identity(self) -> Identity:
        """The identity of the item it was made from."""
        return (self.origin, self.id, self.lang)


_MEDIA: Final = fields(
    {
        "sha256": content.HEX64,
        "size": integer(),
        "type": content.MEDIA_TYPE,
        "alt": content.TEXT,
    },
    required=("sha256", "size", "type", "alt"),
)
_SOURCE: Final = fields(
    {
        "kind": one_of("translation", "adaptation"),
        "origin": content.NODE,
        "id": content.UUID4,
        "lang": content.LANG,
        "version": integer(1),
    },
    required=("kind", "origin", "id", "lang", "version"),
)
_ITEM: Final[dict[str, Check]] = {
    **COMMON,
    "id": content.UUID4,
    "lang": content.LANG,
    "version": integer(1),
    "prev": nullable(content.HEX64),
    "source": nullable(_SOURCE),
    "media": list_of(_MEDIA),
    "licence": content.LICENCE,
    "status_as_of": content.day,
    "review_due": nullable(content.day),
    "sensitive": content.boolean,
    "valid_for_days": integer(1, 36_500),
}
_ITEM_SCALARS: Final = tuple(
    name for name in (*_ITEM, "content") if name not in (*COMMON, "media", "source")
)


def _item(vocabulary: Check) -> Check:
    return whole({**_ITEM, "content": vocabulary})


@dataclass(frozen=True, slots=True)
class Item(Record):
    """What every item has besides; `prev` and the days are as in the payload (hex, YYYY-MM-DD)."""

    id: str
    lang: str
    version: int
    prev: str | None
    source: Source | None
    content: dict[str, Any] = field(hash=False)
    media: tuple[Media, ...]
    licence: str
    status_as_of: str
    review_due: str | None
    sensitive: bool
    valid_for_days: int

    leaf_type: ClassVar[str | None] = "publish"

    @property
    def identity(self) -> Identity:
        """What the item is known by: (origin, id, lang)."""
        return (self.origin, self.id, self.lang)

    @classmethod
    def values(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """As in Record; raises InvalidRecord for a picture that is not among the media."""
        media = tuple([Media(m["sha256"], m["size"], m["type"], m["alt"]) for m in raw["media"]])
        picture = raw["content"].get("picture")
        if picture is not None and all(picture != entry.sha256 for entry in media):
            raise InvalidRecord("content.picture is not an entry of media")
        source = raw["source"]
        values = Record.values(raw)
        for name in _ITEM_SCALARS:
            values[name] = raw[name]
        values["media"] = media
        values["source"] = source and Source(**{name: source[name] for name in Source.__slots__})
        return values


@dataclass(frozen=True, slots=True)
class Play(Item):
    """`play/1`: one practical response."""

    check: ClassVar[Check] = staticmethod(_item(content.PLAY))


@dataclass(frozen=True, slots=True)
class Case(Item):
    """`case/1`: what happened to an organisation or a coalition, and what it did."""

    check: ClassVar[Check] = staticmethod(_item(content.CASE))


@dataclass(frozen=True, slots=True)
class Term(Item):
    """`term/1`: a node's own subtype in one of the vocabularies."""

    check: ClassVar[Check] = staticmethod(_item(content.TERM))
