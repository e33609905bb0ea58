"""A case: what an organisation or a coalition did, and what can be learned from it."""

from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import OuterRef, Subquery, Value
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page

from playbook import panels
from playbook.blocks import LESSON_BLOCKS, TEXT_FEATURES
from playbook.search.fields import searched

from .base import PublishedItem
from .relations import Related, keys_of, related
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
    search_fields = [
        *Page.search_fields,
        *searched(
            "summary", "trigger", "response", "worked", "did_not_work", "trade_offs", "lessons",
            "transfers_if", "unsafe_if", "region", "authors",
        ),
    ]  # fmt: skip
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
        context["relations"] = self.shown_relations()
        return context

    def shown_relations(self) -> dict[str, list[Related]]:
        """Return the episode, the plays and the findings that readers may see. One query."""
        key = self.translation_key
        plays, findings, episodes = (
            apps.get_model("playbook", name).objects
            for name in ("PlayPage", "FindingPage", "EpisodePage")
        )
        told = episodes.filter(pk=self.episode_id)
        stance = plays.model.evidence.rel.related_model.objects.filter(
            page__translation_key=key, play__translation_key=OuterRef("translation_key")
        ).values("stance")[:1]
        spoken_for = plays.live().filter(evidence__page__translation_key=key)
        taught = findings.live().filter(cases__page__translation_key=key)
        return related(
            episode=(episodes.filter(translation_key__in=keys_of(told)), "summary", Value("")),
            plays=(
                plays.filter(translation_key__in=keys_of(spoken_for)),
                "outcome",
                Subquery(stance),
            ),
            findings=(
                findings.filter(translation_key__in=keys_of(taught)),
                "statement",
                models.Case(
                    models.When(hypothesis=True, then=Value("hypothesis")), default=Value("")
                ),
            ),
        )

    def _part(self, name: str, heading: Any, look: str = "plain") -> dict[str, Any]:
        return {"name": name, "heading": heading, "text": getattr(self, name), "look": look}
