"""Which plays fit the answers, and who offers help. The only part that asks for content."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import translation
from wagtail.models import Page

from playbook.languages import published_codes
from playbook.models import PlayPage, Status, SupportOfferPage
from playbook.models.plays import Phase, Visibility
from playbook.models.readable import readable
from playbook.threats import ThreatTree

from .questions import NEED, PEOPLE, PUBLICITY, WHEN
from .walk import Walk

SHOWN = 4

# For each moment, the phases that help then, the best first. What is named nowhere comes last.
PHASES = {
    "now": (Phase.NOW, Phase.DAYS, Phase.WEEKS, Phase.PREPARE),
    "days": (Phase.DAYS, Phase.NOW, Phase.WEEKS, Phase.PREPARE),
    "before": (Phase.PREPARE, Phase.NOW, Phase.DAYS, Phase.WEEKS),
    "after": (Phase.RECOVER, Phase.WEEKS, Phase.DAYS, Phase.NOW),
}
PHASE_POINTS = (4, 2, 1, 0)

# The mechanisms that such a situation is met with.
MECHANISMS: dict[str, set[str]] = {
    "detained": {"legal-support", "diplomatic", "quiet-contact-tree", "crisis-guidelines"},
    "danger": {"legal-support", "quiet-contact-tree", "crisis-guidelines"},
    "law": {"legal-support"},
    "money": {"continuity-fund", "legal-support", "pooled-counsel"},
    "words": {"communications", "spokesperson-rota", "crisis-guidelines"},
    "contacts": {"diplomatic", "legal-support", "quiet-contact-tree"},
}
MECHANISM_POINTS = 6
OWN_KIND_POINTS = 3
QUIET_DIPLOMACY_POINTS = 3
PUBLICITY_POINTS = 0.5
# Who is in someone's hands comes first, whatever the pressure began with.
DETENTION = "coercive"

_Kind = SupportOfferPage.Kind
OFFERS_FIRST = {
    "detained": (_Kind.LEGAL, _Kind.DIPLOMATIC, _Kind.WELLBEING),
    "danger": (_Kind.WELLBEING, _Kind.LEGAL, _Kind.DIPLOMATIC),
    "law": (_Kind.LEGAL,),
    "money": (_Kind.FINANCIAL, _Kind.LEGAL),
    "words": (_Kind.COMMUNICATIONS, _Kind.LEGAL),
    "contacts": (_Kind.DIPLOMATIC, _Kind.LEGAL),
    "": (_Kind.LEGAL,),
}


def choose_plays(walk: Walk, tree: ThreatTree) -> list[PlayPage]:
    """Return at most four live plays for the answers, the best first.

    Taken up: every live play that is not historic, in the language shown or else, labelled, in
    another that the node publishes; filed under the threat or one of its subtypes (under the
    subtype or what it belongs to, where one was named; under any threat for someone who is not
    sure). With someone detained, plays about coercion are taken up whatever the threat.

    The order is by points:

    - the phase: 4 for the one asked for, then 2, 1, 0 (`PHASES`). A play of another phase, such as
      recovering while it happens, is shown only where there is nothing else;
    - the mechanisms: 6 times the share that the play has in common with what such a situation is
      met with (`MECHANISMS`: in both, over in either);
    - 3 for being filed under the very threat that was named, and not under what it belongs to;
    - visibility: half a point for a play that fits what was said of publicity (not knowing counts
      as quiet), and 3 for quiet diplomacy where someone who is listened to is needed;
    - up to 1 for being about little else: one over the number of its threats.

    Then the one that takes less effort, then the order of the pages.
    """
    rows = _one_language_each(_candidates(walk, tree))
    timely = [play for play in rows if play.phase in _phases(walk)]
    ranked = sorted(timely or rows, key=lambda play: _rank(play, walk))
    best = [play.pk for play in ranked[:SHOWN]]
    complete = PlayPage.objects.select_related("locale").in_bulk(best)
    return [complete[pk] for pk in best if pk in complete]


def choose_offers(walk: Walk, tree: ThreatTree) -> list[SupportOfferPage]:
    """Return the offers that hold today, for this threat or for any, the likeliest kind first."""
    concerned = _threat_rows(walk, tree)
    offers = (
        SupportOfferPage.objects.offered()
        .filter(readable(), locale__language_code__in=published_codes())
        .exclude(status=Status.HISTORIC)
        .select_related("locale")
        .prefetch_related("threats")
        .order_by("path")
    )
    fitting = [
        offer
        for offer in _one_language_each(list(offers))
        if concerned is None
        or not offer.threats.all()
        or {threat.pk for threat in offer.threats.all()} & concerned
    ]
    first = OFFERS_FIRST[_situation(walk)]
    return sorted(
        fitting, key=lambda offer: first.index(offer.kind) if offer.kind in first else len(first)
    )


def fits_the_moment(play: PlayPage, walk: Walk) -> bool:
    """Return whether the play is for this moment: getting ready, acting, or recovering."""
    turning_point = {"before": Phase.PREPARE, "after": Phase.RECOVER}.get(walk.code(WHEN))
    if turning_point is not None:
        return play.phase == turning_point
    return play.phase in {Phase.NOW, Phase.DAYS, Phase.WEEKS}


def _candidates(walk: Walk, tree: ThreatTree) -> list[PlayPage]:
    plays = (
        PlayPage.objects.live()
        .filter(readable(), locale__language_code__in=published_codes())
        .exclude(status=Status.HISTORIC)
        .select_related("locale")
        .prefetch_related("threats", "mechanisms")
        .only("path", "translation_key", "locale__language_code", "phase", "visibility", "effort")
        .order_by("path")
    )
    concerned = _threat_rows(walk, tree)
    if concerned is not None:
        plays = plays.filter(threats__in=concerned).distinct()
    return list(plays)


def _threat_rows(walk: Walk, tree: ThreatTree) -> set[int] | None:
    """Return the rows of the threats that concern this reader; None for all of them."""
    if walk.threat is None:
        return None
    rows = walk.threat.family() | {node.pk for node in walk.threat.above()}
    if walk.code(PEOPLE) == "detained" and DETENTION in tree.by_code:
        rows |= tree.by_code[DETENTION].family()
    return rows


def _one_language_each(pages: list[Any]) -> list[Any]:
    """Keep each item once: in the language shown, or else in the first the node publishes."""
    codes = [translation.get_language() or settings.LANGUAGE_CODE, *published_codes()]
    kept: dict[Any, Page] = {}
    for page in sorted(pages, key=lambda page: codes.index(page.locale.language_code)):
        kept.setdefault(page.translation_key, page)
    return sorted(kept.values(), key=lambda page: page.path)


def _situation(walk: Walk) -> str:
    people = walk.code(PEOPLE)
    if people in MECHANISMS:
        return people
    return walk.code(NEED) if walk.code(NEED) in MECHANISMS else ""


def _rank(play: PlayPage, walk: Walk) -> tuple[float, int, str]:
    efforts = ("low", "medium", "high", "")
    return -_points(play, walk), efforts.index(play.effort), play.path


def _phases(walk: Walk) -> tuple[Phase, ...]:
    return PHASES.get(walk.code(WHEN), PHASES["now"])


def _points(play: PlayPage, walk: Walk) -> float:
    phases = _phases(walk)
    points: float = PHASE_POINTS[phases.index(play.phase)] if play.phase in phases else 0
    points += MECHANISM_POINTS * _share_in_common(play, _situation(walk))
    points += _visibility_points(play, walk)
    threats = {threat.pk for threat in play.threats.all()}
    if walk.threat is not None and walk.threat.parent is not None and walk.threat.pk in threats:
        points += OWN_KIND_POINTS
    return points + 1 / max(len(threats), 1)


def _share_in_common(play: PlayPage, situation: str) -> float:
    wanted = MECHANISMS.get(situation, set())
    used = {mechanism.code for mechanism in play.mechanisms.all()}
    return len(wanted & used) / len(wanted | used) if wanted and used else 0


def _visibility_points(play: PlayPage, walk: Walk) -> float:
    wants_public = walk.code(PUBLICITY) == "public"
    points = PUBLICITY_POINTS if (play.visibility == Visibility.PUBLIC) == wants_public else 0
    if _situation(walk) == "contacts" and play.visibility == Visibility.QUIET_DIPLOMACY:
        points += QUIET_DIPLOMACY_POINTS
    return points
