"""A strategy: plays in order, with the point at which somebody decides whether to go on."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail.fields import RichTextField
from wagtail.models import Orderable, Page

from playbook import panels
from playbook.blocks import TEXT_FEATURES
from playbook.search.fields import searched

from .base import PublishedItem
from .plays import PlayPage
from .relations import translations
from .sections import SECTION_PANELS, ListPage
from .terms import Threat, default_locale_terms


def _stages(strategy: Any) -> str:
    return " ".join(f"{stage.why} {stage.decision}" for stage in strategy.stages.all())


class StrategyPage(PublishedItem, Page):
    class Goal(models.TextChoices):
        PROTECT = "protect", _("Protect")
        PREPARE = "prepare", _("Prepare")
        ENLARGE = "enlarge", _("Enlarge the space")

    goal = models.CharField(_("goal"), max_length=20, choices=Goal.choices)
    summary = models.CharField(
        _("summary"), max_length=300, help_text=_("One line: what this order of plays is for.")
    )
    when_to_use = RichTextField(_("when to use it"), blank=True, features=TEXT_FEATURES)
    threats = ParentalManyToManyField(
        Threat,
        verbose_name=_("threats"),
        related_name="strategies",
        limit_choices_to=default_locale_terms,
    )

    content_panels = [*Page.content_panels, *panels.STRATEGY]
    settings_panels = panels.SETTINGS
    promote_panels = panels.PROMOTE
    search_fields = [*Page.search_fields, *searched("summary", "when_to_use", _stages)]
    parent_page_types = ["playbook.StrategyIndexPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("strategy")
        verbose_name_plural = _("strategies")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        context["stages"] = self.shown_stages()
        return context

    def shown_stages(self) -> list[StrategyStage]:
        """Return the stages, each with the play to show, or None. Two queries."""
        stages = list(self.stages.select_related("play"))
        plays = translations(PlayPage, [stage.play.translation_key for stage in stages])
        for stage in stages:
            stage.shown_play = plays.get(stage.play.translation_key)
        return stages


class StrategyStage(Orderable):
    """One play of a strategy, and what decides whether the next one follows."""

    strategy = ParentalKey(StrategyPage, on_delete=models.CASCADE, related_name="stages")
    play = models.ForeignKey(
        "playbook.PlayPage",
        verbose_name=_("play"),
        on_delete=models.PROTECT,
        related_name="strategy_stages",
    )
    why = models.CharField(_("why here"), max_length=300, blank=True)
    decision = models.TextField(
        _("decision point"),
        blank=True,
        help_text=_("Who decides what before going on, and when to stop instead."),
    )

    panels = panels.STAGE

    def __str__(self) -> str:
        return f"{self.strategy} {self.sort_order}"


class StrategyIndexPage(ListPage, Page):
    content_panels = SECTION_PANELS
    parent_page_types = ["playbook.HomePage"]
    subpage_types = ["playbook.StrategyPage"]

    class Meta:
        verbose_name = _("list of strategies")

    def get_context(
        self, request: HttpRequest, *args: Any, threat: Threat | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        return {**context, **self.list_context(StrategyPage.objects, threat)}
