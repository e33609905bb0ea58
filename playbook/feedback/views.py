"""Take one of four words about a page, with no cookie, no account and nothing about the reader.

There is no CSRF token, because there is nothing that it could protect: a token needs a cookie,
which readers do not get, and whoever posts here acts with nobody's rights, an editor who is logged
in included. What is left is somebody else's page that makes its visitors post. Browsers say where a
form comes from; one that comes from elsewhere is refused. Against floods see `Feedback`.
"""

from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from wagtail.models import Page

from playbook.feedback.alert import alert_editors
from playbook.languages import published_codes
from playbook.models import Feedback, PublishedItem
from playbook.models.readable import readable

MOST_BYTES = 1024
FORM = "application/x-www-form-urlencoded"
_OWN_FORM = {"same-origin", "none"}


@csrf_exempt
@never_cache
def feedback(request: HttpRequest, page: int) -> HttpResponse:
    """Count what was said, and lead to the thanks: going back or reloading says nothing twice."""
    item = _live_item(page)
    if request.method != "POST":
        return _refuse(request, item, 405, allow="POST")
    if _comes_from_elsewhere(request):
        return _refuse(request, item, 403)
    if _length(request) > MOST_BYTES:
        return _refuse(request, item, 413)
    if request.content_type != FORM:
        return _refuse(request, item, 415)
    kind = request.POST.get("kind", "")
    if kind not in Feedback.Kind.values:
        return _refuse(request, item, 400)
    times = Feedback.count_one(item, kind)
    if not times:
        return _refuse(request, item, 429)
    if times == 1 and kind == Feedback.Kind.DANGEROUS:
        alert_editors(item)
    return HttpResponseRedirect(reverse("playbook_feedback_thanks", args=[item.pk]), status=303)


@require_safe
@never_cache
def thanks(request: HttpRequest, page: int) -> HttpResponse:
    return render(request, "playbook/feedback/thanks.html", {"item": _live_item(page)})


def _live_item(pk: int) -> Page:
    """Return the page that readers can read and speak of, as its bare row."""
    if translation.get_language() not in published_codes():
        raise Http404
    item = Page.objects.live().filter(readable(), pk=pk).select_related("locale").first()
    if item is None or not issubclass(item.specific_class or Page, PublishedItem):
        raise Http404
    return item


def _comes_from_elsewhere(request: HttpRequest) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site not in _OWN_FORM
    origin = request.headers.get("Origin", "null")
    return origin != "null" and urlsplit(origin).netloc != request.get_host()


def _length(request: HttpRequest) -> int:
    """Return the length that the body is said to have: no more than that is ever read."""
    length = request.headers.get("Content-Length") or "0"
    return int(length) if length.isdecimal() and len(length) < 10 else MOST_BYTES + 1


def _refuse(request: HttpRequest, item: Page, status: int, allow: str = "") -> HttpResponse:
    context: dict[str, Any] = {"item": item, "status": status}
    response = render(request, "playbook/feedback/refused.html", context, status=status)
    if allow:
        response["Allow"] = allow
    return response
