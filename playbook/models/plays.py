"""A play: one practical response, complete enough to be used on its own."""

import uuid
from dataclasses import replace
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q, QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Orderable, Page
from wagtail.url_routing import RouteResult

from playbook import panels
from playbook.blocks import STEP_BLOCKS, TEXT_FEATURES
from playbook.prepared import prepared
from playbook.search.fields import searched

from .base import PublishedItem
from .relations import Relations, in_one, shown_in_one
from .terms import Dimension, Mechanism, Sector, Threat, default_locale_terms

ACT_NOW = 5
_RELATIONS: Relations = {
    "templates": ("templatepage", "purpose", None),
    "support": ("supportofferpage", "scope", "kind"),
    "evidence": ("casepage", None, "composite"),
    "strategies": ("strategypage", "summary", "goal"),
}
CARD = "card"


class Phase(models.TextChoices):
    PREPARE = "prepare", _("Prepare")
    NOW = "now", _("Now")
    DAYS = "days", _("In the next days")
    WEEKS = "weeks", _("In the next weeks")
    RECOVER = "recover", _("Recover")


class Effort(models.TextChoices):
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")


class Visibility(models.TextChoices):
    PRIVATE = "private", _("Private")
    CLOSED_GROUP = "closed_group", _("Closed group")
    QUIET_DIPLOMACY = "quiet_diplomacy", _("Quiet diplomacy")
    PUBLIC = "public", _("Public")


