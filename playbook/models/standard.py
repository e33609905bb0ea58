"""Pages of plain text: taking part, and whatever else a node wants to say."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page

from playbook import panels
from playbook.blocks import ROLE_BLOCKS, TEXT_FEATURES
from playbook.search.fields import searched

from .base import GatedPage
from .readable import readable
from .sections import SECTION_PANELS, SectionPage


class StandardPage(GatedPage, Page):
    body = RichTextField(_("text"), features=TEXT_FEATURES)

    content_panels = [*Page.content_panels, FieldPanel("body")]
    promote_panels = panels.PROMOTE
    settings_panels: list[Any] = []
    search_fields = [*Page.search_fields, *searched(None, "body")]
    parent_page_types = ["playbook.HomePage", "playbook.StandardPage"]
    subpage_types = ["playbook.StandardPage"]

    class Meta:
        verbose_name = _("page of text")
        verbose_name_plural = _("pages of text")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        context["pages"] = list(self.get_children().live().filter(readable()))
        return context


class JoinPage(SectionPage, Page):
    """Taking part, by role: each way reaches the node's team by a route of its own."""

    ways = StreamField(ROLE_BLOCKS, verbose_name=_("ways to take part"), blank=True)

    content_panels = [*SECTION_PANELS, FieldPanel("ways")]
    promote_panels = panels.PROMOTE
    settings_panels: list[Any] = []
    search_fields = [*Page.search_fields, *searched("intro", "ways")]
    parent_page_types = ["playbook.HomePage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("take part")
