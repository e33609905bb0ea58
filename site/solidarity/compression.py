"""What readers get is compressed: most of them have a slow network."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

# Sound, pictures and archives are compressed already, and a part of a file must stay that part.
_TEXT = (
    "text/", "application/atom+xml", "application/rss+xml", "application/xml", "application/json",
)  # fmt: skip
_NOT_OURS = ("/admin/", "/accounts/", "/federation/", "/media/", "/documents/")


class CompressionMiddleware(GZipMiddleware):
    """Compress answers to GET without a cookie.

    BREACH reads a secret out of the length of compressed answers that hold both the secret and
    what an attacker chose. A page for nobody in particular holds no secret: no session, no token.
    So whoever sends a cookie gets plain bytes, and the admin is never compressed. The feed
    compresses its bundles once, by itself; pictures and documents are compressed already.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if request.method != "GET" or request.COOKIES or request.path.startswith(_NOT_OURS):
            return response
        if not response.get("Content-Type", "").startswith(_TEXT):
            return response
        return super().process_response(request, response)
