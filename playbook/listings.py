"""What editors see of each kind of item: one list a kind, with what they sort and look for."""

import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.forms import CheckboxSelectMultiple, RadioSelect
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django_filters.filters import ChoiceFilter, ModelMultipleChoiceFilter
from wagtail.admin.ui.tables import BooleanColumn, Column, DateColumn
from wagtail.admin.ui.tables.pages import BulkActionsColumn, PageStatusColumn, PageTitleColumn
from wagtail.admin.views.pages.listing import PageFilterSet
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.admin.viewsets.pages import PageListingViewSet
from wagtail.models import Page

from playbook.models import (
    CasePage,
    EpisodePage,
    EventPage,
    FindingPage,
    GroupPage,
    OrganisationPage,
    PlayPage,
    Status,
    StrategyPage,
    SupportOfferPage,
    TemplatePage,
    Threat,
)
from playbook.models.base import ShownStatus
from playbook.models.terms import default_locale_terms


def _standing(value: str) -> Q:
    today = timezone.localdate()
    withdrawn, historic = Q(withdrawn_on__isnull=False), Q(status=Status.HISTORIC)
    overdue = Q(review_due__lt=today)
    return {
        ShownStatus.WITHDRAWN: withdrawn,
        ShownStatus.HISTORIC: historic & ~withdrawn,
        ShownStatus.REVIEW_OVERDUE: overdue & ~historic & ~withdrawn,
        ShownStatus.CURRENT: ~withdrawn & ~historic & (Q(review_due=None) | ~overdue),
    }[ShownStatus(value)]


def _due(value: str) -> Q:
    if value == "none":
        return Q(review_due=None)
    return Q(review_due__lte=timezone.localdate() + datetime.timedelta(days=int(value)))


def _expiring(value: str) -> Q:
    return Q(expires__lte=timezone.localdate() + datetime.timedelta(days=int(value)))


class _RuleFilter(ChoiceFilter):
    """Narrow by a rule, within a subquery: Wagtail's search takes no other than indexed fields."""

    def __init__(self, rule: Any, **kwargs: Any) -> None:
        super().__init__(empty_label=_("Any"), widget=RadioSelect, **kwargs)
        self.rule = rule

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        return qs.filter(pk__in=qs.model.objects.filter(self.rule(value)).values("pk"))


class _ThreatFilter(ModelMultipleChoiceFilter):
    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        return qs.filter(pk__in=qs.model.objects.filter(threats__in=value).values("pk"))


class ListedFilterSet(PageFilterSet):
    live = _RuleFilter(
        lambda value: Q(live=value == "true"),
        label=_("Published"),
        choices=[("true", _("Yes")), ("false", _("No"))],
    )
    site = None
    has_child_pages = None

    class Meta:
        model = Page
        fields: list[str] = []


class ItemFilterSet(ListedFilterSet):
    standing = _RuleFilter(_standing, label=_("Status"), choices=ShownStatus.choices)
    review_due = _RuleFilter(
        _due,
        label=_("Review due"),
        choices=[
            ("0", _("Now")), ("30", _("Within 30 days")), ("90", _("Within 90 days")),
            ("none", _("No day set")),
        ],
    )  # fmt: skip


class ThreatenedFilterSet(ItemFilterSet):
    threats = _ThreatFilter(
        label=_("Threats"),
        queryset=lambda request: Threat.objects.filter(**default_locale_terms()),
        widget=CheckboxSelectMultiple,
    )


class OfferFilterSet(ThreatenedFilterSet):
    expires = _RuleFilter(
        _expiring,
        label=_("Expires"),
        choices=[
            ("0", _("Expired")), ("30", _("Within 30 days")), ("90", _("Within 90 days")),
        ],
    )  # fmt: skip


def _columns(*own: Column, standing: bool = True) -> list[Column]:
    """Title and language first, what is particular to the kind, then what has to be done when."""
    columns: list[Any] = [
        BulkActionsColumn("bulk_actions"),
        PageTitleColumn("title", label=_("Title"), sort_key="title", classname="title"),
        *own,
    ]
    if standing:
        columns += [
            Column("shown_status", label=_("Status"), accessor="shown_status.label"),
            Column("review_due", label=_("Review due"), sort_key="review_due"),
        ]
    return [
        *columns,
        DateColumn(
            "latest_revision_created_at", label=_("Updated"), sort_key="latest_revision_created_at"
        ),
        PageStatusColumn("status", label=_("Published"), sort_key="live"),
    ]


def _choice(name: str, label: Any) -> Column:
    return Column(name, label=label, accessor=f"get_{name}_display", sort_key=name)


class ItemListing(PageListingViewSet):
    add_to_admin_menu = False
    filterset_class = ThreatenedFilterSet
    columns = _columns()

    @cached_property
    def url_prefix(self) -> str:
        return f"content/{self.name}"

    @cached_property
    def url_namespace(self) -> str:
        return f"content_{self.name}"  # Wagtail has an address named "groups" of its own


class PlayListing(ItemListing):
    model, icon, name, menu_label = PlayPage, "tasks", "plays", _("Plays")
    columns = _columns(_choice("phase", _("Phase")))


class CaseListing(ItemListing):
    model, icon, name, menu_label = CasePage, "folder-open-inverse", "cases", _("Cases")
    columns = _columns(_choice("kind", _("Kind")), BooleanColumn("composite", label=_("Composite")))


class StrategyListing(ItemListing):
    model, icon, name, menu_label = StrategyPage, "list-ol", "strategies", _("Strategies")
    columns = _columns(_choice("goal", _("Goal")))


class FindingListing(ItemListing):
    model, icon, name, menu_label = FindingPage, "pick", "findings", _("Key findings")
    columns = _columns(BooleanColumn("hypothesis", label=_("Hypothesis")))


class TemplateListing(ItemListing):
    model, icon, name, menu_label = TemplatePage, "form", "templates", _("Templates")


class OfferListing(ItemListing):
    model, icon, name, menu_label = SupportOfferPage, "help", "support", _("Support offers")
    filterset_class = OfferFilterSet
    columns = _columns(
        _choice("kind", _("Kind")),
        Column("verified_on", label=_("Verified on"), sort_key="verified_on"),
        Column("expires", label=_("Expires"), sort_key="expires"),
    )


class EpisodeListing(ItemListing):
    model, icon, name, menu_label = EpisodePage, "media", "episodes", _("Episodes")
    columns = _columns(Column("number", label=_("Number"), sort_key="number"))


class EventListing(ItemListing):
    model, icon, name, menu_label = EventPage, "date", "events", _("Events")
    filterset_class = ItemFilterSet
    columns = _columns(
        Column("begins", label=_("Begins"), sort_key="begins"), _choice("openness", _("Openness"))
    )


class OrganisationListing(ItemListing):
    model, icon, name = OrganisationPage, "group", "organisations"
    menu_label = _("Organisations")
    filterset_class = ListedFilterSet
    columns = _columns(
        _choice("kind", _("Kind")), _choice("listing", _("Visibility")), standing=False
    )


class GroupListing(OrganisationListing):
    model, icon, name, menu_label = GroupPage, "group", "groups", _("Groups")


class ContentGroup(ViewSetGroup):
    items = (
        PlayListing, CaseListing, StrategyListing, FindingListing, TemplateListing, OfferListing,
        EpisodeListing, EventListing, OrganisationListing, GroupListing,
    )  # fmt: skip
    menu_label = _("Content")
    menu_icon = "doc-full"
    menu_name = "content"
    menu_order = 150
