"""A key finding: what several cases teach. Without a case it is not published."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Count, Q, Value
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail.fields import RichTextField
from wagtail.models import Orderable, Page, PageManager, PageQuerySet, Revision

from playbook import panels, publishing
from playbook.blocks import TEXT_FEATURES
from playbook.languages import published_codes
from playbook.search.fields import searched

from .base import PublishedItem
from .cases import CasePage
from .readable import readable
from .relations import keys_of, related, translations
from .sections import SECTION_PANELS, ListPage
from .terms import Mechanism, Threat, default_locale_terms


class FindingQuerySet(PageQuerySet):
    def with_real_cases(self) -> FindingQuerySet:
        """Add `real_cases`, as `FindingPage.supported_by` counts them."""
        real = CasePage.objects.live().filter(
            readable(), composite=False, locale__language_code__in=published_codes()
        )
        return self.annotate(
            real_cases=Count(
                "cases__page__translation_key",
                filter=Q(cases__page__translation_key__in=keys_of(real)),
                distinct=True,
            )
        )


def _lessons(finding: Any) -> str:
    return " ".join(link.lesson for link in finding.cases.all())


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

    objects = PageManager.from_queryset(FindingQuerySet)()

    content_panels = [*Page.content_panels, *panels.FINDING]
    settings_panels = panels.SETTINGS
    promote_panels = panels.PROMOTE
    search_fields = [
        *Page.search_fields,
        *searched("statement", "explanation", "limits", _lessons),
    ]
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
        links = list(self.cases.select_related("page"))
        cases = translations(CasePage, [link.page.translation_key for link in links])
        for link in links:
            link.case = cases.get(link.page.translation_key)
        return [link for link in links if link.case is not None]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        links = self.shown_cases()
        events = apps.get_model("playbook", "EventPage").objects
        held = events.live().filter(outcomes__translation_key=self.translation_key)
        context["case_links"] = links
        context["real_cases"] = self.supported_by(links)
        context["training_examples"] = len(links) - context["real_cases"]
        context["relations"] = related(
            events=(events.filter(translation_key__in=keys_of(held)), "summary", Value(""))
        )
        return context

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
        return {**context, **self.list_context(FindingPage.objects.with_real_cases(), threat)}