class PlayPage(PublishedItem, Page):
    outcome = models.CharField(
        _("outcome"), max_length=300, help_text=_("One line: what is better when this is done.")
    )
    threats = ParentalManyToManyField(
        Threat,
        verbose_name=_("threats"),
        related_name="plays",
        limit_choices_to=default_locale_terms,
    )
    phase = models.CharField(_("phase"), max_length=20, choices=Phase.choices)
    who_leads = models.CharField(
        _("who leads"), max_length=300, blank=True, help_text=_("A role, never a name.")
    )
    effort = models.CharField(_("effort"), max_length=20, choices=Effort.choices, blank=True)
    time = models.CharField(_("time"), max_length=300, blank=True)
    cost = models.CharField(_("cost"), max_length=300, blank=True)
    preconditions = RichTextField(_("before you start"), blank=True, features=TEXT_FEATURES)
    steps = StreamField(STEP_BLOCKS, verbose_name=_("steps"))
    worse = RichTextField(_("what could make it worse"), blank=True, features=TEXT_FEATURES)
    stop_conditions = RichTextField(_("stop conditions"), blank=True, features=TEXT_FEATURES)
    visibility = models.CharField(
        _("visibility"), max_length=20, choices=Visibility.choices, blank=True
    )
    mechanisms = ParentalManyToManyField(
        Mechanism,
        verbose_name=_("mechanisms"),
        blank=True,
        related_name="plays",
        limit_choices_to=default_locale_terms,
    )
    dimensions = ParentalManyToManyField(
        Dimension,
        verbose_name=_("dimensions"),
        blank=True,
        related_name="plays",
        limit_choices_to=default_locale_terms,
    )
    sectors = ParentalManyToManyField(
        Sector,
        verbose_name=_("sectors"),
        blank=True,
        related_name="plays",
        limit_choices_to=default_locale_terms,
    )
    templates = ParentalManyToManyField(
        "playbook.TemplatePage", verbose_name=_("templates"), blank=True, related_name="plays"
    )
    support = ParentalManyToManyField(
        "playbook.SupportOfferPage", verbose_name=_("support"), blank=True, related_name="plays"
    )
    local_legal_note = RichTextField(
        _("local legal note"),
        blank=True,
        features=TEXT_FEATURES,
        help_text=_("For readers of this site. It is never shared with other coalitions."),
    )

    content_panels = [*Page.content_panels, *panels.PLAY]
    settings_panels = panels.SETTINGS
    promote_panels = panels.PROMOTE
    search_fields = [
        *Page.search_fields,
        *searched(
            "outcome", "preconditions", "steps", "worse", "stop_conditions", "who_leads", "time",
            "cost", "local_legal_note",
        ),
    ]  # fmt: skip
    parent_page_types = ["playbook.PlayIndexPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("play")
        verbose_name_plural = _("plays")

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """Below a play's address stands its first-hour card: what prints on one side of paper."""
        if self.live and path_components == [CARD]:
            return RouteResult(self, kwargs={"card": True})
        return super().route(request, path_components)

    def get_template(
        self, request: HttpRequest, *args: Any, card: bool = False, **kwargs: Any
    ) -> str:
        if card:
            return "playbook/play_card.html"
        return super().get_template(request, *args, **kwargs)

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        steps = list(self.steps)[:ACT_NOW]
        context["first_steps"] = steps
        context["has_donts"] = any(step.value["dont"] for step in steps)
        context["relations"] = self.shown_relations()
        return context

    def shown_relations(self) -> dict[str, Any]:
        """Return templates, support, evidence and strategies that readers may see. Two queries."""
        linked = self._linked()
        stances = {key: stance for key, stance in linked if stance}
        pages = _pages([key for key, _stance in linked]) if linked else []
        today = timezone.localdate()
        lasting = [row for row in pages if row[-1] is None or row[-1] > today]
        shown: dict[str, Any] = shown_in_one(lasting, _RELATIONS)
        words = dict(Evidence.Stance.choices)
        kinds, goals = self._words("SupportOfferPage", "Kind"), self._words("StrategyPage", "Goal")
        shown["support"] = [replace(item, mark=kinds[item.mark]) for item in shown["support"]]
        shown["strategies"] = [replace(item, mark=goals[item.mark]) for item in shown["strategies"]]
        shown["evidence"] = [
            replace(item, text=words[stances[item.key]]) for item in shown["evidence"]
        ]
        shown["real_cases"] = sum(not item.mark for item in shown["evidence"])
        return shown

    def _linked(self) -> list[tuple[uuid.UUID, str]]:
        """Return the key of each page that is linked either way, with the stance of a case."""
        if not getattr(self, "_cluster_related_objects", None):
            return _linked_to(self.pk, self.translation_key)
        pages = [page for pages in self._linked_pages() for page in pages]  # of a preview
        return [*self._stances(), *((page.translation_key, "") for page in pages)]

    def _stances(self) -> Any:
        return self.evidence.values_list("page__translation_key", "stance")

    def _linked_pages(self) -> list[Any]:
        strategies = self._model("StrategyPage").objects.live()
        within = strategies.filter(stages__play__translation_key=self.translation_key)
        return [self.templates.all(), self.support.all(), within]

    def _words(self, model: str, choices: str) -> dict[str, Any]:
        return dict(getattr(self._model(model), choices).choices)

    def _model(self, name: str) -> Any:
        """Return a model that itself needs this one."""
        return apps.get_model("playbook", name)


@prepared(int, uuid.UUID)
def _linked_to(pk: int, key: uuid.UUID) -> QuerySet[Any]:
    play, no_stance = PlayPage(pk=pk, translation_key=key), Value("", models.CharField())
    linked = play._linked_pages()
    keys = [pages.order_by().values_list("translation_key", no_stance) for pages in linked]
    return play._stances().order_by().union(*keys, all=True)


@prepared(list[uuid.UUID])
def _pages(keys: list[uuid.UUID]) -> QuerySet[Any]:
    return in_one(Q(translation_key__in=keys), _RELATIONS, "supportofferpage__expires")


class Evidence(Orderable):
    """A case that speaks for a play, or against it."""

    class Stance(models.TextChoices):
        FOR = "for", _("For")
        AGAINST = "against", _("Against")

    play = ParentalKey(PlayPage, on_delete=models.CASCADE, related_name="evidence")
    page = models.ForeignKey(
        "playbook.CasePage",
        verbose_name=_("case"),
        on_delete=models.CASCADE,
        related_name="evidence_for",
    )
    stance = models.CharField(
        _("stance"), max_length=10, choices=Stance.choices, default=Stance.FOR
    )

    panels = panels.EVIDENCE

    class Meta(Orderable.Meta):
        constraints = [
            models.UniqueConstraint(fields=["play", "page"], name="evidence_once_per_play")
        ]

    def __str__(self) -> str:
        return f"{self.page} ({self.stance})"
