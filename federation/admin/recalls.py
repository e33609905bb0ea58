"""Recalls: what endangers people, who has applied that, what waits for a person here."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.paginator import WagtailPaginator

from federation.conf import get_conf
from federation.errors import FederationError
from federation.models import Acknowledgement, Item, Provenance, Recall
from federation.services import purging, recalling
from federation.services.rehearsing import rehearse
from federation.trust import DescriptorDirectory
from federation.wire import dsse

from .base import Act, Refused, Screen, Text, may, tell_error
from .forms import RecallFileForm
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
            file_form=RecallFileForm(),
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


class RecallFile(Screen):
    """What a file that stewards or an identity key signed would do here, before it is applied."""

    any_of = ("recall_items",)
    template_name = "federation/recall_file.html"
    header_icon = "warning"
    page_title: Text = gettext_lazy("A recall from a file")
    http_method_names = ["post"]
    trail = (("recalls", gettext_lazy("Recalls")),)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = RecallFileForm(request.POST, request.FILES)
        if not form.is_valid():
            return redirect("federation_admin:recalls")
        try:
            data = form.cleaned_data["file"].read(dsse.MAX_ENVELOPE_BYTES + 1)
            envelope = dsse.Envelope.from_json(data)
            found = rehearse(envelope, get_conf())
        except FederationError as error:
            tell_error(request, error)
            return redirect("federation_admin:recalls")
        response = self.render_to_response(
            self.get_context_data(
                found=found,
                tongue=tongue(found.lang) if found.lang else None,
                envelope=envelope.to_json().decode("ascii"),
            )
        )
        response["Cache-Control"] = "no-store"
        return response


class CarryRecall(Act):
    """Applies a file that was looked at: the very bytes come back, and are judged once more."""

    any_of = ("recall_items",)

    def act(self, **kwargs: Any) -> str:
        data = self.request.POST.get("envelope", "").encode("utf-8", "replace")
        entry = recalling.carry(dsse.Envelope.from_json(data))
        if entry is None:
            return _("It was applied here before. Nothing has changed.")
        return _(
            "Applied here, and said on as entry %(index)d of this node's log. Copies already "
            "downloaded cannot be called back."
        ) % {"index": entry.index}

    def back(self, **kwargs: Any) -> str:
        return reverse("federation_admin:recalls")
