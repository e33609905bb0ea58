"""What could not be applied, with why: entries of logs, and files."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.paginator import WagtailPaginator

from federation.models import Blob, BlobState, BlobUse, Item, Peer, PeerStatus, Quarantine
from federation.tasks import sync_with

from .base import Act, Refused, Screen, Text
from .payloads import pretty_bytes
from .texts import remedy_for

PER_PAGE = 20
_FILES = 100


class QuarantineScreen(Screen):
    any_of = ("manage_peers",)
    template_name = "federation/quarantine.html"
    header_icon = "warning"
    page_title: Text = gettext_lazy("Quarantine")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        resolved = self.request.GET.get("settled") == "1"
        found = Quarantine.objects.filter(resolved=resolved).select_related("log")
        paginator = WagtailPaginator(found, PER_PAGE)
        leaf = paginator.get_page(self.request.GET.get("p"))
        return super().get_context_data(
            leaf=leaf,
            settled=resolved,
            rows=[
                {
                    "row": row,
                    "remedy": remedy_for(row.error),
                    "payload": pretty_bytes(bytes(row.payload)) if row.payload else "",
                }
                for row in leaf
            ],
            files=[] if resolved else troubled_files(),
            elided_page_range=paginator.get_elided_page_range(leaf.number),
            **kwargs,
        )


def troubled_files() -> list[dict[str, Any]]:
    """Return the files that came wrong or not at all, with the items that name them."""
    blobs = list(
        Blob.objects.exclude(state=BlobState.PRESENT)
        .exclude(error__in=["", "media.retracted"])
        .order_by("pk")[:_FILES]
    )
    uses = list(BlobUse.objects.filter(sha256__in=[blob.sha256 for blob in blobs]))
    items = Item.objects.filter(address__in=[use.address for use in uses])
    by_address = {item.address: item for item in items}
    return [
        {
            "blob": blob,
            "remedy": remedy_for(blob.error),
            "items": [
                by_address[use.address]
                for use in uses
                if use.sha256 == blob.sha256 and use.address in by_address
            ],
        }
        for blob in blobs
    ]


def ask_again(*wanted: str) -> list[str]:
    """Have the worker fetch from the first of these peers that it may, or else from all it may.

    A peer that has nothing new is asked nothing more, so its counter is set back first: then the
    next pull goes over every log that it carries. Returns the peers asked.
    """
    active = Peer.objects.filter(status=PeerStatus.ACTIVE)
    names = list(active.filter(node_id__in=wanted).values_list("node_id", flat=True))
    asked = names or list(active.filter(pull=True).values_list("node_id", flat=True))
    for node_id in asked:
        Peer.objects.filter(node_id=node_id).update(counter=0)
        sync_with.enqueue(node_id)
    return asked


class RetryAct(Act):
    any_of = ("manage_peers",)

    def back(self, **kwargs: Any) -> str:
        return reverse("federation_admin:quarantine")

    def asked(self, names: list[str]) -> str:
        if not names:
            raise Refused(_("There is no peer to ask. Confirm or unfreeze one first."))
        return _("Asked %(nodes)s again. Look here again in a moment.") % {
            "nodes": ", ".join(names)
        }


class Retry(RetryAct):
    def act(self, **kwargs: Any) -> str:
        row = get_object_or_404(
            Quarantine.objects.select_related("log"), pk=self.kwargs["pk"], resolved=False
        )
        return self.asked(ask_again(row.peer, row.log.node_id))


class RetryFile(RetryAct):
    def act(self, **kwargs: Any) -> str:
        blob = get_object_or_404(
            Blob.objects.exclude(state=BlobState.PRESENT).exclude(error="media.retracted"),
            pk=self.kwargs["pk"],
        )
        blob.state, blob.attempts = BlobState.WANTED, 0
        blob.save(update_fields=["state", "attempts"])
        return self.asked(ask_again())
