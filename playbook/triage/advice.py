"""What is said before any play, and what not to do, whatever the plays are: data, by answer."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from .questions import PEOPLE, PUBLICITY, UNSURE, WHEN
from .walk import Walk

FIRST: dict[tuple[str, str], tuple[Any, ...]] = {
    (PEOPLE, "detained"): (
        _("First a lawyer: ask one to find the person, see them, and say what the law allows."),
        _("Then the family: someone whom they trust tells them what is known and what is not."),
        _("The person's own wishes come first, also on whether others may know."),
    ),
    (PEOPLE, "danger"): (
        _("First the person: ask what they need and want. Do not decide for them."),
        _("If someone may be hurt now, call for help where that does not add to the danger."),
        _("Then a lawyer, and one person who stays in touch at agreed hours."),
    ),
    (PEOPLE, UNSURE): (
        _("First find out: call each person who may be concerned. Note who answered, and when."),
    ),
}
NEVER: dict[tuple[str, str], tuple[Any, ...]] = {
    (PEOPLE, "detained"): (
        _("Do not name or show a detained person without their consent, or the family's."),
        _("Do not resist, hide or mislead officials. The lawyer objects for you."),
    ),
    (PUBLICITY, "quiet"): (_("Do not post, brief journalists or put it into large groups."),),
    (PUBLICITY, UNSURE): (_("Do not go public before those at risk have decided."),),
}
UNDER_WAY = (
    _("Do not delete, change or backdate anything."),
    _("Do not sign more than a plain receipt before a lawyer has read it."),
)


def do_first(walk: Walk) -> list[Any]:
    return _said(FIRST, walk)


def do_not(walk: Walk, *, has_play: bool) -> list[Any]:
    """Return what not to do. A play has its own warnings: the general ones are for want of it."""
    general = UNDER_WAY if not has_play and walk.code(WHEN) in {"now", "days", UNSURE} else ()
    return [*_said(NEVER, walk), *general]


def _said(lines: dict[tuple[str, str], tuple[Any, ...]], walk: Walk) -> list[Any]:
    given = [(step.question.name, step.option.code) for step in walk.steps]
    return [line for answer in given for line in lines.get(answer, ())]
