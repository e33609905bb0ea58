"""A template: a crisis response guideline to fill in. It is filled in on paper, never here."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Value
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page

from playbook import panels
from playbook.blocks import FORM_BLOCKS, TEXT_FEATURES
from playbook.search.fields import searched

from .base import PublishedItem
from .plays import PlayPage
from .relations import keys_of, related
from .sections import SECTION_PANELS, ListPage
from .terms import Threat, default_locale_terms


class TemplatePage(PublishedItem, Page):
    template = "playbook/template_page.html"

    purpose = models.CharField(_("purpose"), max_length=300)
    how_to_use = RichTextField(_("how to use it"), blank=True, features=TEXT_FEATURES)
    parts = StreamField(FORM_BLOCKS, verbose_name=_("parts to fill in"))
    threats = ParentalManyToManyField(
        Threat,
        verbose_name=_("threats"),
        blank=True,
        related_name="templates",
        limit_choices_to=default_locale_terms,
    )

    content_panels = [*Page.content_panels, *panels.TEMPLATE]
    settings_panels = panels.SETTINGS
    promote_panels = panels.PROMOTE
    search_fields = [*Page.search_fields, *searched("purpose", "how_to_use", "parts")]
    parent_page_types = ["playbook.TemplateIndexPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        using = PlayPage.objects.live().filter(templates__translation_key=self.translation_key)
        plays = PlayPage.objects.filter(translation_key__in=keys_of(using))
        context["relations"] = related(plays=(plays, "outcome", Value("")))
        return context


class TemplateIndexPage(ListPage, Page):
    content_panels = SECTION_PANELS
    parent_page_types = ["playbook.HomePage"]
    subpage_types = ["playbook.TemplatePage"]

    class Meta:
        verbose_name = _("list of templates")

    def get_context(
        self, request: HttpRequest, *args: Any, threat: Threat | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        return {**context, **self.list_context(TemplatePage.objects, threat)}
