"""Pictures of items that are no page yet, for those who decide about them and for nobody else."""

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from federation.models import Blob, BlobState
from federation.services.media import PICTURE_TYPES, blob_path

from .base import Guarded


class BlobView(Guarded):
    """One stored file by its hash: a picture of a type that was verified when it came."""

    any_of = ("review_items", "adopt_items", "share_page")

    def get(self, request: HttpRequest, sha256: str) -> HttpResponseBase:
        blob = get_object_or_404(
            Blob, sha256=sha256, state=BlobState.PRESENT, type__in=PICTURE_TYPES.values()
        )
        try:
            file = blob_path(blob.sha256).open("rb")
        except OSError as error:
            raise Http404 from error
        response = FileResponse(file, content_type=blob.type)
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Disposition"] = "inline"
        response["Cache-Control"] = "private, no-store"
        return response
