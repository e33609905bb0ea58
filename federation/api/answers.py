"""How bytes leave: stored gzip as it is, files with ranges, types and caching in one place."""

import gzip
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

OCTETS = "application/octet-stream"
IMMUTABLE = "public, max-age=31536000, immutable, no-transform"
REVALIDATE = "no-cache, no-transform"
_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{0,18})\Z")
_CHUNK = 64 * 1024
_GZIP_LEVEL = 6


def packed(request: HttpRequest, data: bytes, etag: str, *, immutable: bool) -> HttpResponse:
    """Return gzipped bytes, unpacked for the rare caller that does not take gzip."""
    if etag and request.headers.get("if-none-match") == etag:
        response = HttpResponse(status=304)
    elif "gzip" in request.headers.get("accept-encoding", ""):
        response = HttpResponse(data, content_type=OCTETS)
        response["Content-Encoding"] = "gzip"
    else:
        response = HttpResponse(gzip.decompress(data), content_type=OCTETS)
    response["Vary"] = "Accept-Encoding"
    response["ETag"] = etag
    response["Cache-Control"] = IMMUTABLE if immutable else REVALIDATE
    return response


def plain(data: bytes, content_type: str, *, immutable: bool) -> HttpResponse:
    response = HttpResponse(data, content_type=content_type)
    response["Cache-Control"] = IMMUTABLE if immutable else REVALIDATE
    return response


def tagged(
    request: HttpRequest, data: bytes, content_type: str, *, immutable: bool
) -> HttpResponse:
    """Return bytes with an ETag that their hash gives; 304 to who has them."""
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == etag:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(data, content_type=content_type)
    response["ETag"] = etag
    response["Cache-Control"] = IMMUTABLE if immutable else REVALIDATE
    return response


def text(request: HttpRequest, data: bytes, content_type: str) -> HttpResponse:
    """Return bytes made for this answer, gzipped on their way to a caller who takes gzip.

    An envelope's base64 is a third larger than its record; gzipped it is about half of that.
    """
    takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
    body = gzip.compress(data, _GZIP_LEVEL, mtime=0) if takes_gzip else data
    response = plain(body, content_type, immutable=False)
    if takes_gzip:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    return response


def file(request: HttpRequest, path: Path, content_type: str, size: int) -> HttpResponseBase:
    """Return a file in chunks, or the one byte range that was asked for (RFC 9110 section 14)."""
    start, end = 0, size - 1
    status = 200
    asked = _RANGE.match(request.headers.get("range", ""))
    if asked:
        start = int(asked[1])
        end = min(int(asked[2]) if asked[2] else end, end)
        if start > end:
            response = HttpResponse(status=416)
            response["Content-Range"] = f"bytes */{size}"
            return response
        status = 206
    length = end - start + 1
    if status == 200 and size <= _CHUNK:
        body: HttpResponseBase = HttpResponse(path.read_bytes(), content_type=content_type)
    else:
        body = StreamingHttpResponse(
            _chunks(path, start, length), status=status, content_type=content_type
        )
    body["Content-Length"] = str(length)
    body["Accept-Ranges"] = "bytes"
    body["Cache-Control"] = REVALIDATE
    body["X-Content-Type-Options"] = "nosniff"
    body["Content-Disposition"] = "attachment"
    if status == 206:
        body["Content-Range"] = f"bytes {start}-{end}/{size}"
    return body


def _chunks(path: Path, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as source:
        source.seek(start)
        while length > 0:
            part = source.read(min(_CHUNK, length))
            if not part:
                return
            length -= len(part)
            yield part
