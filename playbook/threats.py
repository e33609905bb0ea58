"""The threats of this node as a tree, each with its name in the language shown. One query."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings
from django.utils import translation

from playbook.models import Threat


@dataclass
class ThreatNode:
    """A threat: `pk` is the row of the default language, which is the one that pages point at."""

    pk: int
    code: str
    name: str
    sign: str
    first_hour: str
    parent: ThreatNode | None = None
    subtypes: list[ThreatNode] = field(default_factory=list)

    def below(self) -> list[ThreatNode]:
        """Return the subtypes, theirs after each."""
        return [node for child in self.subtypes for node in (child, *child.below())]

    def above(self) -> list[ThreatNode]:
        return [self.parent, *self.parent.above()] if self.parent else []

    def family(self) -> set[int]:
        """Return the rows whose items concern this threat: its own, and those of its subtypes."""
        return {self.pk, *(node.pk for node in self.below())}


class ThreatTree:
    def __init__(self, nodes: dict[str, ThreatNode]) -> None:
        self.by_code = nodes
        self.roots = [node for node in nodes.values() if node.parent is None]


def load_threats() -> ThreatTree:
    """Return the threats in the order in which they were made."""
    here = translation.get_language() or settings.LANGUAGE_CODE
    wanted = {here, settings.LANGUAGE_CODE}
    rows = list(
        Threat.objects.filter(locale__language_code__in=wanted)
        .order_by("pk")
        .select_related("locale")
    )
    shown = {row.code: row for row in rows if row.locale.language_code == here}
    own = [row for row in rows if row.locale.language_code == settings.LANGUAGE_CODE]
    nodes: dict[str, ThreatNode] = {}
    for row in own:
        text = shown.get(row.code, row)
        nodes[row.code] = ThreatNode(
            row.pk, row.code, text.name, text.sign or row.sign, text.first_hour or row.first_hour
        )
    _join(own, nodes)
    return ThreatTree(nodes)


def _join(rows: list[Threat], nodes: dict[str, ThreatNode]) -> None:
    by_pk = {row.pk: nodes[row.code] for row in rows}
    for row in rows:
        parent = by_pk.get(row.parent_id) if row.parent_id else None
        node = nodes[row.code]
        # Two threats could be made each other's parent: the second link of a ring is left out.
        if parent is not None and parent is not node and node not in parent.above():
            node.parent = parent
            parent.subtypes.append(node)
