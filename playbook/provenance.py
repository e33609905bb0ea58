"""Where an item comes from and whether it still holds: a page for each, under a short address."""

import hashlib

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from playbook import public
from playbook.addresses import in_language, page_path, short_id
from playbook.documents import offers
from playbook.feeds import requested_language
from playbook.origin import notice_of, proof_of


@require_safe
def provenance(request: HttpRequest, short: str) -> HttpResponse:
    """Say where an item is from. Of a withdrawn one: that it was, why, and nothing of itself."""
    code = requested_language()
    page = public.find(short, code)
    if page is None:
        raise Http404
    own = page.locale.language_code
    if own != code:
        return HttpResponseRedirect(in_language("playbook_provenance", own, short_id(page)))
    is_kept = page.live and public.kind_of(page) is not None
    text = offers.few([page], page.title, code, "txt") if is_kept else b""
    context = {
        "item": page,
        "item_address": page_path(page),
        "proof": proof_of(page),
        "notice": "" if page.live else notice_of(page),
        "text_address": in_language("playbook_take_file", code, short, "txt"),
        "text_sha256": hashlib.sha256(text).hexdigest() if is_kept else "",
        "text_size": len(text),
    }
    response = TemplateResponse(request, "playbook/provenance.html", context)
    # Private: it says what was checked just now, and so is made anew for each reader.
    response.headers["Cache-Control"] = "private, no-cache"
    return response
