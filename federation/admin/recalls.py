"""Recalls: what endangers people, who has applied that, what waits for a person here."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.paginator import WagtailPaginator

from federation.conf import get_conf
from federation.models import Acknowledgement, Item, Provenance, Recall
from federation.services import purging, recalling
from federation.trust import DescriptorDirectory

from .base import Act, Refused, Screen, Text, may
from .texts import tongue

PER_PAGE = 20


class Recalls(Screen):
    any_of = ("recall_items", "manage_peers")
    template_name = "federation/recalls.html"
    header_icon = "warning"
    page_title: Text = gettext_lazy("Recalls")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        paginator = WagtailPaginator(Recall.objects.all(), PER_PAGE)
        leaf = paginator.get_page(self.request.GET.get("p"))
        return super().get_context_data(
            leaf=leaf,
            rows=board(list(leaf)),
            elided_page_range=paginator.get_elided_page_range(leaf.number),
            can_confirm=may(self.request.user, "recall_items"),
            **kwargs,
        )


def board(recalls: list[Recall]) -> list[dict[str, Any]]:
    """Return each recall with who has acknowledged it and when, and who has not."""
    directory = DescriptorDirectory(get_conf().trust_dir)
    # Nobody waits for the word of a node that was revoked.
    members = [one.node_id for one in directory.members() if one.status != "revoked"]
    told: dict[str, dict[str, Any]] = {}
    addresses = [recall.address for recall in recalls]
    for row in Acknowledgement.objects.filter(recall_address__in=addresses).order_by("-pk"):
        told.setdefault(row.recall_address, {})[row.node_id] = row.day
    return [
        {
            "recall": recall,
            "title": _title(recall),
            "tongue": tongue(recall.lang) if recall.lang else None,
            "acknowledged": sorted(told.get(recall.address, {}).items()),
            "silent": [name for name in members if name not in told.get(recall.address, {})],
            "purge_on": recall.received_at + purging.AFTER,
            "awaits": purging.awaits_confirmation(recall),
            "others": recall.tombstones.exclude(origin=recall.origin).count(),
        }
        for recall in recalls
    ]


def _title(recall: Recall) -> str:
    """Return the item's title while this node still has it; after the purge there is none."""
    named = {"origin": recall.origin, "item_id": recall.item_id}
    item = Item.objects.filter(**named).exclude(title="").order_by("pk").first()
    if item is not None:
        return str(item.title)
    row = Provenance.objects.filter(**named, page__isnull=False).order_by("pk").first()
    return str(row.page.title) if row and row.page else ""


class ConfirmRecall(Act):
    any_of = ("recall_items",)

    def act(self, **kwargs: Any) -> str:
        recall = get_object_or_404(Recall, pk=self.kwargs["pk"])
        if not purging.awaits_confirmation(recall):
            raise Refused(_("Nothing under this recall waits for a confirmation."))
        recalling.confirm_recall(recall)
        return _("Confirmed. All of it is erased here, seven days after the recall came.")

    def back(self, **kwargs: Any) -> str:
        return reverse("federation_admin:recalls")
