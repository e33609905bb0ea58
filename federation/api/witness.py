"""Where logs have their heads cosigned (docs/protocol.md, "Witnesses")."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from federation.conf import get_conf
from federation.errors import OtherSize
from federation.services import cosigning
from federation.wire import witnessing

from .views import FeedView


class AddCheckpointView(FeedView):
    """C2SP tlog-witness: a log submits a head and has it cosigned. Unsigned, with its own codes."""

    @extend_schema(
        operation_id="add-checkpoint",
        request={"text/plain": OpenApiTypes.STR},
        responses={
            (200, "text/plain"): OpenApiTypes.STR,
            (409, witnessing.SIZE_TYPE): OpenApiTypes.STR,
        },
    )
    def post(self, request: Request) -> HttpResponse:
        raw = request._request
        length = raw.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > witnessing.MAX_BYTES:
            raise RequestDataTooBig
        try:
            line = cosigning.add_checkpoint(raw.body, get_conf())
        except OtherSize as error:
            body = witnessing.encode_size(error.size)
            response = HttpResponse(body, status=409, content_type=witnessing.SIZE_TYPE)
        else:
            response = HttpResponse(line, content_type="text/plain; charset=utf-8")
        response["Cache-Control"] = "no-store"
        return response
