"""The sitemap, with the other languages of each page, and what robots are asked."""

import datetime
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import sitemap
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.http import require_safe
from wagtail.models import Page

from playbook.addresses import absolute, page_path
from playbook.feeds import day_of
from playbook.public import pages


@dataclass(frozen=True)
class Family:
    """One page in all the languages that readers may see it in."""

    by_language: dict[str, Page]


class PageSitemap(Sitemap):
    """Every page that anybody may read. Two queries, however many pages there are."""

    i18n = True
    alternates = True

    def items(self) -> list[Family]:
        families: dict[Any, dict[str, Page]] = {}
        for page in pages():
            families.setdefault(page.translation_key, {})[page.locale.language_code] = page
        return [Family(by_language) for by_language in families.values()]

    def get_languages_for_item(self, item: Family) -> list[str]:
        return list(item.by_language)

    def location(self, item: Family) -> str:
        return page_path(item.by_language[translation.get_language() or ""])

    def lastmod(self, item: Family) -> datetime.date | None:
        """The newest day of the family: Django asks without saying for which language."""
        dated = [page for page in item.by_language.values() if page.last_published_at]
        return max((day_of(page).date() for page in dated), default=None)

    def get_protocol(self, protocol: str | None = None) -> str:
        return urlsplit(settings.PUBLIC_URL).scheme

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.PUBLIC_URL).netloc


@require_safe
def page_sitemap(request: HttpRequest) -> HttpResponse:
    response = sitemap(request, sitemaps={"pages": PageSitemap})
    del response.headers["Last-Modified"]  # what was withdrawn makes it no later
    response.headers["Cache-Control"] = "no-cache"
    return response


# Whoever needs a page must be able to find it: search engines are welcome to all that readers see.
# They are asked to leave alone what costs much to make and what nobody searches for.
ROBOTS = """User-agent: *
Disallow: /admin/
Disallow: /*/take-along/
Disallow: /*/saved/

Sitemap: {sitemap}
"""


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    text = ROBOTS.format(sitemap=absolute("/sitemap.xml"))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
