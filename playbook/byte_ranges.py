"""A file in whole, or the one byte range that was asked for (RFC 9110, section 14)."""

import re
from collections.abc import Iterator

from django.core.files.base import File
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})\Z")
_CHUNK = 64 * 1024


def file_answer(request: HttpRequest, file: File, content_type: str) -> HttpResponseBase:
    """Return the file in chunks. What is not one plain range is answered with the whole file."""
    size = file.size
    asked = _RANGE.match(request.headers.get("range", ""))
    status, start, end = 200, 0, size - 1
    if asked and (asked[1] or asked[2]):
        start, end = _bounds(asked[1], asked[2], size)
        status = 206
        if start > end:
            refused = HttpResponse(status=416)
            refused["Content-Range"] = f"bytes */{size}"
            return refused
    length = end - start + 1
    body = [] if request.method == "HEAD" else _chunks(file, start, length)
    response = StreamingHttpResponse(body, status=status, content_type=content_type)
    response["Content-Length"] = str(length)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    if status == 206:
        response["Content-Range"] = f"bytes {start}-{end}/{size}"
    return response


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:  # the last so many bytes
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last) if last else size - 1, size - 1)


def _chunks(file: File, start: int, length: int) -> Iterator[bytes]:
    with file.open("rb") as source:
        source.seek(start)
        while length > 0:
            part = source.read(min(_CHUNK, length))
            if not part:
                return
            length -= len(part)
            yield part
