"""What reviewers of other nodes wrote about items of this one."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.paginator import WagtailPaginator

from federation.conf import get_conf
from federation.models import Provenance, Review

from .base import Screen, Text
from .texts import kind_name, tongue

PER_PAGE = 20


class Notes(Screen):
    any_of = ("share_page", "adopt_items", "review_items")
    template_name = "federation/notes.html"
    header_icon = "comment"
    page_title: Text = _("Notes from reviewers")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = get_conf().NODE_ID
        paginator = WagtailPaginator(Review.objects.filter(target_origin=own), PER_PAGE)
        leaf = paginator.get_page(self.request.GET.get("p"))
        reviews = list(leaf)
        rows = Provenance.objects.filter(
            origin=own, item_id__in=[review.target_item for review in reviews]
        ).select_related("page")
        pages = {(row.item_id, row.lang): row for row in rows}
        return super().get_context_data(
            leaf=leaf,
            notes=[_told(review, pages.get((review.target_item, review.target_lang)))
                   for review in reviews],
            elided_page_range=paginator.get_elided_page_range(leaf.number),
            **kwargs,
        )  # fmt: skip


def _told(review: Review, row: Provenance | None) -> dict[str, Any]:
    """Return a note with the page it is about. A later version that was shared answers it."""
    return {
        "review": review,
        "row": row,
        "page": row.page if row else None,
        "kind": kind_name(row.schema) if row else "",
        "tongue": tongue(review.target_lang),
        "answered": review.answered or bool(row and row.version > review.target_version),
    }
