"""A page for each threat: what it is, the first hour, and everything that is filed under it."""

from dataclasses import replace
from typing import Any

from django.db.models import Q, Value
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from playbook.languages import published_codes
from playbook.models import (
    CasePage,
    EpisodePage,
    FindingPage,
    PlayPage,
    StrategyPage,
    SupportOfferPage,
    TemplatePage,
)
from playbook.models.home import READING_ORDER
from playbook.models.plays import Phase
from playbook.models.relations import TRAINING_EXAMPLE, related
from playbook.threats import ThreatNode, load_threats


@require_safe
def threat_list(request: HttpRequest) -> HttpResponse:
    _published_language()
    return render(request, "playbook/threats/list.html", {"threats": load_threats().roots})


@require_safe
def threat_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show a threat with all that is live under it and under its subtypes."""
    _published_language()
    threat = load_threats().by_code.get(code)
    if threat is None:
        raise Http404
    line = [threat, *threat.above()]
    triage_path = f"{line[-1].code}/{code}" if threat.parent else code
    context = {"threat": threat, "triage_path": triage_path, "shelves": _shelves(threat)}
    return render(request, "playbook/threats/threat.html", context)


def _published_language() -> None:
    if translation.get_language() not in published_codes():
        raise Http404


def _shelves(threat: ThreatNode) -> list[dict[str, Any]]:
    """Return the kinds of page that have something to show, each with its items. One query."""
    found = related(
        plays=(_filed(PlayPage.objects, threat), "outcome", "phase"),
        offers=(_offers(threat), "scope", "kind"),
        strategies=(_filed(StrategyPage.objects, threat), "summary", Value("")),
        cases=(_filed(CasePage.objects, threat), "summary", TRAINING_EXAMPLE),
        findings=(_filed(FindingPage.objects, threat), "statement", Value("")),
        templates=(_filed(TemplatePage.objects, threat), "purpose", Value("")),
        episodes=(_filed(EpisodePage.objects, threat), "summary", Value("")),
    )
    order = {phase: number for number, phase in enumerate(READING_ORDER)}
    found["plays"].sort(key=lambda item: order.get(Phase(item.mark), len(order)))
    marks: dict[str, dict[str, Any]] = {
        "plays": dict(Phase.choices),
        "offers": dict(SupportOfferPage.Kind.choices),
        "cases": {"composite": _("Composite training example, not a real event")},
    }
    return [
        {
            "name": name,
            "heading": heading,
            "items": [
                replace(item, mark=marks.get(name, {}).get(item.mark, "")) for item in found[name]
            ],
        }
        for name, heading in _headings().items()
        if found[name]
    ]


def _headings() -> dict[str, str]:
    return {
        "plays": _("Plays"),
        "offers": _("Who can help"),
        "strategies": _("Strategies"),
        "cases": _("Cases"),
        "findings": _("Key findings"),
        "templates": _("Templates"),
        "episodes": _("Podcast"),
    }


def _filed(pages: Any, threat: ThreatNode) -> Any:
    return pages.filter(threats__in=threat.family())


def _offers(threat: ThreatNode) -> Any:
    """Return the offers that hold today, for this threat or for any."""
    fits = Q(threats__in=threat.family()) | Q(threats__isnull=True)
    return SupportOfferPage.objects.offered().filter(fits)
