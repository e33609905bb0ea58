"""Pages that were made for one reader are given to the next, until anything in them changes.

A page is kept under the state of the content (`ContentEpoch`), which is read anew for each request,
before the page is made. Whoever withdraws a page changes that state in the same transaction, in
whatever process: the next request finds nothing kept. Pages say things about today (a review is
overdue, an offer has expired), so the day is part of the key.

Kept are answers to readers alone: no cookie in the request and none in the answer, no query string,
below a published language, status 200, nothing that the view marked as private or not to be stored.
"""

import gzip
import hashlib
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import split_domain_port
from django.middleware.gzip import re_accepts_gzip
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from wagtail.models import Site
from wagtail.models.sites import get_site_for_hostname

from playbook import epoch
from playbook.languages import published_codes
from playbook.models import ContentEpoch

ALIAS = "readers"
_LARGEST = 256 * 1024  # bytes; with MAX_ENTRIES of the cache this bounds the memory it takes
_TEXT = ("text/", "application/atom+xml", "application/rss+xml", "application/json")
_NOT_KEPT = {"no-store", "private"}


@dataclass(frozen=True)
class KeptPage:
    """An answer as it is sent, its body compressed where it is text."""

    body: bytes
    headers: dict[str, str]
    compressed: bool

    @classmethod
    def of(cls, response: HttpResponse) -> "KeptPage":
        # Caches on the way, the browser's too, may store the page but ask each time: a withdrawn
        # page has to vanish, and "not modified" costs a reader 200 bytes. The tag tells the
        # content, which is the same for everybody: nobody can be followed by it.
        digest = hashlib.sha256(response.content).hexdigest()[:24]
        response.headers.setdefault("Cache-Control", "no-cache")
        response.headers.setdefault("ETag", f'W/"{digest}"')
        compressed = response.get("Content-Type", "").startswith(_TEXT)
        if compressed:
            patch_vary_headers(response, ["Accept-Encoding"])
        headers = {name: text for name, text in response.items() if name != "Content-Length"}
        body = gzip.compress(response.content, 6, mtime=0) if compressed else response.content
        return cls(body, headers, compressed)

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        """Return it, or "not modified" to whoever has it already."""
        as_it_is = not self.compressed or re_accepts_gzip.search(
            request.headers.get("Accept-Encoding", "")
        )
        response = HttpResponse(
            self.body if as_it_is else gzip.decompress(self.body), headers=self.headers
        )
        if self.compressed and as_it_is:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.content))
        tag = self.headers["ETag"]
        return get_conditional_response(request, etag=tag, response=response) or response


class PageCacheMiddleware:
    """Answers readers from the cache; notes the state of the content for what is made anew."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD") or not _is_readers(request.path_info):
            return self.get_response(request)
        state = ContentEpoch.now()
        with epoch.during(state):
            _note_site(request)
            if request.COOKIES or request.META.get("QUERY_STRING"):
                return self.get_response(request)
            return self._kept_or_made(request, state)

    def _kept_or_made(self, request: HttpRequest, state: str) -> HttpResponseBase:
        seconds = settings.PLAYBOOK_PAGE_CACHE_SECONDS
        if not seconds:
            return self.get_response(request)
        key = _key(request, state)
        found: KeptPage | None = caches[ALIAS].get(key)
        if found is not None:
            return found.answer(request)
        response = self.get_response(request)
        if not isinstance(response, HttpResponse) or not _may_be_kept(request, response):
            return response
        made = KeptPage.of(response)
        if len(made.body) <= _LARGEST:
            caches[ALIAS].set(key, made, seconds)
        return made.answer(request)


def _note_site(request: HttpRequest) -> None:
    """Tell Wagtail which site is asked, with the home as its own type: it would ask for each."""
    hostname = split_domain_port(request._get_raw_host())[0]  # type: ignore[attr-defined]
    site = copy(_site(hostname, request.get_port()))
    if site is not None:
        site.root_page = copy(site.root_page)
    request._wagtail_site = site  # type: ignore[attr-defined]


@epoch.kept
def _site(hostname: str, port: str) -> Site | None:
    try:
        site = get_site_for_hostname(hostname, port)
    except Site.DoesNotExist:
        return None
    site.root_page = site.root_page.specific
    return site


def _is_readers(path: str) -> bool:
    return path[1:].partition("/")[0] in published_codes()


def _key(request: HttpRequest, state: str) -> str:
    parts = (state, str(timezone.localdate()), request.scheme, request.get_host(), request.path)
    return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()


def _may_be_kept(request: HttpRequest, response: HttpResponse) -> bool:
    return (
        response.status_code == 200
        and not response.cookies
        and not response.has_header("Content-Encoding")
        and "cookie" not in response.get("Vary", "").lower()
        and not any(word in response.get("Cache-Control", "") for word in _NOT_KEPT)
        # A page with a number used once in it is for one answer.
        and not getattr(request, "csp_nonce", None)
    )
