"""Pages that lead to others: what the home page and every list have in common."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Locale, Page
from wagtail.url_routing import RouteResult

from playbook.blocks import SMALL_FEATURES

from .base import GatedPage
from .items import item_below
from .readable import readable
from .terms import Threat, localized

SECTION_PANELS = [*Page.content_panels, FieldPanel("intro")]


class SectionPage(GatedPage):
    """A page that leads to others."""

    intro = RichTextField(_("introduction"), blank=True, features=SMALL_FEATURES)

    class Meta:
        abstract = True


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
        if len(path_components) == 1:
            return self._route_to_item(request, path_components[0])
        return super().route(request, path_components)

    def _route_to_item(self, request: HttpRequest, slug: str) -> RouteResult:
        """Read the item as its own type at once: a list holds one type."""
        (model,) = self.allowed_subpage_models()
        item = item_below(self, model, slug)
        if item is None:
            raise Http404
        return item.route(request, [])

    def list_context(self, items: Any, threat: Threat | None = None) -> dict[str, Any]:
        """Return the live items below, with their threats in the language shown."""
        items = (
            items.child_of(self)
            .live()
            .filter(readable())
            .prefetch_related("threats")
            .order_by("path")
        )
        if threat is not None:
            items = items.filter(threats=threat)
        rows = list(items)
        everyone = {term.pk: term for row in rows for term in row.threats.all()}
        names = dict(zip(everyone, localized(list(everyone.values())), strict=True))
        for row in rows:
            row.shown_threats = [names[term.pk] for term in row.threats.all()]
        return {"items": rows, "threat": localized([threat])[0] if threat else None}
