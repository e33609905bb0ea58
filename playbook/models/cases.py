"""A case: what an organisation or a coalition did, and what can be learned from it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page
from wagtail.search import index

from playbook import panels
from playbook.blocks import LESSON_BLOCKS, TEXT_FEATURES

from .base import PublishedItem
from .terms import Mechanism, Sector, Threat, default_locale_terms

SUMMARY_WORDS = 120
MONTH = r"\d{4}(-(0[1-9]|1[0-2]))?"
PERIOD = RegexValidator(
    rf"^{MONTH}(/{MONTH})?$",
    _("A year, a month, or two of them: 2024, 2024-03, 2024-03/2024-06. Never a day."),
)


def validate_summary(value: str) -> None:
    words = len(value.split())
    if words > SUMMARY_WORDS:
        raise ValidationError(
            _("At most %(limit)d words; this has %(words)d."),
            params={"limit": SUMMARY_WORDS, "words": words},
        )


class CasePage(PublishedItem, Page):
    class Kind(models.TextChoices):
        ORGANISATIONAL = "organisational", _("Organisational resilience mechanism")
        COALITION = "coalition", _("Coalition response")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    summary = models.TextField(
        _("summary"), validators=[validate_summary], help_text=_("At most 120 words.")
    )
    threats = ParentalManyToManyField(
        Threat,
        verbose_name=_("threats"),
        related_name="cases",
        limit_choices_to=default_locale_terms,
    )
    sectors = ParentalManyToManyField(
        Sector,
        verbose_name=_("sectors"),
        blank=True,
        related_name="cases",
        limit_choices_to=default_locale_terms,
    )
    mechanisms = ParentalManyToManyField(
        Mechanism,
        verbose_name=_("mechanisms"),
        blank=True,
        related_name="cases",
        limit_choices_to=default_locale_terms,
    )
    region = models.CharField(
        _("region"), max_length=120, blank=True, help_text=_("Coarse: a part of the world.")
    )
    period = models.CharField(_("period"), max_length=20, blank=True, validators=[PERIOD])
    trigger = RichTextField(_("trigger"), blank=True, features=TEXT_FEATURES)
    response = RichTextField(_("response"), blank=True, features=TEXT_FEATURES)
    worked = RichTextField(_("what worked"), blank=True, features=TEXT_FEATURES)
    did_not_work = RichTextField(_("what did not work"), blank=True, features=TEXT_FEATURES)
    trade_offs = RichTextField(_("trade-offs"), blank=True, features=TEXT_FEATURES)
    lessons = StreamField(LESSON_BLOCKS, verbose_name=_("lessons"), blank=True)
    transfers_if = RichTextField(_("it transfers if"), blank=True, features=TEXT_FEATURES)
    unsafe_if = RichTextField(_("it is unsafe if"), blank=True, features=TEXT_FEATURES)
    authors = models.CharField(
        _("authors"),
        max_length=300,
        blank=True,
        help_text=_("Empty: shown as withheld."),
    )
    composite = models.BooleanField(
        _("composite training example"),
        default=False,
        help_text=_("Made up from many events. Not counted as evidence and not shared."),
    )
    episode = models.ForeignKey(
        "playbook.EpisodePage",
        verbose_name=_("episode"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="cases",
    )
    complete_file = models.ForeignKey(
        "wagtaildocs.Document",
        verbose_name=_("complete case"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Not shared with other coalitions: documents are not cleaned yet."),
    )

    content_panels = [*Page.content_panels, *panels.CASE]
    settings_panels = panels.SETTINGS
    promote_panels = panels.PROMOTE
    search_fields = [*Page.search_fields, index.SearchField("summary")]
    parent_page_types = ["playbook.CaseIndexPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        context["parts"] = [
            self._part("trigger", _("Trigger")),
            self._part("response", _("Response")),
            self._part("worked", _("What worked"), "act"),
            self._part("did_not_work", _("What did not work"), "avoid"),
            self._part("trade_offs", _("Trade-offs")),
        ]
        context["conditions"] = [
            self._part("transfers_if", _("It transfers if")),
            self._part("unsafe_if", _("It is unsafe if"), "stop"),
        ]
        return context

    def _part(self, name: str, heading: Any, look: str = "plain") -> dict[str, Any]:
        return {"name": name, "heading": heading, "text": getattr(self, name), "look": look}
