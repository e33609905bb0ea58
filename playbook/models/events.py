"""An event: a forum or a closed conversation. Who attends is never written down here."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Value
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.fields import RichTextField
from wagtail.models import Page

from playbook import panels
from playbook.blocks import SMALL_FEATURES, TEXT_FEATURES
from playbook.search.fields import searched

from .base import PublishedItem
from .findings import FindingPage
from .readable import readable
from .relations import keys_of, related
from .sections import SECTION_PANELS, SectionPage


class EventPage(PublishedItem, Page):
    class Openness(models.TextChoices):
        PUBLIC = "public", _("Public")
        CLOSED = "closed", _("Closed: by invitation, place not published")

    summary = models.CharField(_("summary"), max_length=300)
    openness = models.CharField(
        _("openness"), max_length=20, choices=Openness.choices, default=Openness.CLOSED
    )
    begins = models.DateField(_("begins"))
    ends = models.DateField(_("ends"), null=True, blank=True)
    place = models.CharField(
        _("place"), max_length=200, blank=True, help_text=_("For public events only.")
    )
    description = RichTextField(_("description"), blank=True, features=TEXT_FEATURES)
    taking_part = RichTextField(_("how to take part"), blank=True, features=SMALL_FEATURES)
    outcomes = ParentalManyToManyField(
        FindingPage, verbose_name=_("outcomes"), blank=True, related_name="events"
    )

    content_panels = [*Page.content_panels, *panels.EVENT]
    settings_panels = panels.SETTINGS
    promote_panels = panels.PROMOTE
    search_fields = [
        *Page.search_fields,
        *searched("summary", "description", "place", "taking_part"),
    ]
    parent_page_types = ["playbook.EventIndexPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def clean(self) -> None:
        super().clean()
        if self.begins and self.ends and self.ends < self.begins:
            raise ValidationError({"ends": _("It ends before it begins.")})
        if self.openness == self.Openness.CLOSED and self.place:
            raise ValidationError({"place": _("The place of a closed event is not published.")})

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        findings = FindingPage.objects.filter(translation_key__in=keys_of(self.outcomes.all()))
        context["relations"] = related(findings=(findings, "statement", Value("")))
        return context


class EventIndexPage(SectionPage, Page):
    content_panels = SECTION_PANELS
    parent_page_types = ["playbook.HomePage"]
    subpage_types = ["playbook.EventPage"]

    class Meta:
        verbose_name = _("list of events")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        events = list(EventPage.objects.child_of(self).live().filter(readable()).order_by("begins"))
        today = timezone.localdate()
        context["coming"] = [event for event in events if (event.ends or event.begins) >= today]
        context["past"] = [event for event in events if (event.ends or event.begins) < today][::-1]
        return context
