"""A record's content as its readers would see it: in order, sanitised, in its own language."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override

from federation.models import Item
from federation.wire import records
from playbook.models import Evidence
from playbook.sanitise import html_for_readers

from . import fields
from .texts import Tongue, tongue

_NOTHING = SafeString("")


@dataclass(frozen=True)
class Part:
    """One field: `kind` as in `fields`, and whichever of the values fits it."""

    label: str
    kind: str
    text: str = ""
    html: SafeString = _NOTHING
    terms: tuple[str, ...] = ()
    blocks: tuple[tuple["Part", ...], ...] = ()
    evidence: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Preview:
    """The whole: `title` and `parts` in the item's language, and the picture's hash and words."""

    title: str
    tongue: Tongue
    parts: list[Part] = field(default_factory=list)
    picture: str = ""
    alt: str = ""


def rich(html: Any) -> SafeString:
    """Return rich text fit to show: the shared tags only, its links marked as leading elsewhere."""
    return mark_safe(html_for_readers(str(html)))  # noqa: S308 nh3 has cleaned it


def preview_of(record: records.Item) -> Preview:
    """Return what a verified record says. Three queries at most for each kind of term."""
    shown = tongue(record.lang)
    content = dict(record.content)
    title = str(content.pop("title", None) or content.pop("name", ""))
    picture = str(content.pop("picture", ""))
    alt = next((file.alt for file in record.media if file.sha256 == picture), "")
    language = record.lang if record.lang in dict(settings.LANGUAGES) else None
    with override(language or settings.LANGUAGE_CODE):
        parts = [
            _part(record.schema, name, content[name], record.lang)
            for name in fields.in_order(record.schema, content)
            if content[name] not in ("", [], None)
        ]
    return Preview(title, shown, parts, picture, alt)


def _part(schema: str, name: str, value: Any, lang: str) -> Part:
    kind, label = fields.kind_of(schema, name), fields.label_of(schema, name)
    if kind == fields.HTML:
        return Part(label, kind, html=rich(value))
    if kind == fields.CHOICE:
        return Part(label, fields.TEXT, text=fields.choice_label(schema, name, value))
    if kind == fields.TERMS:
        return Part(label, kind, terms=_terms(schema, name, value, lang))
    if kind == fields.BLOCKS:
        return Part(label, kind, blocks=tuple(_block(schema, name, block) for block in value))
    if kind == fields.EVIDENCE:
        return Part(label, kind, evidence=_evidence(value))
    if kind == fields.TEXT and isinstance(value, str):
        return Part(label, kind, text=value)
    return Part(label, fields.UNKNOWN, text=json.dumps(value, ensure_ascii=False, indent=2))


def _terms(schema: str, name: str, codes: list[str], lang: str) -> tuple[str, ...]:
    """Return the names of codes in the item's language or the node's own; unknown codes as such."""
    rows = fields.term_model(schema, name).objects.filter(
        code__in=codes, locale__language_code__in=[lang, settings.LANGUAGE_CODE]
    )
    names: dict[str, str] = {}
    for code, text, language in rows.values_list("code", "name", "locale__language_code"):
        if language == lang or code not in names:
            names[code] = text
    return tuple(names.get(code, code) for code in codes)


def _block(schema: str, name: str, block: dict[str, Any]) -> tuple[Part, ...]:
    members = fields.block_members(schema, name, block["type"])
    known = {member for member, _label, _is_html in members}
    parts = [
        Part(label, fields.HTML, html=rich(block["value"][member]))
        if is_html
        else Part(label, fields.TEXT, text=str(block["value"][member]))
        for member, label, is_html in members
        if block["value"].get(member)
    ]
    others = {key: value for key, value in block["value"].items() if key not in known}
    if others:
        text = json.dumps(others, ensure_ascii=False, indent=2)
        parts.append(Part(block["type"], fields.UNKNOWN, text=text))
    return tuple(parts)


def _evidence(value: list[dict[str, str]]) -> tuple[tuple[str, str, str], ...]:
    """Return origin, title (or id) and stance of each case named; one query."""
    stances = dict(Evidence.Stance.choices)
    ids = [case["id"] for case in value]
    titles = {
        (item.origin, str(item.item_id), item.lang): item.title
        for item in Item.objects.filter(item_id__in=ids)
    }
    return tuple(
        (
            case["origin"],
            titles.get((case["origin"], case["id"], case["lang"])) or case["id"],
            str(stances.get(case["stance"], case["stance"])),
        )
        for case in value
    )
