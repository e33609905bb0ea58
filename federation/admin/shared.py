"""What this node shares, and what it publishes and has not shared."""

from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.admin.paginator import WagtailPaginator
from wagtail.models import Page

from federation.conf import get_conf
from federation.errors import NotShareable
from federation.models import Endorsement, Mode, Provenance, SharingMode
from federation.services import publishing

from .base import Screen, Text
from .texts import PAGES, kind_name, kind_of_page, tongue

PER_PAGE = 20


def pending_pages(own: str) -> QuerySet[Page]:
    """Return live pages written here, not set to “never”, whose live version was not shared."""
    shared = Q(
        provenance__origin=own,
        provenance__retracted=False,
        provenance__revision_id=F("live_revision_id"),
    )
    return (
        Page.objects.live()
        .type(tuple(PAGES.values()))
        .exclude(sharing_choice__mode=SharingMode.NEVER)
        .exclude(pk__in=Provenance.objects.filter(mode=Mode.FOLLOW, page__isnull=False)
                 .values("page_id"))
        .exclude(pk__in=Page.objects.filter(shared).values("pk"))
        .select_related("locale", "sharing_choice")
        .order_by("-last_published_at", "pk")
    )  # fmt: skip


class Shared(Screen):
    any_of = ("share_page",)
    template_name = "federation/shared.html"
    header_icon = "upload"
    page_title: Text = _("Shared by us")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = get_conf().NODE_ID
        rows = (
            Provenance.objects.filter(origin=own, mode=Mode.OWN)
            .select_related("page", "page__sharing_choice")
            .order_by("retracted", "-index")
        )
        shared = WagtailPaginator(rows, PER_PAGE)
        leaf = shared.get_page(self.request.GET.get("p"))
        waiting = WagtailPaginator(pending_pages(own), PER_PAGE)
        pending = waiting.get_page(self.request.GET.get("pending"))
        return super().get_context_data(
            leaf=leaf,
            rows=_shared_rows(list(leaf)),
            elided_page_range=shared.get_elided_page_range(leaf.number),
            pending=pending,
            pending_rows=[_pending_row(page) for page in pending],
            **kwargs,
        )


def _shared_rows(rows: list[Provenance]) -> list[dict[str, Any]]:
    endorsers: dict[str, list[str]] = {}
    addresses = [row.address for row in rows]
    for endorsement in Endorsement.objects.filter(target_address__in=addresses, withdrawn=False):
        endorsers.setdefault(endorsement.target_address, []).append(endorsement.endorser)
    return [
        {
            "row": row,
            "page": row.page,
            "kind": kind_name(row.schema),
            "tongue": tongue(row.lang),
            "mode": _mode(row.page) if row.page else "",
            "newer": bool(
                row.page and row.page.live and row.page.live_revision_id != row.revision_id
            ),
            "endorsers": sorted(endorsers.get(row.address, [])),
        }
        for row in rows
    ]


def _mode(page: Page) -> str:
    choice = getattr(page, "sharing_choice", None)
    return str(SharingMode(choice.mode if choice else SharingMode.ASK).label)


def _pending_row(page: Page) -> dict[str, Any]:
    """Return a live page with why it cannot be shared, or no reason where it can."""
    try:
        publishing.preview_payload(page.specific)
        reason = ""
    except NotShareable as error:
        reason = str(error)
    return {
        "page": page,
        "kind": kind_of_page(page),
        "tongue": tongue(page.locale.language_code),
        "mode": _mode(page),
        "reason": reason,
        "already": Provenance.objects.filter(page_id=page.pk, retracted=False).exists(),
    }
