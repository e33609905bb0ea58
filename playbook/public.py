"""What readers of a language may see, asked in one place by all that is made of many pages."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from wagtail.models import Page, PageQuerySet

from playbook.addresses import keys_with
from playbook.languages import published_codes
from playbook.models import (
    CasePage,
    EpisodePage,
    EventPage,
    FindingPage,
    GroupPage,
    OrganisationPage,
    PlayPage,
    PublishedItem,
    StrategyPage,
    SupportOfferPage,
    TemplatePage,
)
from playbook.models.readable import readable

# The code of each kind of item, which is also the address of its section.
KINDS: dict[str, type[Page]] = {
    "plays": PlayPage,
    "cases": CasePage,
    "strategies": StrategyPage,
    "findings": FindingPage,
    "templates": TemplatePage,
    "support": SupportOfferPage,
    "podcast": EpisodePage,
    "events": EventPage,
}
_LISTED = (OrganisationPage, GroupPage)

# What narrows a kind further than being live.
_NARROWED: dict[type[Page], Callable[[], PageQuerySet]] = {
    SupportOfferPage: lambda: SupportOfferPage.objects.offered()
}


def kind_of(page: Page) -> str | None:
    """Return the code of an item's kind, or None for other pages."""
    return next((code for code, model in KINDS.items() if isinstance(page, model)), None)


def items(model: type[Page], language: str) -> PageQuerySet:
    """Return the items of a kind that anybody may read in a language, newest first."""
    found = _NARROWED.get(model, model.objects.live)()
    return (
        found.filter(readable(), locale__language_code=language)
        .select_related("locale")
        .order_by("-last_published_at", "-pk")
    )


def pages() -> PageQuerySet:
    """Return every page of a published language that anybody may read, in tree order.

    Of an offer that has expired, and of a member that did not ask to be listed, nothing.
    """
    hidden = Q(pk__in=SupportOfferPage.objects.live().exclude(pk__in=_offered()).values("pk"))
    for model in _LISTED:
        hidden |= Q(pk__in=model.objects.exclude(listing="public").values("pk"))
    return (
        Page.objects.live()
        .filter(readable(), depth__gt=1, locale__language_code__in=published_codes())
        .exclude(hidden)
        .select_related("locale")
        .order_by("path")
    )


def _offered() -> Any:
    return SupportOfferPage.objects.offered().values("pk")


def find(short: str, language: str) -> Page | None:
    """Return the item with this short id in the language, or else in the first that has it.

    The item is live, or was withdrawn; of everything else there is nothing to say.
    """
    low, high = keys_with(short)
    rows = (
        Page.objects.filter(readable())
        .filter(translation_key__gte=low, translation_key__lte=high)
        .filter(locale__language_code__in=published_codes())
        .select_related("locale")
        .order_by("pk")
    )
    order = [language, *published_codes()]
    for page in sorted(rows, key=lambda row: order.index(row.locale.language_code)):
        item: Any = page.specific
        shown = item.live or getattr(item, "withdrawn_on", None)
        if shown and isinstance(item, PublishedItem):
            return item
    return None
