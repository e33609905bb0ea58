"""The first pages of a language: home, the plays, the cases."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Locale, Page
from wagtail.url_routing import RouteResult

from playbook.blocks import SMALL_FEATURES
from playbook.languages import published_codes

from .base import GatedPage
from .cases import CasePage
from .plays import Phase, PlayPage
from .terms import Threat, localized

READING_ORDER = [Phase.NOW, Phase.DAYS, Phase.WEEKS, Phase.RECOVER, Phase.PREPARE]


class SectionPage(GatedPage):
    """A page that leads to others."""

    intro = RichTextField(_("introduction"), blank=True, features=SMALL_FEATURES)

    class Meta:
        abstract = True


class HomePage(SectionPage, Page):
    content_panels = [*Page.content_panels, FieldPanel("intro")]
    parent_page_types = ["wagtailcore.Page"]
    subpage_types = ["playbook.PlayIndexPage", "playbook.CaseIndexPage"]

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


class ListPage(SectionPage):
    """A list of items, whole or for one threat: the threat's code is part of the address."""

    FILTER = "for"

    class Meta:
        abstract = True

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        if self.live and len(path_components) == 2 and path_components[0] == self.FILTER:
            threat = Threat.objects.filter(
                code=path_components[1], locale=Locale.get_default()
            ).first()
            if threat is None:
                raise Http404
            return RouteResult(self, kwargs={"threat": threat})
        return super().route(request, path_components)

    def list_context(self, items: Any, threat: Threat | None) -> dict[str, Any]:
        """Return the live items below, with their threats in the language shown."""
        items = items.child_of(self).live().prefetch_related("threats").order_by("path")
        if threat is not None:
            items = items.filter(threats=threat)
        rows = list(items)
        everyone = {term.pk: term for row in rows for term in row.threats.all()}
        names = dict(zip(everyone, localized(list(everyone.values())), strict=True))
        for row in rows:
            row.shown_threats = [names[term.pk] for term in row.threats.all()]
        return {"items": rows, "threat": localized([threat])[0] if threat else None}


class PlayIndexPage(ListPage, Page):
    content_panels = [*Page.content_panels, FieldPanel("intro")]
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
    content_panels = [*Page.content_panels, FieldPanel("intro")]
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
