"""What a reader gets when something is wrong: in their language, with a way on, and no trace.

A missing page is an ordinary page and may ask the database. All others may not: the database may be
what is wrong, or the request so odd that nothing in it can be used. They are one template that
needs neither, and below that a text that needs nothing at all.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist, loader
from django.template.response import TemplateResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found as stock_page_not_found

from playbook import languages
from playbook.models import Gone
from playbook.origin import RECALLED

_LAST = "<!doctype html><title>Error</title><h1>Error</h1><p><a href='/'>Home</a></p>"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return _answer(request, 413)
    return _answer(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    with translation.override(_language(request)):
        gone = Gone.objects.filter(path=request.path).first()
        if gone is not None:
            return _gone(request, gone)
        response = stock_page_not_found(request, exception)
    return response


def _gone(request: HttpRequest, gone: Gone) -> HttpResponse:
    context = {"since": gone.since, "reason": gone.reason, "notice": RECALLED}
    return TemplateResponse(request, "playbook/withdrawn.html", context, status=410).render()


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500)


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    code = _language(request)
    with translation.override(code):
        try:
            text = loader.get_template("playbook/error.html").render(_context(code, status))
        # A broken template or a missing style sheet, too, must still end in an answer.
        except (TemplateDoesNotExist, ValueError, KeyError, OSError):
            text = _LAST
    response = HttpResponse(text, status=status)
    response["Content-Language"] = code
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, ["Accept-Language"])
    return response


def _context(code: str, status: int) -> dict[str, Any]:
    shown = languages.language(code)
    published = languages.published()
    home = code if shown in published else published[0].code
    return {
        "status": status,
        "heading": _headings()[status],
        "node_name": settings.WAGTAIL_SITE_NAME,
        "shown_language": shown,
        "others": [
            {"language": other, "address": f"/{other.code}/"}
            for other in published
            if other != shown
        ],
        "home": f"/{home}/",
        "neutral_site": settings.PLAYBOOK_NEUTRAL_SITE,
    }


def _headings() -> dict[int, str]:
    return {
        400: _("This request could not be read"),
        403: _("This is not open to you"),
        413: _("That was too much at once"),
        500: _("Something broke here"),
    }


def _language(request: HttpRequest) -> str:
    """Return the language of the address, else of the browser, else of the node.

    Read anew: what went wrong may have done so before the language of this request was set, and
    the one of the last request in this thread is somebody else's.
    """
    code = translation.get_language_from_request(request, check_path=True)
    known = dict(settings.LANGUAGES)
    return code if code in known else settings.LANGUAGE_CODE
