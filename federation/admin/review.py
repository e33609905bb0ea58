"""What a person decides about one item of the inbox. Each is a POST from the item's page."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.admin import messages

from federation.conf import get_conf
from federation.errors import StateChanged
from federation.models import Endorsement, Item, ReviewDecision
from federation.services import adoption, review

from .base import Act, Refused
from .forms import NoteForm, ReasonForm


def own_endorsement(item: Item) -> Endorsement | None:
    """Return this node's standing endorsement of exactly the present version."""
    return Endorsement.objects.filter(
        endorser=get_conf().NODE_ID, target_address=item.address, withdrawn=False
    ).first()


class ItemAct(Act):
    """An act on the version that the person saw: the form names it, and no other is meant."""

    any_of = ("review_items",)

    @cached_property
    def item(self) -> Item:
        item = get_object_or_404(Item, pk=self.kwargs["pk"])
        seen = self.request.POST.get("address", "")
        if seen and seen != item.address:
            raise StateChanged(
                _("Another version arrived while you were reading. Look at that one."),
                item=str(item),
            )
        return item

    def back(self, **kwargs: Any) -> str:
        return reverse("federation_admin:item", args=[self.kwargs["pk"]])


class Endorse(ItemAct):
    def act(self, **kwargs: Any) -> str:
        if own_endorsement(self.item):
            raise Refused(_("This version is endorsed already."))
        entry = review.endorse_item(self.item)
        return _("Endorsed version %(version)d, as entry %(index)d of this node's log.") % {
            "version": self.item.version,
            "index": entry.index,
        }


class WithdrawEndorsement(ItemAct):
    def act(self, **kwargs: Any) -> str:
        form = ReasonForm(self.request.POST)
        if not form.is_valid():
            raise Refused(_("Say why. Everyone can read the reason."))
        if review.withdraw_endorsement(self.item, form.cleaned_data["reason"]) is None:
            raise Refused(_("This version is not endorsed by this node."))
        return _("The endorsement is withdrawn. Every node that follows this one will hear of it.")


class Answer(ItemAct):
    decision: ReviewDecision

    def act(self, **kwargs: Any) -> str:
        form = NoteForm(self.request.POST)
        if not form.is_valid():
            raise Refused(_("Write a note: without one the author cannot know what to change."))
        review.answer_item(self.item, self.decision, form.cleaned_data["note"])
        return self.said() % {"node": self.item.origin}

    def said(self) -> str:
        raise NotImplementedError


class Return(Answer):
    decision = ReviewDecision.RETURN

    def said(self) -> str:
        return _("Returned. Only %(node)s can read the note.")


class Decline(Answer):
    decision = ReviewDecision.DECLINE

    def said(self) -> str:
        return _("Declined. Only %(node)s can read the note.")


class Adopt(ItemAct):
    any_of = ("adopt_items",)
    page_id: int | None = None

    def act(self, **kwargs: Any) -> str:
        page = adoption.adopt_item(self.item, publish=False)
        if page is None:
            raise Refused(
                _("The page was edited here, so it was left as it is. Compare the two by hand.")
            )
        self.page_id = page.pk
        return _("“%(title)s” is now a draft. It goes live only through the workflow here.") % {
            "title": page.title
        }

    def buttons(self, **kwargs: Any) -> list[Any] | None:
        address = reverse("wagtailadmin_pages:edit", args=[self.page_id])
        return [messages.button(address, _("Edit the page"))]
