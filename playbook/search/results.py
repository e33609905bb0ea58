"""Find, sort and count: from a query to what the page of results shows.

What readers may see is asked of the pages themselves and never of the index, so that a page that
was withdrawn, hidden or has expired is gone at once. The number of queries does not grow with what
is found.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils import timezone
from wagtail.models import Locale, Page

from playbook.languages import published_codes
from playbook.models.base import ShownStatus, Status
from playbook.models.readable import readable
from playbook.search.kinds import BY_CODE, KINDS, Kind, union
from playbook.search.matching import MOST, find_matches
from playbook.search.query import Query

HERE = 2.0  # a page in the reader's language, against the same in another
SAME_THREAT = 0.4  # a page about the threat that was meant, though it says none of the words
WORTH_SHOWING = 0.15  # of the best score: a word in passing is no answer
STANDING = {ShownStatus.HISTORIC: 0.6, ShownStatus.REVIEW_OVERDUE: 0.95}


@dataclass(frozen=True)
class Found:
    """A page that readers may see, and why it is where it stands in the list."""

    pk: int
    kind: Kind
    title: str
    language: str
    translation_key: uuid.UUID
    score: float
    status: ShownStatus | None
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)


def search(query: Query, language: str) -> list[Found]:
    """Return what matches, best first. At most eight queries."""
    locales = {row.pk: row.language_code for row in Locale.objects.all()}
    locales = {pk: code for pk, code in locales.items() if code in published_codes()}
    scores = find_matches(query, locales, _content_types())
    if query.threats:
        about = _about(query.threats)
        scores = {pk: scores.get(pk, 0) for pk in [*scores, *about]}
        for pk in about:
            scores[pk] += SAME_THREAT
    found = _visible(scores, locales, language)
    least = WORTH_SHOWING * max((item.score for item in found), default=0)
    return _sorted([item for item in found if item.score >= least], language)


def browse(language: str) -> list[Found]:
    """Return everything, for readers who choose by facets alone."""
    locales = {
        row.pk: row.language_code
        for row in Locale.objects.all()
        if row.language_code in published_codes()
    }
    newest = Page.objects.live().filter(
        readable(), content_type__in=_content_types(), locale__in=locales
    )
    ids = newest.order_by("-last_published_at").values_list("pk", flat=True)[:MOST]
    return _sorted(_visible(dict.fromkeys(ids, 1.0), locales, language), language)


def _content_types() -> dict[int, Kind]:
    types = ContentType.objects.get_for_models(*(kind.model for kind in KINDS))
    return {types[kind.model].pk: kind for kind in KINDS}


def _about(threats: Iterable[str]) -> list[int]:
    """Return ids of pages about these threats or one below them."""
    parts = []
    for kind in KINDS:
        if kind.has("threats"):
            named = Q(threats__code__in=threats) | Q(threats__parent__code__in=threats)
            rows: Any = kind.model._default_manager.filter(named, live=True).order_by()
            parts.append(rows.values_list("pk"))
    return [pk for (pk,) in union(parts)][:MOST]


def _visible(scores: dict[int, float], locales: dict[int, str], language: str) -> list[Found]:
    """Return those that readers may see, each with its translations that are nearer to the reader.

    Such a translation, if it does not match itself, is as good as what it translates.
    """
    types = _content_types()
    same = Page.objects.filter(pk__in=scores).values("translation_key")
    nearer = [pk for pk, code in locales.items() if code in (language, published_codes()[0])]
    rows = list(
        Page.objects.live()
        .filter(readable())
        .filter(Q(pk__in=scores) | Q(translation_key__in=same, locale__in=nearer))
        .filter(locale__in=locales, content_type__in=types)
        .values_list("pk", "title", "content_type", "locale", "translation_key")
    )
    best: dict[uuid.UUID, float] = defaultdict(float)
    for pk, *_others, key in rows:
        best[key] = max(best[key], scores.get(pk, 0))
    by_kind: dict[str, list[int]] = defaultdict(list)
    for pk, _title, content_type, _locale, _key in rows:
        by_kind[types[content_type].code].append(pk)
    facts = _facts(by_kind)
    threats, mechanisms = (_terms(name, by_kind) for name in ("threats", "mechanisms"))
    found = []
    for pk, title, content_type, locale, key in rows:
        if pk not in facts:
            continue
        kind, code = types[content_type], locales[locale]
        status, phase, region = facts[pk]
        values = {
            "kind": (kind.code,),
            "threat": tuple(threats[pk]),
            "phase": (phase,) if phase else (),
            "mechanism": tuple(mechanisms[pk]),
            "region": (region.strip(),) if region.strip() else (),
            "language": (code,),
            "status": (status.value,) if status else (),
        }
        score = (
            scores.get(pk, best[key] / (HERE if code == language else 1))
            * kind.weight
            * (STANDING.get(status, 1.0) if status else 1.0)
        )
        found.append(Found(pk, kind, title, code, key, score, status, values))
    return found


def _facts(by_kind: dict[str, list[int]]) -> dict[int, tuple[ShownStatus | None, str, str]]:
    today = timezone.localdate()
    facts = {}
    for pk, status, due, phase, region in union(
        [BY_CODE[code].facts(ids) for code, ids in by_kind.items()]
    ):
        shown = None
        if status:
            overdue = due is not None and due < today
            shown = ShownStatus.REVIEW_OVERDUE if overdue else ShownStatus.CURRENT
            shown = ShownStatus.HISTORIC if status == Status.HISTORIC else shown
        facts[pk] = (shown, phase, region)
    return facts


def _terms(name: str, by_kind: dict[str, list[int]]) -> dict[int, dict[str, None]]:
    kinds = {BY_CODE[code]: ids for code, ids in by_kind.items() if BY_CODE[code].has(name)}
    codes: dict[int, dict[str, None]] = defaultdict(dict)
    for pk, code, parent in union([kind.terms(name, ids) for kind, ids in kinds.items()]):
        codes[pk] |= dict.fromkeys([parent, code] if parent else [code])
    return codes


def _sorted(found: list[Found], language: str) -> list[Found]:
    here = [
        replace(item, score=item.score * (HERE if item.language == language else 1))
        for item in found
    ]
    return sorted(here, key=lambda item: (-item.score, item.title, item.pk))


def without_repeats(found: list[Found], language: str) -> list[Found]:
    """Keep one of each page's translations, at the place of the best: the reader's, if it is there.

    Else the first in the node's own order of languages.
    """
    order = [language, *published_codes()]
    chosen: dict[uuid.UUID, Found] = {}
    for item in found:
        other = chosen.get(item.translation_key)
        if other is None or order.index(item.language) < order.index(other.language):
            chosen[item.translation_key] = item
    return list(chosen.values())


def titles(language: str) -> list[str]:
    """Return the titles of live pages, for the spelling of a query that found nothing."""
    rows = Page.objects.live().filter(readable(), content_type__in=_content_types())
    return list(rows.filter(locale__language_code=language).values_list("title", flat=True)[:MOST])
