"""The feed: what this node and the logs it carries have said (docs/protocol.md, "Endpoints").

Views choose and check; the bytes were made when a head was signed.
"""

import gzip
import hashlib
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from federation import permissions
from federation.conf import get_conf
from federation.models import BlobState, Log, Record, Tile, TileKind
from federation.services import enrolment, inbox, media, record_bundles
from federation.services.status import public_status
from federation.tasks import import_incoming
from federation.trust import DescriptorDirectory, TrustStore
from federation.wire import bundles, canonical, dsse, tiles

from . import answers
from .problems import not_found

JSON = "application/json"
_BINARY = {(200, answers.OCTETS): OpenApiTypes.BINARY}
_OBJECT = {(200, JSON): OpenApiTypes.OBJECT}


# Asked once for each file of a large pull, and so written out: the ORM takes twice as long to put
# this query together as everything else that is done for a file.
_READABLE_BLOB = """
    SELECT blob.type, blob.size
    FROM federation_blob AS blob
    JOIN federation_blobuse AS used ON used.sha256 = blob.sha256
    JOIN federation_record AS record ON record.address = used.address
    WHERE blob.sha256 = %s AND blob.state = %s AND record.public AND record.payload IS NOT NULL
    LIMIT 1
"""


class OneKind(BaseContentNegotiation):
    """Each address has one kind of answer, whatever the Accept header hopes for."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        return renderers[0], renderers[0].media_type


class FeedView(APIView):
    content_negotiation_class = OneKind

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Readers' addresses begin with a language. With its own URLconf the feed is none of them:
        # else LocaleMiddleware makes of each 404 a redirect to `/<lang>/federation/...`.
        request.urlconf = "federation.urls"
        return super().dispatch(request, *args, **kwargs)


class HeadsView(FeedView):
    """The newest checkpoints of the logs carried here that changed since a counter."""

    @extend_schema(
        operation_id="heads",
        parameters=[OpenApiParameter("since", OpenApiTypes.INT, default=0)],
        responses=_OBJECT,
    )
    def get(self, request: Request) -> HttpResponse:
        asked = request.query_params.get("since", "0")
        since = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else 0
        rows = list(Log.objects.carried().order_by("counter"))
        top = max((log.counter for log in rows), default=0)
        if since > top:
            since = 0  # this node was restored from a backup: show everything again
        body = {
            "counter": top,
            "directory": TrustStore(get_conf().trust_dir).digest(),
            "heads": [
                {"node": log.node_id, "checkpoint": bytes(log.checkpoint).decode("utf-8")}
                for log in rows
                if log.counter > since and log.serves_its_head
            ],
        }
        return answers.plain(canonical.dumps(body), JSON, immutable=False)


class CheckpointView(FeedView):
    """The newest signed head of one log, as a signed note."""

    @extend_schema(operation_id="checkpoint", responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, request: Request, node_id: str) -> HttpResponse:
        log = Log.objects.carried().filter(node_id=node_id).first()
        if log is None or not log.serves_its_head:
            return not_found()
        return answers.plain(bytes(log.checkpoint), "text/plain; charset=utf-8", immutable=False)


class TileView(FeedView):
    """Hash tiles, entry bundles and record bundles, full or partial (C2SP tlog-tiles)."""

    @extend_schema(operation_id="tile", responses=_BINARY)
    def get(self, request: Request, node_id: str, path: str) -> HttpResponse:
        asked = tiles.parse_tile_path(path)
        if asked.level == "sealed":
            return self._sealed(request, node_id, asked)
        kind, level = _stored_as(asked.level)
        tile = Tile.objects.filter(
            log__node_id=node_id, kind=kind, level=level, index=asked.n
        ).first()
        width = asked.width or tiles.TILE_WIDTH
        if tile is None or tile.width < width:
            return not_found()
        data = bytes(tile.data)
        if kind == TileKind.HASH:
            return answers.plain(data[: width * 32], answers.OCTETS, immutable=True)
        if tile.width > width:
            data = _narrowed(kind, data, asked.n, width)
        etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
        return answers.packed(request, data, etag, immutable=kind == TileKind.ENTRIES)

    def _sealed(self, request: Request, node_id: str, asked: tiles.TilePath) -> HttpResponse:
        """The sealed records of one bundle that admit the caller; all others are left out."""
        member = permissions.signed_member(request._request)
        log = Log.objects.filter(node_id=node_id, own=True).first()
        if log is None:
            return not_found()
        start = asked.n * tiles.TILE_WIDTH
        end = min(start + (asked.width or tiles.TILE_WIDTH), log.head_size)
        body = record_bundles.sealed_bundle(log, start, end, member.node_id)
        response = HttpResponse(body, content_type=answers.OCTETS)
        response["Cache-Control"] = "no-store, no-transform"
        return permissions.sign_answer(request._request, response)


def _stored_as(level: int | str) -> tuple[TileKind, int]:
    if isinstance(level, int):
        return TileKind.HASH, level
    return TileKind(level), 0


def _narrowed(kind: TileKind, data: bytes, n: int, width: int) -> bytes:
    """Return the first `width` entries of a tile that has grown since the caller's checkpoint."""
    whole = gzip.decompress(data)
    if kind == TileKind.ENTRIES:
        at = 0
        for _ in range(width):
            at += 2 + int.from_bytes(whole[at : at + 2], "big")
        return gzip.compress(whole[:at], mtime=0)
    rows = [
        row
        for row in bundles.iter_records(
            whole, start=n * tiles.TILE_WIDTH, count=width, max_record=get_conf().MAX_RECORD
        )
        if isinstance(row, bundles.BundleRow)
    ]
    return gzip.compress(bundles.encode_records(rows), mtime=0)


