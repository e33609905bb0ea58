"""An episode of the podcast. Nobody must listen: the transcript says the same."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Value
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.fields import RichTextField
from wagtail.models import Page

from playbook import panels
from playbook.blocks import TEXT_FEATURES
from playbook.search.fields import searched

from .base import PublishedItem
from .cases import CasePage
from .relations import TRAINING_EXAMPLE, keys_of, related
from .sections import SECTION_PANELS, ListPage
from .terms import Threat, default_locale_terms


class EpisodePage(PublishedItem, Page):
    summary = models.CharField(_("summary"), max_length=300)
    audio = models.ForeignKey(
        "wagtailmedia.Media",
        verbose_name=_("audio"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("MP3 or M4A. Its size is shown before anybody loads it."),
    )
    number = models.PositiveIntegerField(_("number"), null=True, blank=True)
    speakers = models.CharField(
        _("speakers"), max_length=300, blank=True, help_text=_("Empty: shown as withheld.")
    )
    transcript = RichTextField(
        _("transcript"),
        features=TEXT_FEATURES,
        help_text=_("Every word that matters, for people who cannot listen or must not be heard."),
    )
    threats = ParentalManyToManyField(
        Threat,
        verbose_name=_("threats"),
        blank=True,
        related_name="episodes",
        limit_choices_to=default_locale_terms,
    )

    content_panels = [*Page.content_panels, *panels.EPISODE]
    settings_panels = panels.SETTINGS
    promote_panels = panels.PROMOTE
    search_fields = [*Page.search_fields, *searched("summary", "transcript", "speakers")]
    parent_page_types = ["playbook.EpisodeIndexPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("episode")
        verbose_name_plural = _("episodes")

    def clean(self) -> None:
        super().clean()
        if self.audio is not None and self.audio.type != "audio":
            raise ValidationError({"audio": _("This is a video. Choose an audio file.")})

    @property
    def minutes(self) -> int:
        """How long the audio takes, rounded up; 0 when nobody said."""
        seconds = int(self.audio.duration or 0) if self.audio else 0
        return (seconds + 59) // 60

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        told = CasePage.objects.live().filter(episode__translation_key=self.translation_key)
        cases = CasePage.objects.filter(translation_key__in=keys_of(told))
        context["relations"] = related(cases=(cases, Value(""), TRAINING_EXAMPLE))
        return context


class EpisodeIndexPage(ListPage, Page):
    content_panels = SECTION_PANELS
    parent_page_types = ["playbook.HomePage"]
    subpage_types = ["playbook.EpisodePage"]

    class Meta:
        verbose_name = _("podcast")

    def get_context(
        self, request: HttpRequest, *args: Any, threat: Threat | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        episodes = EpisodePage.objects.select_related("audio", "locale")
        return {**context, **self.list_context(episodes, threat)}
