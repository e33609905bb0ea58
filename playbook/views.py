"""Reader addresses that are not pages."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.http import require_safe

from playbook.languages import published_codes


@require_safe
def choose_language(request: HttpRequest) -> HttpResponse:
    """Send the reader to the first published language that the browser asks for."""
    response = HttpResponseRedirect(f"/{_preferred(request)}/")
    patch_vary_headers(response, ["Accept-Language"])
    return response


def _preferred(request: HttpRequest) -> str:
    published = published_codes()
    for wanted, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        for code in (wanted, wanted.split("-")[0]):
            if code in published:
                return code
    return published[0]
