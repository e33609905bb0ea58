"""What the playbook asks about pages that were taken away: why, and whether they may come back."""

from django.utils.translation import gettext as _
from wagtail.models import Page

from federation.models import Lease, Provenance
from playbook.origin import RECALLED, UNVERIFIED

from .local_pages import made_here_from
from .tombstones import Graves, place_of


def notice_of(page: Page) -> str:
    """Return RECALLED, UNVERIFIED or nothing, for a page that readers are not shown."""
    own = Provenance.objects.filter(page_id=page.pk).first()
    if own is not None and own.lease == Lease.HIDDEN:
        return UNVERIFIED
    return RECALLED if _is_recalled(page) else ""


def why_barred(page: Page) -> str:
    """Return why a page must not be published here, or nothing."""
    if _is_recalled(page):
        return _("This was recalled because it endangers people. Write a corrected text anew.")
    return ""


def _is_recalled(page: Page) -> bool:
    """Is the page an item under a recall, or made here from one and never shared?"""
    rows = Provenance.objects.filter(translation_key=page.translation_key)
    tree = list(rows.order_by("pk"))
    graves = Graves(str(row.item_id) for row in tree)
    recalled = [row for row in tree if graves.over(place_of(row)) is not None]
    if any(row.page_id == page.pk for row in tree):
        return any(row.page_id == page.pk for row in recalled)
    return bool(recalled) and any(each.pk == page.pk for each in made_here_from(recalled))
