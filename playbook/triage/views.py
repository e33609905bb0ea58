"""One view for every question and every end. It sets no cookie and keeps nothing."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from playbook.languages import published_codes
from playbook.models.plays import ACT_NOW, PlayPage, Visibility
from playbook.threats import ThreatTree, load_threats

from .advice import do_first, do_not
from .choosing import choose_offers, choose_plays, fits_the_moment
from .questions import PUBLICITY
from .walk import UnknownAnswer, Walk, read_path


@require_safe
def triage(request: HttpRequest, path: str = "") -> HttpResponse:
    """Ask the next question on this path of answers, or show where the path ends."""
    if translation.get_language() not in published_codes():
        raise Http404
    tree = load_threats()
    try:
        walk = read_path(path, tree)
    except UnknownAnswer as error:
        return render(request, "playbook/triage/unknown.html", {"begin_at": error.path}, status=404)
    context: dict[str, Any] = {"walk": walk, "number": len(walk.steps) + 1}
    if walk.question is not None:
        return render(request, "playbook/triage/question.html", context)
    return render(request, "playbook/triage/result.html", {**context, **_end(walk, tree)})


def _end(walk: Walk, tree: ThreatTree) -> dict[str, Any]:
    plays = choose_plays(walk, tree)
    best = plays[0] if plays else None
    steps = list(best.steps)[:ACT_NOW] if best else []
    return {
        "best": best,
        "others": plays[1:],
        "first_steps": steps,
        "do_first": do_first(walk),
        "do_not": do_not(walk, has_play=best is not None),
        "warnings": [step.value["dont"] for step in steps if step.value.get("dont")],
        "speaks_in_public": best is not None and _speaks_too_loudly(best, walk),
        "is_timely": best is not None and fits_the_moment(best, walk),
        "offers": choose_offers(walk, tree),
        "threat": walk.threat,
    }


def _speaks_too_loudly(play: PlayPage, walk: Walk) -> bool:
    return play.visibility == Visibility.PUBLIC and walk.code(PUBLICITY) != "public"
