"""Bundles: what was carried here by hand or pushed, and what can be carried elsewhere."""

import tempfile
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from federation.conf import get_conf
from federation.errors import FederationError
from federation.models import BundleState, IncomingBundle, Policy
from federation.services import bundle_export, inbox
from federation.tasks import import_incoming

from .base import Act, Guarded, Screen, Text, tell_error
from .forms import BundleExportForm, BundleUploadForm
from .texts import remedy_for, tongue

_LISTED = 50
_WHAT = {
    "new": gettext_lazy("new"),
    "version": gettext_lazy("new version"),
    "withdrawn": gettext_lazy("withdrawn by its author"),
}


class Bundles(Screen):
    """Upload one, export one, and see what came of those that came."""

    any_of = ("manage_peers",)
    template_name = "federation/bundles.html"
    header_icon = "download"
    page_title: Text = gettext_lazy("Bundles")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("upload", BundleUploadForm())
        kwargs.setdefault("export", BundleExportForm())
        rows = [
            {
                "bundle": bundle,
                "applied": bundle.report.get("applied", {}).items(),
                "errors": bundle.report.get("errors", []),
                "remedy": remedy_for(bundle.error),
                "open": bundle.state == BundleState.INSPECTED,
            }
            for bundle in IncomingBundle.objects.all()[:_LISTED]
        ]
        return super().get_context_data(rows=rows, **kwargs)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Keep and inspect an upload; what is no bundle is refused with the reason."""
        form = BundleUploadForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                bundle = inbox.keep_upload(form.cleaned_data["file"].chunks(), get_conf())
            except FederationError as error:
                tell_error(request, error)
            else:
                return redirect("federation_admin:bundle", pk=bundle.pk)
        return self.render_to_response(self.get_context_data(upload=form))


class BundleScreen(Screen):
    """What is in an uploaded bundle, what verifies, and what an import would do."""

    any_of = ("manage_peers",)
    template_name = "federation/bundle.html"
    header_icon = "download"
    page_title: Text = gettext_lazy("A bundle")
    trail = (("bundles", gettext_lazy("Bundles")),)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        bundle = get_object_or_404(
            IncomingBundle, pk=self.kwargs["pk"], state=BundleState.INSPECTED
        )
        found = bundle.report
        policies = dict(Policy.choices)
        return super().get_context_data(
            bundle=bundle,
            found=found,
            logs=[{**log, "new": found["applied"].get(log["node"], 0)} for log in found["logs"]],
            changes=[
                {
                    **change,
                    "what": _WHAT[change["what"]],
                    "policy": policies.get(change["policy"], ""),
                    "tongue": tongue(change["lang"]),
                }
                for change in found["changes"]
            ],
            bad=[
                {**row, "remedy": remedy_for(row["error"])}
                for row in [*found["problems"], *found["quarantined"]]
            ],
            **kwargs,
        )


class BundleAct(Act):
    any_of = ("manage_peers",)

    @cached_property
    def bundle(self) -> IncomingBundle:
        key: UUID = self.kwargs["pk"]
        return get_object_or_404(IncomingBundle, pk=key, state=BundleState.INSPECTED)

    def back(self, **kwargs: Any) -> str:
        return reverse("federation_admin:bundles")


class Import(BundleAct):
    def act(self, **kwargs: Any) -> str:
        inbox.confirm_upload(self.bundle)
        import_incoming.enqueue(str(self.bundle.pk))
        return _("The worker imports it now. Look here again in a moment.")


class Discard(BundleAct):
    def act(self, **kwargs: Any) -> str:
        inbox.discard_upload(self.bundle)
        return _("The file was deleted. Nothing of it was taken.")


class Export(Guarded):
    """A bundle to download: the logs that this node holds, with what proves them."""

    any_of = ("manage_peers",)
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form, conf = BundleExportForm(request.POST), get_conf()
        if not form.is_valid():
            return redirect("federation_admin:bundles")
        target = tempfile.TemporaryFile()  # noqa: SIM115 the response closes it
        try:
            bundle_export.export_bundle(
                target,
                nodes=form.cleaned_data["nodes"],
                since=form.cleaned_data["since"] or 0,
                audience=form.cleaned_data["audience"] or None,
                conf=conf,
            )
        except FederationError as error:
            target.close()
            tell_error(request, error)
            return redirect("federation_admin:bundles")
        target.seek(0)
        response = FileResponse(
            target,
            as_attachment=True,
            filename=f"{conf.NODE_ID}.zip",
            content_type="application/zip",
        )
        response["Cache-Control"] = "no-store"
        return response
