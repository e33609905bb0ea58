"""What becomes of incoming items: a rule a row, by origin, kind and language."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages

from federation.models import Log, Peer, Policy, Subscription

from .base import Act, Screen, Text
from .forms import SubscriptionForm
from .texts import EXPLAINED, kind_name, tongue


class Subscriptions(Screen):
    any_of = ("manage_peers",)
    template_name = "federation/subscriptions.html"
    header_icon = "resubmit"
    page_title: Text = gettext_lazy("Subscriptions")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = [
            {
                "row": row,
                "kind": "" if row.schema == "*" else kind_name(row.schema),
                "tongue": None if row.lang == "*" else tongue(row.lang),
                "policy": Policy(row.policy).label,
                "explained": EXPLAINED[row.policy],
            }
            for row in Subscription.objects.all()
        ]
        return super().get_context_data(rows=rows, **kwargs)


class EditSubscription(Screen):
    """Add a rule (without `pk`) or change one."""

    any_of = ("manage_peers",)
    template_name = "federation/subscription.html"
    header_icon = "resubmit"
    trail = (("subscriptions", gettext_lazy("Subscriptions")),)

    @cached_property
    def row(self) -> Subscription | None:
        pk = self.kwargs.get("pk")
        return get_object_or_404(Subscription, pk=pk) if pk else None

    def get_page_title(self) -> str:
        return _("Change a rule") if self.row else _("Add a rule")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", SubscriptionForm(instance=self.row))
        nodes = {*Peer.objects.values_list("node_id", flat=True)}
        nodes |= {*Log.objects.filter(own=False).values_list("node_id", flat=True)}
        return super().get_context_data(
            row=self.row,
            nodes=sorted(nodes),
            **kwargs,
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = SubscriptionForm(request.POST, instance=self.row)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        form.save()
        messages.success(request, _("Saved. It holds for what arrives from now on."))
        return redirect("federation_admin:subscriptions")


class DeleteSubscription(Act):
    any_of = ("manage_peers",)

    def act(self, **kwargs: Any) -> str:
        get_object_or_404(Subscription, pk=self.kwargs["pk"]).delete()
        return _("Removed. It holds for what arrives from now on.")

    def back(self, **kwargs: Any) -> str:
        return reverse("federation_admin:subscriptions")
