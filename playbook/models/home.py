"""The first pages of a language: home, the plays, the cases."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from wagtail.models import Locale, Page
from wagtail.url_routing import RouteResult

from playbook.languages import published_codes

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

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """Refuse a language that the node does not publish, and never answer in another one."""
        code = self.locale.language_code
        if code != translation.get_language() or code not in published_codes():
            raise Http404
        if not self.live:
            raise Http404
        return super().route(request, path_components)

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        threats = Threat.objects.filter(locale=Locale.get_default(), parent__isnull=True)
        context["threats"] = localized(list(threats.order_by("pk")))
        return context


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
