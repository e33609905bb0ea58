"""Content security policies: a looser one for the admin; for readers, the one style in the page."""

from collections.abc import Callable

from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse

from playbook.appearance import appearance

ADMIN_POLICY = {
    "default-src": [SELF],
    "img-src": [SELF, "data:", "blob:"],
    "style-src": [SELF, UNSAFE_INLINE],
    "script-src": [SELF, UNSAFE_INLINE, "'unsafe-eval'"],
    "font-src": [SELF, "data:"],
    "connect-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [SELF],
    "object-src": [NONE],
}


class PolicyMiddleware:
    """Give pages under /admin/ the policy that Wagtail's editor can run with.

    To readers' pages add the hash of their stylesheet. Not to a page that says what failed here:
    how the node looks is in the database.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_config = ADMIN_POLICY  # type: ignore[attr-defined]
        elif (
            response.get("Content-Type", "").startswith("text/html") and response.status_code < 500
        ):
            update = {"style-src": [appearance().css_source]}
            response._csp_update = update  # type: ignore[attr-defined]
        return response
