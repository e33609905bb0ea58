"""What the starter files hold, kind by kind: which field is filled from what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wagtail.models import Page

from playbook.models import (
    CasePage,
    FindingCase,
    FindingPage,
    PlayPage,
    StandardPage,
    StrategyPage,
    StrategyStage,
    TemplatePage,
)


@dataclass(frozen=True)
class Rows:
    """Rows of a relation: each names a page of another kind by its slug under `column`."""

    model: type[Any]
    kind: str
    column: str
    target: str


@dataclass(frozen=True)
class Kind:
    """One kind of page. `streams`: the block of each stream whose rows are all of one block."""

    folder: str
    model: type[Page]
    copied: tuple[str, ...] = ()
    rich: tuple[str, ...] = ()
    streams: Mapping[str, str] = field(default_factory=dict)
    linked: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Rows] = field(default_factory=dict)


# A kind stands behind those that it names.
KINDS = (
    Kind("templates", TemplatePage, ("purpose",), ("how_to_use",), {"parts": ""}),
    Kind(
        "plays",
        PlayPage,
        ("outcome", "phase", "who_leads", "effort", "time", "cost", "visibility"),
        ("preconditions", "worse", "stop_conditions"),
        {"steps": "step"},
        linked={"templates": "templates"},
    ),
    Kind(
        "cases",
        CasePage,
        ("kind", "summary", "region", "period", "authors", "composite"),
        (
            "trigger", "response", "worked", "did_not_work", "trade_offs", "transfers_if",
            "unsafe_if",
        ),
        {"lessons": "lesson"},
    ),
    Kind(
        "findings",
        FindingPage,
        ("statement", "hypothesis"),
        ("explanation", "limits"),
        rows={"cases": Rows(FindingCase, "cases", "case", "page")},
    ),
    Kind(
        "strategies",
        StrategyPage,
        ("goal", "summary"),
        ("when_to_use",),
        rows={"stages": Rows(StrategyStage, "plays", "play", "play")},
    ),
    Kind("pages", StandardPage, rich=("body",)),
)  # fmt: skip