class RecordView(FeedView):
    """One record as a DSSE envelope; what the caller may not read is absent."""

    @extend_schema(operation_id="record", responses=_OBJECT)
    def get(self, request: Request, address: str) -> HttpResponse:
        record = Record.objects.filter(address=address, payload__isnull=False).first()
        if record is None or record.payload is None:
            return not_found()
        if not record.public and not record.admits(permissions.caller_or_nobody(request._request)):
            return not_found()
        envelope = dsse.Envelope(bytes(record.payload), record_bundles.signatures_of(record))
        response = answers.text(request._request, envelope.to_json(), JSON)
        if not record.public:
            response["Cache-Control"] = "no-store, no-transform"
            permissions.sign_answer(request._request, response)
        return response


class BlobView(FeedView):
    """One file by its SHA-256, with Range; only while a record that names it may be read."""

    @extend_schema(operation_id="blob", responses={(200, "*/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, sha256: str) -> HttpResponseBase:
        with connection.cursor() as cursor:
            cursor.execute(_READABLE_BLOB, [sha256, BlobState.PRESENT])
            found = cursor.fetchone()
        if found is None:
            return not_found()
        kind, size = found
        return answers.file(request._request, media.blob_path(sha256), kind, size)


class DirectoryView(FeedView):
    """What the stewards signed of every member, at once: a signed request, a signed answer."""

    @extend_schema(operation_id="directory", responses=_OBJECT)
    def get(self, request: Request) -> HttpResponse:
        permissions.signed_member(request._request)
        conf = get_conf()
        if not conf.relays:
            return not_found()
        found = DescriptorDirectory(conf.trust_dir).envelopes()
        body = canonical.dumps({node: canonical.loads(data) for node, data in found.items()})
        response = HttpResponse(body, content_type=JSON)
        response["Cache-Control"] = "no-store, no-transform"
        return permissions.sign_answer(request._request, response)


class TrustView(FeedView):
    """TUF metadata and targets, verbatim as this node verified them; versioned files for ever."""

    @extend_schema(operation_id="trust", responses=_OBJECT)
    def get(self, request: Request, path: str) -> HttpResponse:
        data = TrustStore(get_conf().trust_dir).public(path)
        if data is None:
            return not_found()
        immutable = path != "metadata/timestamp.json"
        return answers.tagged(request._request, data, JSON, immutable=immutable)


class DescriptorView(FeedView):
    """This node's own descriptor, for a node that was invited and compares fingerprints."""

    @extend_schema(operation_id="descriptor", responses=_OBJECT)
    def get(self, request: Request, node_id: str) -> HttpResponse:
        conf = get_conf()
        if node_id != conf.NODE_ID:
            return not_found()
        data = DescriptorDirectory(conf.trust_dir).envelope(node_id)
        return answers.plain(data, JSON, immutable=False)


class EnrolView(FeedView):
    """A descriptor with an invite token. A person at this node still compares fingerprints."""

    @extend_schema(operation_id="enrol", request=OpenApiTypes.OBJECT, responses=_OBJECT)
    def post(self, request: Request) -> HttpResponse:
        conf = get_conf()
        if not conf.relays:
            return not_found()
        raw: HttpRequest = request._request
        token, descriptor, member = enrolment.read_enrolment(raw.body)
        permissions.signed_by(raw, member.request_key)
        peer = enrolment.accept_enrolment(token, descriptor, conf)
        response = HttpResponse(
            canonical.dumps({"node": peer.node_id, "status": peer.status}), content_type=JSON
        )
        return permissions.sign_answer(raw, response)


class InboxView(FeedView):
    """A bundle that a member pushes. It is kept at once and imported by the worker."""

    @extend_schema(
        operation_id="inbox",
        request={"application/zip": OpenApiTypes.BINARY},
        responses={(202, JSON): OpenApiTypes.OBJECT},
    )
    def post(self, request: Request) -> HttpResponse:
        conf, raw = get_conf(), request._request
        with inbox.arriving(conf) as file:
            member, sha256 = permissions.signed_upload(raw, file, inbox.room_for)
            kept = inbox.keep_pushed(file, member.node_id, sha256, conf)
        import_incoming.enqueue(str(kept.pk))
        body = canonical.dumps({"id": str(kept.pk), "state": kept.state})
        response = HttpResponse(body, status=202, content_type=JSON)
        response["Cache-Control"] = "no-store"
        return permissions.sign_answer(raw, response)


class StatusView(FeedView):
    """What this node speaks: protocol and schema versions, languages, software version."""

    @extend_schema(operation_id="status", responses=_OBJECT)
    def get(self, request: Request) -> HttpResponse:
        return answers.plain(canonical.dumps(public_status(get_conf())), JSON, immutable=False)


class NothingView(FeedView):
    """Any other address: a problem document here too, the same as for what is absent."""

    schema = None  # no part of what OpenAPI describes

    def get(self, request: Request) -> HttpResponse:
        return not_found()
