"""Taking texts along: what there is, how large it is, and the files themselves."""

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from wagtail.models import Page

from playbook import public
from playbook.addresses import in_language, page_path, short_id
from playbook.appearance import appearance
from playbook.feeds import requested_language, section_title

from . import offers, pack, pdf
from .store import Busy

MOST_CHOSEN = 20
_SHORT = re.compile(r"[0-9a-f]{10}\Z")


@require_safe
def take_along(request: HttpRequest) -> HttpResponse:
    """Everything of a language, and a form to choose from it."""
    return _choice(request, requested_language())


@require_safe
def take_item(request: HttpRequest, short: str) -> HttpResponse:
    code = requested_language()
    page = public.find(short, code)
    answer = _elsewhere(request, page, code, "playbook_take_item")
    if answer is not None or page is None:
        return answer or _gone(request, page)
    endings = offers.forms("html", "pdf", "epub", "txt")
    return _offered(
        request,
        [page],
        page.title,
        endings,
        lambda ending: in_language("playbook_take_file", code, short, ending),
    )


@require_safe
def take_file(request: HttpRequest, short: str, ending: str) -> HttpResponse:
    code = requested_language()
    page = public.find(short, code)
    answer = _elsewhere(request, page, code, "playbook_take_file", ending)
    if answer is not None or page is None:
        return answer or _gone(request, page)
    if ending not in offers.forms("html", "pdf", "epub", "txt"):
        raise Http404
    return _file(request, short, ending, lambda: offers.few([page], page.title, code, ending))


@require_safe
def take_chosen(request: HttpRequest, ending: str = "") -> HttpResponse:
    """Some items in one file: first the page that says how large it is, then the file."""
    code = requested_language()
    asked = list(dict.fromkeys(request.GET.getlist("item")))
    if not asked:
        return _choice(request, code, _("Choose at least one text."))
    if len(asked) > MOST_CHOSEN:
        return _choice(
            request, code, _("Choose at most %(most)d texts at a time.") % {"most": MOST_CHOSEN}
        )
    pages = [public.find(short, code) for short in asked if _SHORT.match(short)]
    found = [page for page in pages if page and page.live and page.locale.language_code == code]
    if len(found) != len(asked):
        return _choice(request, code, _("Some of these texts are not published any more."))
    title = appearance().name
    if ending:
        if ending not in offers.forms("html", "pdf", "epub"):
            raise Http404
        return _file(request, "chosen", ending, lambda: offers.few(found, title, code, ending))
    query = urlencode({"item": [short_id(page) for page in found]}, doseq=True)
    return _offered(
        request,
        found,
        _("Chosen texts"),
        offers.forms("html", "pdf", "epub"),
        lambda form: f"{in_language('playbook_take_chosen_file', code, form)}?{query}",
    )


@require_safe
def take_everything(request: HttpRequest, ending: str) -> HttpResponse:
    code = requested_language()
    title = appearance().name
    return _file(request, f"texts-{code}", ending, lambda: offers.everything(title, code, ending))


def _elsewhere(
    request: HttpRequest, page: Page | None, code: str, name: str, *more: str
) -> HttpResponse | None:
    """Return the answer for an item that is not here: withdrawn, or in another language."""
    if page is None:
        raise Http404
    if not page.live:
        return _gone(request, page)
    if page.locale.language_code != code:
        return HttpResponseRedirect(
            in_language(name, page.locale.language_code, short_id(page), *more)
        )
    if public.kind_of(page) is None:
        raise Http404
    return None


def _gone(request: HttpRequest, page: Any) -> HttpResponse:
    context = {"since": page.withdrawn_on, "reason": page.withdrawn_reason}
    return TemplateResponse(request, "playbook/withdrawn.html", context, status=410)


def _choice(request: HttpRequest, code: str, error: str = "") -> HttpResponse:
    title = appearance().name
    groups = [
        {
            "title": section_title(kind),
            "items": [
                {"short": short_id(page), "title": page.title} for page in public.items(model, code)
            ],
        }
        for kind, model in public.KINDS.items()
    ]
    files = [
        _offer(
            ending,
            in_language("playbook_take_everything", code, ending),
            lambda ending=ending: offers.everything(title, code, ending),
        )
        for ending in offers.COLLECTIONS
    ]
    context = {
        "groups": [group for group in groups if group["items"]],
        "files": files,
        "is_signed": pack.is_signed(),
        "most": MOST_CHOSEN,
        "error": error,
    }
    return _sized(request, "playbook/take_along.html", context, 400 if error else 200)


def _offered(
    request: HttpRequest, pages: list[Page], title: str, endings: list[str], address: Any
) -> HttpResponse:
    code = requested_language()
    name = pages[0].title if len(pages) == 1 else appearance().name
    files = [
        _offer(ending, address(ending), lambda ending=ending: offers.few(pages, name, code, ending))
        for ending in endings
    ]
    context = {
        "title": title,
        "items": pages,
        "files": files,
        "has_pdf": pdf.available(),
        "page_path": page_path(pages[0]) if len(pages) == 1 else "",
    }
    return _sized(request, "playbook/take_item.html", context)


def _sized(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Return a page of files, made anew for each reader: the sizes are those of this moment."""
    response = TemplateResponse(request, template, context, status=status)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _offer(ending: str, address: str, make: Any) -> offers.Offer:
    try:
        return offers.Offer(ending, address, len(make()))
    except Busy:
        return offers.Offer(ending, address, None)


def _file(request: HttpRequest, name: str, ending: str, make: Any) -> HttpResponse:
    """Return a file to keep, under a name that does not say what it is about.

    Nothing between here and the reader keeps another copy: one is what was asked for.
    """
    try:
        data = make()
    except Busy:
        response: HttpResponse = TemplateResponse(request, "playbook/busy.html", status=503)
        response.headers["Retry-After"] = "10"
        return response
    response = HttpResponse(data, content_type=offers.TYPES[ending])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    response.headers["Cache-Control"] = "no-store, no-transform"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
