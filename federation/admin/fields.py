"""What the members of a record's content are: their names for people, and how to show them.

The page models say it all, so a field added to a play needs nothing here.
"""

from functools import lru_cache
from typing import Any

from django.db.models import Field, ForeignKey, ManyToManyField
from django.utils.text import capfirst
from django.utils.translation import gettext
from wagtail.fields import RichTextField, StreamField
from wagtail.rich_text import RichText

from .texts import PAGES

TEXT, HTML, CHOICE, TERMS, BLOCKS, EVIDENCE, PICTURE, UNKNOWN = (
    "text", "html", "choice", "terms", "blocks", "evidence", "picture", "unknown",
)  # fmt: skip


@lru_cache(maxsize=16)
def _fields(schema: str) -> dict[str, Any]:
    model = PAGES.get(schema)
    return {field.name: field for field in model._meta.get_fields()} if model else {}


def in_order(schema: str, content: dict[str, Any]) -> list[str]:
    """Return the members of a content as its editor would see them, unknown ones last."""
    order = {name: at for at, name in enumerate(_fields(schema))}
    return sorted(content, key=lambda name: (order.get(name, len(order)), name))


def label_of(schema: str, name: str) -> str:
    """Return the name of a member, in the active language."""
    field = _fields(schema).get(name)
    if isinstance(field, Field):
        return str(capfirst(field.verbose_name))
    return gettext("Evidence") if name == "evidence" else name


def kind_of(schema: str, name: str) -> str:
    """Return which of the kinds above a member is; UNKNOWN for what this version does not know."""
    field = _fields(schema).get(name)
    if field is None:
        return TEXT if schema == "term/1" else UNKNOWN
    if name == "evidence":
        return EVIDENCE
    for cls, kind in (
        (RichTextField, HTML), (StreamField, BLOCKS), (ManyToManyField, TERMS),
        (ForeignKey, PICTURE),
    ):  # fmt: skip
        if isinstance(field, cls):
            return kind
    return CHOICE if getattr(field, "choices", None) else TEXT


def choice_label(schema: str, name: str, value: Any) -> str:
    return str(dict(_fields(schema)[name].flatchoices).get(value, value))


def term_model(schema: str, name: str) -> Any:
    return _fields(schema)[name].related_model


def block_members(schema: str, name: str, block_type: str) -> list[tuple[str, str, bool]]:
    """Return name, label and whether it is rich text, for each member of a kind of block."""
    children = _fields(schema)[name].stream_block.child_blocks
    if block_type not in children:
        return []
    return [
        (member, str(block.label), isinstance(block.to_python(""), RichText))
        for member, block in children[block_type].child_blocks.items()
    ]
