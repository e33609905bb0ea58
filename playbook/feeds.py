"""Atom feeds, one a section and language: what is live, newest first, and nothing else.

Days, never hours: a feed does not tell when somebody was at work.
"""

import datetime
import hashlib
import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from wagtail.models import Page

from playbook import public
from playbook.addresses import absolute, in_language, page_address, stable_id
from playbook.context_processors import node
from playbook.languages import published_codes
from playbook.models.terms import localized

NEWEST = 50
# Also the address of the section, which an editor may not have kept.
SECTIONS = [kind for kind in public.KINDS if kind != "support"]
_NOTHING_YET = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def requested_language() -> str:
    """Return the language of the address; Http404 for one that the node does not publish."""
    code = translation.get_language()
    if code not in published_codes():
        raise Http404
    return code


def writable(text: str) -> str:
    """Return the text without the characters that XML does not have."""
    return _UNWRITABLE.sub("", text)


def day_of(page: Page, field: str = "last_published_at") -> datetime.datetime:
    """Return the day, as its midnight, on which a page was published."""
    moment = getattr(page, field) or _NOTHING_YET
    return datetime.datetime.combine(
        moment.astimezone(datetime.UTC).date(), datetime.time.min, tzinfo=datetime.UTC
    )


def summary_of(item: Page) -> str:
    """Return what an item says of itself in a line or two."""
    for name in ("outcome", "summary", "statement", "purpose", "scope"):
        text = getattr(item, name, "")
        if text:
            return writable(text)
    return ""


def node_name(request: HttpRequest) -> str:
    return str(node(request)["node_name"])


def answer(request: HttpRequest, feed: Atom1Feed | Rss201rev2Feed) -> HttpResponse:
    """Return the feed, or 304 to a reader that has it. It is asked for anew each time, so that
    what was withdrawn is gone at once.
    """
    body = feed.writeString("utf-8").encode()
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    response = HttpResponse(body, content_type=feed.content_type)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "no-cache"
    return get_conditional_response(request, etag=etag, response=response) or response


class DatedAtom(Atom1Feed):
    def latest_post_date(self) -> datetime.datetime:
        """Django's own says "now" for an empty feed, which would then never stay the same."""
        days = [item["updateddate"] for item in self.items]
        return max(days, default=_NOTHING_YET)


@require_safe
def section_feed(request: HttpRequest, section: str) -> HttpResponse:
    code = requested_language()
    if section not in SECTIONS:
        raise Http404
    model = public.KINDS[section]
    name = node_name(request)
    title = f"{name}: {section_title(section)}"
    feed = DatedAtom(
        title=writable(title),
        link=absolute(in_language("wagtail_serve", code, "")),
        description="",
        language=code,
        author_name=writable(name),
        feed_url=absolute(request.path),
        feed_guid=absolute(request.path),
    )
    rows = items_with_threats(model, code)
    for item in rows:
        feed.add_item(
            title=writable(item.title),
            link=page_address(item),
            description=escape(summary_of(item)),
            unique_id=stable_id(item).urn,
            pubdate=day_of(item, "first_published_at"),
            updateddate=day_of(item),
            categories=[writable(term.name) for term in item.shown_threats],
            item_copyright=item.licence or None,
        )
    return answer(request, feed)


def items_with_threats(model: type[Page], code: str) -> list[Any]:
    """Return the newest items, each with `shown_threats` in the language. Three queries."""
    rows = public.items(model, code)
    has_threats = any(field.name == "threats" for field in model._meta.get_fields())
    if has_threats:
        rows = rows.prefetch_related("threats")
    found = list(rows[:NEWEST])
    terms = {term.pk: term for row in found for term in row.threats.all()} if has_threats else {}
    names = dict(zip(terms, localized(list(terms.values())), strict=True))
    for row in found:
        row.shown_threats = [names[term.pk] for term in row.threats.all()] if has_threats else []
    return found


def section_title(section: str) -> str:
    """Return the name of a section in the active language."""
    return {
        "plays": _("Plays"),
        "cases": _("Cases"),
        "strategies": _("Strategies"),
        "findings": _("Key findings"),
        "templates": _("Templates"),
        "support": _("Get support"),
        "podcast": _("Podcast"),
        "events": _("Events"),
    }[section]
