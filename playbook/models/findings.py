"""A key finding: what several cases teach. Without a case it is not published."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail.fields import RichTextField
from wagtail.models import Orderable, Page, Revision
from wagtail.search import index

from playbook import panels, publishing
from playbook.blocks import TEXT_FEATURES

from .base import PublishedItem
from .sections import SECTION_PANELS, ListPage
from .terms import Mechanism, Threat, default_locale_terms


class FindingPage(PublishedItem, Page):
    statement = models.CharField(
        _("finding"), max_length=400, help_text=_("One or two sentences that can be tested.")
    )
    explanation = RichTextField(_("explanation"), blank=True, features=TEXT_FEATURES)
    limits = RichTextField(_("limits"), blank=True, features=TEXT_FEATURES)
    hypothesis = models.BooleanField(
        _("hypothesis"),
        default=False,
        help_text=_("Not yet shown by real cases. Readers see it marked so."),
    )
    threats = ParentalManyToManyField(
        Threat,
        verbose_name=_("threats"),
        blank=True,
        related_name="findings",
        limit_choices_to=default_locale_terms,
    )
    mechanisms = ParentalManyToManyField(
        Mechanism,
        verbose_name=_("mechanisms"),
        blank=True,
        related_name="findings",
        limit_choices_to=default_locale_terms,
    )

    content_panels = [*Page.content_panels, *panels.FINDING]
    settings_panels = panels.SETTINGS
    promote_panels = panels.PROMOTE
    search_fields = [*Page.search_fields, index.SearchField("statement")]
    parent_page_types = ["playbook.FindingIndexPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("key finding")
        verbose_name_plural = _("key findings")

    def publish(self, revision: Revision, *args: Any, **kwargs: Any) -> None:
        if not revision.as_object().cases.exists():
            raise publishing.PublicationRefused(
                gettext("“%(title)s” names no case. A finding is published with at least one.")
                % {"title": self.title}
            )
        super().publish(revision, *args, **kwargs)

    def shown_cases(self) -> list[FindingCase]:
        """Return the links whose case readers may see, each with `case` in this language."""
        links = []
        for link in self.cases.select_related("page", "page__locale"):
            link.case = link.page.localized
            if link.case.live:
                links.append(link)
        return links

    @staticmethod
    def supported_by(links: list[FindingCase]) -> int:
        """Return how many real cases support it: training examples do not count."""
        return sum(not link.case.composite for link in links)


class FindingCase(Orderable):
    """A case that teaches this, and the lesson in it."""

    finding = ParentalKey(FindingPage, on_delete=models.CASCADE, related_name="cases")
    page = models.ForeignKey(
        "playbook.CasePage",
        verbose_name=_("case"),
        on_delete=models.CASCADE,
        related_name="finding_links",
    )
    lesson = models.CharField(_("lesson"), max_length=300, blank=True)

    panels = panels.FINDING_CASE

    class Meta(Orderable.Meta):
        constraints = [
            models.UniqueConstraint(fields=["finding", "page"], name="case_once_per_finding")
        ]

    def __str__(self) -> str:
        return f"{self.finding}: {self.page}"


class FindingIndexPage(ListPage, Page):
    content_panels = SECTION_PANELS
    parent_page_types = ["playbook.HomePage"]
    subpage_types = ["playbook.FindingPage"]

    class Meta:
        verbose_name = _("list of key findings")

    def get_context(
        self, request: HttpRequest, *args: Any, threat: Threat | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        return {**context, **self.list_context(FindingPage.objects, threat)}
