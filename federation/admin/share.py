"""One page and the federation: may it leave, what exactly would, share it, take it back."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.models import Page

from federation import mapping
from federation.conf import get_conf
from federation.errors import FederationError
from federation.models import (
    Mode,
    Provenance,
    Record,
    Review,
    SharingChoice,
    SharingMode,
)
from federation.services import notices, publishing, recalling, retracting
from federation.services.proofs import vouches_for
from federation.wire import records
from playbook.models import RedactionCheck
from playbook.origin import RECALLED

from .base import Act, Refused, Screen, may
from .changes import Change, compare
from .forms import ModeForm, RecallForm, RetractForm
from .payloads import pretty
from .texts import kind_of_page, tongue


def page_or_404(page_id: int) -> Page:
    """Return the page, of its own type and as readers have it; 404 for kinds never shared."""
    page = get_object_or_404(Page, pk=page_id).specific
    if not mapping.is_shareable_type(page):
        raise Http404
    return page


def provenance_of_page(page: Page) -> Provenance | None:
    return Provenance.objects.filter(page_id=page.pk).first()


def notes_for(provenance: Provenance | None) -> list[Review]:
    """Return what reviewers of other nodes wrote about an own item, newest first."""
    if provenance is None or provenance.mode != Mode.OWN:
        return []
    return list(
        Review.objects.filter(
            target_origin=provenance.origin,
            target_item=provenance.item_id,
            target_lang=provenance.lang,
        )
    )


class Standing:
    """How a page stands in the federation: what the share page and the editor's panel show."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.provenance = provenance_of_page(page)
        self.choice = SharingChoice.objects.filter(page_id=page.pk).first()
        self.mode = SharingMode(self.choice.mode if self.choice else SharingMode.ASK)
        self.tongue = tongue(page.locale.language_code)
        self.reason = ""
        self.payload: dict[str, Any] | None = None
        try:
            self.payload = publishing.preview_payload(page)
        except FederationError as error:
            self.reason = str(error)

    @property
    def foreign(self) -> bool:
        return self.provenance is not None and self.provenance.mode != Mode.OWN

    @property
    def shared(self) -> Provenance | None:
        """The row of the version that others have now, if they have one."""
        row = self.provenance
        return row if row and not row.retracted and not self.foreign else None

    @property
    def is_recallable(self) -> bool:
        """Was it ever said to others by this node? Also what was taken back can be recalled."""
        return self.provenance is not None and not self.foreign

    @property
    def newer_is_live(self) -> bool:
        return bool(self.shared and self.shared.revision_id != self.page.live_revision_id)

    @cached_property
    def previous(self) -> dict[str, Any] | None:
        """The record of the version that others have now, as it was signed."""
        if self.shared is None:
            return None
        row = Record.objects.filter(address=self.shared.address).first()
        return records.parse(bytes(row.payload)).raw if row and row.payload else None

    @property
    def says_the_same(self) -> bool:
        """Do others have already what would leave now?"""
        if self.previous is None or self.payload is None:
            return False
        own = {"version", "prev"}
        return all(self.previous.get(k) == v for k, v in self.payload.items() if k not in own)

    @cached_property
    def changes(self) -> list[Change] | None:
        """What a new version would change for those who have the present one; None: no telling."""
        if self.previous is None or self.payload is None:
            return None
        return compare(self.payload["schema"], self.previous["content"], self.payload["content"])

    @cached_property
    def notes(self) -> list[Review]:
        return notes_for(self.provenance)

    @cached_property
    def payload_html(self) -> str:
        return pretty(self.payload) if self.payload else ""


class ShareScreen(Screen):
    any_of = ("share_page",)
    template_name = "federation/share.html"
    header_icon = "upload"
    trail = (("shared", gettext_lazy("Shared by us")),)

    @cached_property
    def page(self) -> Page:
        return page_or_404(self.kwargs["page_id"])

    def get_page_title(self) -> str:
        return self.page.title

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        standing = Standing(self.page)
        check = None
        if self.page.live_revision and RedactionCheck.objects.covers(self.page.live_revision):
            check = RedactionCheck.objects.passed_for(self.page.live_revision_id).first()
        return super().get_context_data(
            page=self.page,
            standing=standing,
            kind=kind_of_page(self.page),
            check=check,
            vouches=vouches_for(standing.shared, get_conf()) if standing.shared else [],
            previous_html=pretty(standing.previous) if standing.previous else "",
            mode_form=ModeForm(initial={"mode": standing.mode}),
            reason_form=RetractForm(),
            can_change=may(self.request.user, "share_page"),
            can_recall=standing.is_recallable and may(self.request.user, "recall_items"),
            is_recalled=notices.notice_of(self.page) == RECALLED,
        )


class PageAct(Act):
    any_of = ("share_page",)

    @cached_property
    def page(self) -> Page:
        return page_or_404(self.kwargs["page_id"])

    def back(self, **kwargs: Any) -> str:
        return reverse("federation_admin:share", args=[self.kwargs["page_id"]])


class Share(PageAct):
    def act(self, **kwargs: Any) -> str:
        before = provenance_of_page(self.page)
        known = before.address if before and not before.retracted else None
        entry = publishing.share_page(self.page)
        if entry.address == known:
            return _("Nothing has changed since it was shared: others have this version already.")
        return _(
            "Shared as entry %(index)d of this node's log. Others can fetch it once the next "
            "head is signed."
        ) % {"index": entry.index}


class Retract(PageAct):
    def act(self, **kwargs: Any) -> str:
        form = RetractForm(self.request.POST)
        if not form.is_valid():
            raise Refused(_("Say why. Everyone can read the reason."))
        here = form.cleaned_data["here"]
        if retracting.retract_page(self.page, form.cleaned_data["reason"], here=here) is None:
            raise Refused(_("This page is not shared."))
        return _(
            "Taken back. Every node that hears of it removes it; copies already downloaded "
            "cannot be recalled."
        )


class RecallPage(PageAct):
    any_of = ("recall_items",)

    def act(self, **kwargs: Any) -> str:
        form = RecallForm(self.request.POST)
        if not form.is_valid():
            raise Refused(_("Say why, and tick that you understand what a recall does."))
        recalling.recall_page(self.page, form.cleaned_data["reason"])
        return _(
            "Recalled. The page is gone here, and every node that hears of it hides it at once and "
            "erases it after seven days. Copies already downloaded cannot be called back."
        )


class SetMode(PageAct):
    def act(self, **kwargs: Any) -> str:
        form = ModeForm(self.request.POST)
        if not form.is_valid():
            raise Refused(_("Choose one of the three."))
        mode = form.cleaned_data["mode"]
        SharingChoice.objects.update_or_create(page_id=self.page.pk, defaults={"mode": mode})
        return _("Saved: %(mode)s.") % {"mode": SharingMode(mode).label}
