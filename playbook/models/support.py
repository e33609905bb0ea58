"""Support offers: help that an organisation gives, shown until the day before it expires."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Value
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.fields import RichTextField
from wagtail.models import Page, PageManager, PageQuerySet
from wagtail.search import index

from playbook import panels
from playbook.blocks import SMALL_FEATURES
from playbook.search.fields import searched

from .base import PublishedItem
from .network import OrganisationPage, viewer
from .plays import PlayPage
from .relations import keys_of, related
from .sections import SECTION_PANELS, ListPage
from .terms import Threat, default_locale_terms


class SupportQuerySet(PageQuerySet):
    def offered(self) -> SupportQuerySet:
        """Only what readers may rely on today: live, verified, and not expired."""
        return self.live().filter(expires__gt=timezone.localdate())


class SupportOfferPage(PublishedItem, Page):
    class Kind(models.TextChoices):
        LEGAL = "legal", _("Legal")
        COMMUNICATIONS = "communications", _("Communications")
        DIPLOMATIC = "diplomatic", _("Diplomatic")
        FINANCIAL = "financial", _("Money and continuity")
        WELLBEING = "wellbeing", _("Care and wellbeing")
        TECHNICAL = "technical", _("Technical")
        OTHER = "other", _("Other")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    scope = models.CharField(
        _("scope"), max_length=300, help_text=_("What is done, and what is not.")
    )
    offered_by = models.ForeignKey(
        "playbook.OrganisationPage",
        verbose_name=_("offered by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="offers",
    )
    languages_spoken = models.CharField(_("languages"), max_length=200, blank=True)
    eligibility = models.CharField(_("who can ask"), max_length=300, blank=True)
    response_time = models.CharField(
        _("response time"),
        max_length=200,
        blank=True,
        help_text=_("What was kept before, honestly."),
    )
    contact_route = RichTextField(
        _("how to make contact"),
        features=SMALL_FEATURES,
        help_text=_("A route that is watched. Never the number or address of one person."),
    )
    verified_on = models.DateField(
        _("verified on"), help_text=_("The day someone used this route and got an answer.")
    )
    expires = models.DateField(_("expires"), help_text=_("From this day on readers do not see it."))
    threats = ParentalManyToManyField(
        Threat,
        verbose_name=_("threats"),
        blank=True,
        related_name="offers",
        limit_choices_to=default_locale_terms,
    )

    objects = PageManager.from_queryset(SupportQuerySet)()

    content_panels = [*Page.content_panels, *panels.SUPPORT]
    settings_panels = panels.SETTINGS
    promote_panels = panels.PROMOTE
    search_fields = [
        *Page.search_fields,
        *searched("scope", "eligibility", "contact_route", "languages_spoken", "response_time"),
        index.FilterField("expires"),
    ]
    parent_page_types = ["playbook.SupportIndexPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("support offer")
        verbose_name_plural = _("support offers")

    @property
    def has_expired(self) -> bool:
        return self.expires <= timezone.localdate()

    def clean(self) -> None:
        super().clean()
        if self.verified_on and self.verified_on > timezone.localdate():
            raise ValidationError({"verified_on": _("This day has not come yet.")})
        if self.verified_on and self.expires and self.expires <= self.verified_on:
            raise ValidationError({"expires": _("It must expire after it was verified.")})

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.live and self.has_expired:
            context = {"since": self.expires, "section": self.get_parent().specific}
            return TemplateResponse(request, "playbook/expired_offer.html", context, status=410)
        return super().serve(request, *args, **kwargs)

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        naming = PlayPage.objects.live().filter(support__translation_key=self.translation_key)
        plays = PlayPage.objects.filter(translation_key__in=keys_of(naming))
        offering = OrganisationPage.objects.seen_by(viewer(request)).filter(pk=self.offered_by_id)
        context["organisation"] = offering.first()
        context["relations"] = related(plays=(plays, "outcome", Value("")))
        return context


class SupportIndexPage(ListPage, Page):
    content_panels = SECTION_PANELS
    parent_page_types = ["playbook.HomePage"]
    subpage_types = ["playbook.SupportOfferPage"]

    class Meta:
        verbose_name = _("get support")

    def get_context(
        self, request: HttpRequest, *args: Any, threat: Threat | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        listed = self.list_context(SupportOfferPage.objects.offered(), threat)
        order = SupportOfferPage.Kind.values
        listed["items"].sort(key=lambda offer: order.index(offer.kind))
        return {**context, **listed}


def soon_expired(days: int = 30) -> SupportQuerySet:
    """Return the live offers that expire within so many days, for the editors."""
    until = timezone.localdate() + datetime.timedelta(days=days)
    return SupportOfferPage.objects.live().filter(expires__lte=until).order_by("expires")
