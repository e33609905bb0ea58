"""The page of results. It is never kept: not by us, a cache or a search engine."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.html import strip_tags
from django.utils.text import Truncator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from wagtail.models import Page

from playbook.languages import Language, language, published_codes
from playbook.models import SupportIndexPage
from playbook.models.readable import readable
from playbook.search import facets, results
from playbook.search.kinds import union
from playbook.search.matching import MOST
from playbook.search.normalise import words
from playbook.search.query import MOST_CHARACTERS, MOST_WORDS, Query, closest, read_query
from playbook.threats import load_threats
from playbook.untranslated import untranslated_address

ON_A_PAGE = 15
LINE_WORDS = 40


@dataclass(frozen=True)
class Result:
    """`language` only when it is not the one that is shown."""

    title: str
    url: str
    kind: str
    line: str
    status: Any
    threats: list[str]
    language: Language | None


@require_safe
@never_cache
def search(request: HttpRequest) -> HttpResponse:
    shown = translation.get_language() or ""
    if shown not in published_codes():
        raise Http404
    typed = request.GET.get("q", "")
    too_long = len(typed) > MOST_CHARACTERS
    query = read_query("" if too_long else typed, shown)
    chosen = facets.read_choices(request.GET)
    found: list[results.Found] = []
    corrected = ""
    if query:
        found = results.search(query, shown)
        if not found:
            corrected, found = _respelt(query, shown)
    elif any(chosen.values()) and not too_long:
        found = results.browse(shown)
    labels = facets.names()
    narrowed = results.without_repeats(facets.narrow(found, chosen), shown)
    page = Paginator(narrowed, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "typed": "" if too_long else " ".join(typed.split()).replace("\x00", ""),
        "asked": bool(query) or any(chosen.values()),
        "too_long": too_long,
        "most_words": MOST_WORDS if query.shortened else None,
        "corrected": corrected,
        "meant": {code: labels["threat"].get(code) for code in query.threats},
        "facets": facets.facets(found, chosen, labels, shown),
        "narrowed": any(chosen.values()),
        "results": _shown(page.object_list, shown, labels["threat"]),
        "page_of_results": page,
        "count": len(narrowed),
        **({} if narrowed else _ways_on(shown)),
        "at_most": MOST if len(found) >= MOST else None,
        "elsewhere_only": bool(narrowed) and all(item.language != shown for item in narrowed),
        "address": _address(request),
    }
    answer = render(request, "playbook/search.html", context, status=400 if too_long else 200)
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _ways_on(shown: str) -> dict[str, Any]:
    """Return where else to look, for readers who found nothing. Two queries."""
    support = SupportIndexPage.objects.live().filter(readable(), locale__language_code=shown)
    return {
        "threats": load_threats().roots,
        "support": support.select_related("locale").first(),
    }


def _respelt(query: Query, shown: str) -> tuple[str, list[results.Found]]:
    """Return the nearest spelling that finds something, and what it finds."""
    known = {word for title in results.titles(shown) for word in words(title) if len(word) > 3}
    nearest = closest(query, known)
    found = results.search(read_query(nearest, shown), shown) if nearest else []
    return (nearest if found else ""), found


def _shown(found: Any, shown: str, threats: dict[str, str]) -> list[Result]:
    """Return what the template needs of the pages in sight. Two queries."""
    items: list[results.Found] = list(found)
    ids: dict[Any, list[int]] = {}
    for item in items:
        ids.setdefault(item.kind, []).append(item.pk)
    pages = Page.objects.select_related("locale").in_bulk([item.pk for item in items])
    lines = dict(union([kind.lines(of_kind) for kind, of_kind in ids.items()]))
    return [
        Result(
            title=item.title,
            url=_url(pages[item.pk], item, shown),
            kind=item.kind.name,
            line=_plain(lines.get(item.pk, "")),
            status=item.status,
            threats=[threats.get(code, code) for code in item.values["threat"]],
            language=None if item.language == shown else language(item.language),
        )
        for item in items
        if item.pk in pages
    ]


def _url(page: Page, item: results.Found, shown: str) -> str:
    if item.language == shown:
        return page.url or ""
    return untranslated_address(page, shown)


def _plain(line: str) -> str:
    return Truncator(" ".join(strip_tags(line.replace("</", " </")).split())).words(LINE_WORDS)


def _address(request: HttpRequest) -> str:
    """Return the query string without the number of the page, for links to other pages of it."""
    data = request.GET.copy()
    data.pop("page", None)
    return data.urlencode()
