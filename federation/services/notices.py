"""What the playbook asks about pages that were taken away: why, and whether they may come back."""

from django.db.models import Q
from django.utils.translation import gettext as _
from wagtail.models import Page

from federation.models import Lease, Provenance
from playbook.origin import RECALLED, UNVERIFIED

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
    own = Provenance.objects.filter(page_id=page.pk).exists()
    rows = Provenance.objects.filter(
        Q(page_id=page.pk) if own else Q(translation_key=page.translation_key)
    )
    places = [place_of(row) for row in rows]
    graves = Graves(place[1] for place in places)
    return any(graves.over(place) is not None for place in places)
