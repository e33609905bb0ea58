"""Who takes part: organisations and groups. Unlisted unless they want to be seen."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Value
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.fields import RichTextField
from wagtail.models import Page, PageManager, PageQuerySet
from wagtail.search import index

from playbook import panels
from playbook.blocks import SMALL_FEATURES
from playbook.content_checks import ItemForm
from playbook.search.fields import searched

from .base import GatedPage
from .readable import readable
from .relations import related
from .sections import SECTION_PANELS, SectionPage
from .terms import Sector, default_locale_terms


class Listing(models.TextChoices):
    UNLISTED = "unlisted", _("Unlisted: editors only")
    MEMBERS = "members", _("Members: people who are logged in")
    PUBLIC = "public", _("Public")


class ListedQuerySet(PageQuerySet):
    def seen_by(self, user: Any) -> ListedQuerySet:
        """Only what this reader may see; nothing unlisted for anybody."""
        allowed = [Listing.PUBLIC]
        if getattr(user, "is_authenticated", False):
            allowed.append(Listing.MEMBERS)
        return self.live().filter(readable(), listing__in=allowed)


def viewer(request: HttpRequest) -> Any:
    """Return who is logged in, or None.

    Without a session cookie the session is not asked for: what readers get does not depend on
    cookies, and says so to caches.
    """
    known = settings.SESSION_COOKIE_NAME in request.COOKIES
    return request.user if known else None


class ListedPage(GatedPage):
    """A page about people who decide for themselves whether they are seen."""

    listing = models.CharField(
        _("visibility"),
        max_length=20,
        choices=Listing.choices,
        default=Listing.UNLISTED,
        help_text=_("Ask first. Being seen beside us can be dangerous."),
    )
    description = RichTextField(_("description"), blank=True, features=SMALL_FEATURES)

    objects = PageManager.from_queryset(ListedQuerySet)()

    base_form_class = ItemForm
    settings_panels: list[Any] = []
    promote_panels = panels.PROMOTE
    search_fields = [
        *Page.search_fields,
        *searched(None, "description"),
        index.FilterField("listing"),
    ]
    parent_page_types = ["playbook.NetworkPage"]
    subpage_types: list[str] = []

    class Meta:
        abstract = True

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not type(self).objects.seen_by(viewer(request)).filter(pk=self.pk).exists():
            raise Http404
        return super().serve(request, *args, **kwargs)


class OrganisationPage(ListedPage, Page):
    class Kind(models.TextChoices):
        MEMBER = "member", _("Member")
        PARTNER = "partner", _("Partner")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.MEMBER)
    website = models.URLField(_("website"), blank=True)
    sectors = ParentalManyToManyField(
        Sector,
        verbose_name=_("sectors"),
        blank=True,
        related_name="organisations",
        limit_choices_to=default_locale_terms,
    )

    content_panels = [*Page.content_panels, *panels.ORGANISATION]

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        offers = apps.get_model("playbook", "SupportOfferPage").objects.offered()
        offered = offers.filter(offered_by__translation_key=self.translation_key)
        context["relations"] = related(offers=(offered, "scope", Value("")))
        groups = GroupPage.objects.seen_by(viewer(request)).filter(organisations=self)
        context["groups"] = list(groups.order_by("title"))
        return context


class GroupPage(ListedPage, Page):
    class Kind(models.TextChoices):
        WORKING = "working", _("Working group")
        ADVISORY = "advisory", _("Advisory group")
        COALITION = "coalition", _("National coalition")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    organisations = ParentalManyToManyField(
        OrganisationPage, verbose_name=_("organisations"), blank=True, related_name="groups"
    )

    content_panels = [*Page.content_panels, *panels.GROUP]

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        members = OrganisationPage.objects.seen_by(viewer(request)).filter(
            pk__in=[organisation.pk for organisation in self.organisations.all()]
        )
        context["organisations"] = list(members.order_by("title"))
        return context


class NetworkPage(SectionPage, Page):
    content_panels = SECTION_PANELS
    parent_page_types = ["playbook.HomePage"]
    subpage_types = ["playbook.OrganisationPage", "playbook.GroupPage"]

    class Meta:
        verbose_name = _("network")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        for name, model in (("organisations", OrganisationPage), ("groups", GroupPage)):
            seen = model.objects.seen_by(viewer(request)).child_of(self)
            context[name] = list(seen.order_by("title"))
        return context
