"""The first pages of a language: home, the plays, the cases."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from wagtail.models import Locale, Page
from wagtail.url_routing import RouteResult

from playbook.epoch import kept
from playbook.languages import published_codes
from playbook.untranslated import page_elsewhere, serve_elsewhere

from .cases import CasePage
from .plays import Phase, PlayPage
from .sections import SECTION_PANELS, ListPage, SectionPage
from .terms import Threat, localized

READING_ORDER = [Phase.NOW, Phase.DAYS, Phase.WEEKS, Phase.RECOVER, Phase.PREPARE]


class HomePage(SectionPage, Page):
    content_panels = SECTION_PANELS
    parent_page_types = ["wagtailcore.Page"]
    subpage_types = [
        "playbook.PlayIndexPage",
        "playbook.CaseIndexPage",
        "playbook.StrategyIndexPage",
        "playbook.FindingIndexPage",
        "playbook.EpisodeIndexPage",
        "playbook.TemplateIndexPage",
        "playbook.SupportIndexPage",
        "playbook.EventIndexPage",
        "playbook.NetworkPage",
        "playbook.JoinPage",
        "playbook.StandardPage",
    ]

    class Meta:
        verbose_name = _("home page")

    @property
    def localized(self) -> HomePage:
        """Return the live home of the active language, or else this one. Each request asks."""
        return copy(_home_in(self.pk, translation.get_language())) if self.pk else self

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """Refuse a language that the node does not publish.

        What this language lacks is shown in another one, with a label, if it is there.
        """
        code = self.locale.language_code
        if code != translation.get_language() or code not in published_codes():
            raise Http404
        if not self.live:
            raise Http404
        try:
            return self._route_below(request, path_components)
        except Http404:
            page = page_elsewhere(self, path_components)
            if page is None:
                raise
            return RouteResult(self, kwargs={"elsewhere": page})

    def _route_below(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """Go on to a live section without a query; everything else goes Wagtail's way."""
        section = _live_sections(self.pk).get(path_components[0]) if path_components else None
        if section is None:
            return super().route(request, path_components)
        return copy(section).route(request, path_components[1:])

    def serve(
        self, request: HttpRequest, *args: Any, elsewhere: Page | None = None, **kwargs: Any
    ) -> HttpResponse:
        if elsewhere is not None:
            return serve_elsewhere(request, elsewhere, self.locale.language_code)
        return super().serve(request, *args, **kwargs)

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        threats = Threat.objects.filter(locale=Locale.get_default(), parent__isnull=True)
        context["threats"] = localized(list(threats.order_by("pk")))
        return context


@kept
def _home_in(pk: int, code: str) -> HomePage:
    homes = HomePage.objects.select_related("locale")
    home = homes.get(pk=pk)
    there = homes.live().filter(translation_key=home.translation_key, locale__language_code=code)
    return there.first() or home


@kept
def _live_sections(pk: int) -> dict[str, Page]:
    """Return the live pages below a home, by slug, each as its own type."""
    home = HomePage.objects.select_related("locale").get(pk=pk)
    sections = {page.slug: page for page in home.get_children().live().specific()}
    for page in sections.values():
        page.locale = home.locale
    return sections


class PlayIndexPage(ListPage, Page):
    content_panels = SECTION_PANELS
    parent_page_types = ["playbook.HomePage"]
    subpage_types = ["playbook.PlayPage"]

    class Meta:
        verbose_name = _("list of plays")

    def get_context(
        self, request: HttpRequest, *args: Any, threat: Threat | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        listed = self.list_context(PlayPage.objects, threat)
        order = {phase: number for number, phase in enumerate(READING_ORDER)}
        listed["items"].sort(key=lambda play: order.get(play.phase, len(order)))
        return {**context, **listed}


class CaseIndexPage(ListPage, Page):
    content_panels = SECTION_PANELS
    parent_page_types = ["playbook.HomePage"]
    subpage_types = ["playbook.CasePage"]

    class Meta:
        verbose_name = _("list of cases")

    def get_context(
        self, request: HttpRequest, *args: Any, threat: Threat | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        listed = self.list_context(CasePage.objects, threat)
        listed["items"].sort(key=lambda case: case.kind)
        return {**context, **listed}
