"""What differs between two contents of one item, field by field, for somebody who must decide."""

import json
from dataclasses import dataclass
from typing import Any

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from playbook.sanitise import clean_html

from . import fields
from .preview import rich

_NOTHING = SafeString("")


@dataclass(frozen=True)
class Change:
    """One field (or one of its blocks) before and after; empty where it was not, or is gone."""

    label: str
    before: SafeString
    after: SafeString


def compare(schema: str, before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """Return the members that say something else, in the editor's order. Asks the database nothing.

    Rich text is sanitised on both sides first: what cleaning removes is no change.
    """
    found: list[Change] = []
    for name in fields.in_order(schema, {**before, **after}):
        kind, label = fields.kind_of(schema, name), fields.label_of(schema, name)
        old, new = before.get(name), after.get(name)
        if kind == fields.BLOCKS:
            found += _blocks(schema, name, label, old or [], new or [])
        elif _said(kind, old) != _said(kind, new):
            found.append(
                Change(label, _shown(schema, name, kind, old), _shown(schema, name, kind, new))
            )
    return found


def _said(kind: str, value: Any) -> Any:
    """Return a value as it counts: rich text without what no reader sees; empty is empty."""
    return clean_html(value).strip() if kind == fields.HTML and value else value or ""


def _shown(schema: str, name: str, kind: str, value: Any) -> SafeString:
    if not value:
        return _NOTHING
    if kind == fields.HTML:
        return rich(value)
    if kind == fields.CHOICE:
        return escape(fields.choice_label(schema, name, value))
    if kind == fields.TERMS:
        return escape(", ".join(value))
    if kind == fields.TEXT and isinstance(value, str):
        return escape(value)
    return format_html('<code dir="ltr">{}</code>', json.dumps(value, ensure_ascii=False))


Placed = tuple[int, list[tuple[str, bool, Any]]]


def _blocks(
    schema: str, name: str, label: str, before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> list[Change]:
    """Return the blocks that were changed, moved, added or removed, known by their ids."""
    old, new = _placed(schema, name, before), _placed(schema, name, after)
    found = []
    for key in [*new, *(key for key in old if key not in new)]:
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        place = now[0] if now else was[0] if was else 0
        moved = bool(was and now and was[0] != now[0])
        found.append(
            Change(
                _("%(field)s: %(place)d") % {"field": label, "place": place},
                _block(was, moved=moved),
                _block(now, moved=moved),
            )
        )
    return found


def _placed(schema: str, name: str, blocks: list[dict[str, Any]]) -> dict[str, Placed]:
    """Return each block's place and what its members say, by its id."""
    found = {}
    for place, block in enumerate(blocks, 1):
        members = [
            (label, is_html, _said(fields.HTML if is_html else fields.TEXT, value))
            for member, label, is_html in fields.block_members(schema, name, block["type"])
            if (value := block["value"].get(member))
        ]
        found[block["id"]] = (place, members)
    return found


def _block(placed: Placed | None, *, moved: bool) -> SafeString:
    if placed is None:
        return _NOTHING
    place, members = placed
    rows = [(label, rich(value) if is_html else value) for label, is_html, value in members]
    if moved:
        rows.insert(0, (_("Place"), str(place)))
    return format_html("<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows))
