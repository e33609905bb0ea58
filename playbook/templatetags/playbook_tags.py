"""What the reader templates ask for."""

import hashlib
import re
import uuid
from typing import Any

from django import template
from django.core.cache import cache
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.template.context import Context
from django.urls import reverse
from django.utils import translation
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from wagtail.models import Page
from wagtail.rich_text import RichText

from playbook.addresses import absolute
from playbook.epoch import kept
from playbook.filing import terms_of
from playbook.languages import Language, published, shown
from playbook.models import (
    CaseIndexPage,
    EpisodeIndexPage,
    EventIndexPage,
    FindingIndexPage,
    JoinPage,
    NetworkPage,
    PlayIndexPage,
    StandardPage,
    StrategyIndexPage,
    SupportIndexPage,
    TemplateIndexPage,
    Term,
)
from playbook.models.readable import is_readable, readable
from playbook.models.relations import address_below
from playbook.origin import Origin, origin_of
from playbook.prepared import prepared
from playbook.sanitise import html_for_readers
from playbook.untranslated import untranslated_address

register = template.Library()
_SECTION_DEPTH = 3  # root, home, section
_KINDS: dict[type[Page], str] = {
    PlayIndexPage: "plays",
    CaseIndexPage: "cases",
    StrategyIndexPage: "strategies",
    FindingIndexPage: "findings",
    TemplateIndexPage: "templates",
    SupportIndexPage: "support",
    EpisodeIndexPage: "podcast",
    EventIndexPage: "events",
    NetworkPage: "network",
    JoinPage: "join",
    StandardPage: "text",
}
_FIRST = {PlayIndexPage, CaseIndexPage, SupportIndexPage}
# An empty page for help has words for whoever stands before it.
_ALWAYS = {PlayIndexPage, CaseIndexPage, SupportIndexPage, JoinPage, StandardPage}
_SENTENCE = re.compile(r"^.*?[.!?؟。…:](?=\s|$)", re.DOTALL)


@register.filter
def rich(value: str | RichText) -> SafeString:
    """Show rich text: cleaned again, its links marked as leading elsewhere."""
    source = value.source if isinstance(value, RichText) else value
    return mark_safe(html_for_readers(source))  # noqa: S308 nh3 has cleaned it


@register.filter
def first_sentence(value: str | RichText) -> str:
    """Return the beginning of a rich text, plain, up to its first full stop or colon."""
    source = value.source if isinstance(value, RichText) else value
    text = " ".join(strip_tags(source.replace("</", " </")).split())
    found = _SENTENCE.match(text)
    return (found.group() if found else text).rstrip(":")


@register.simple_tag
def home_address(code: str) -> str:
    with translation.override(code):
        return reverse("wagtail_serve", args=[""])


@register.simple_tag
def sections() -> list[Page]:
    """Return the sections that have something to read, in the language shown."""
    return sections_with_content(shown().code)


@kept
def sections_with_content(code: str) -> list[Page]:
    """Return the live sections of a language, each with `kind` and `is_first`.

    Plays and cases are always among them; another one when a page below it is live, or when it
    has none below and speaks for itself.
    """
    below = Page.objects.live().filter(
        readable(), path__startswith=OuterRef("path"), depth=OuterRef("depth") + 1
    )
    found = (
        Page.objects.live()
        .type(tuple(_KINDS))
        .filter(readable(), locale__language_code=code, depth=_SECTION_DEPTH)
        .annotate(has_content=Exists(below))
        .select_related("locale")
        .order_by("path")
    )
    listed = []
    for page in found:
        model = page.specific_class
        page.kind, page.is_first = _KINDS[model], model in _FIRST
        if page.has_content or model in _ALWAYS:
            listed.append(page)
    return listed


@register.simple_tag
def terms(rows: Any) -> list[Term]:
    """Return the terms of one kind of a page, in the language shown. One query for all kinds."""
    page = rows.instance
    if "shown_terms" not in vars(page):
        page.shown_terms = terms_of(page)
    return page.shown_terms[rows.model]


@register.simple_tag
def origin(page: Page) -> Origin | None:
    """Return where the page came from; asked once, however often it is shown."""
    if "shown_origin" not in vars(page):
        page.shown_origin = origin_of(page)
    return page.shown_origin


@register.simple_tag(takes_context=True)
def language_links(context: Context) -> list[dict[str, Any]]:
    """Return each published language with the address of what is shown in it.

    Without a live translation the address is of the same family and shows what there is, with a
    label (see `playbook.untranslated`).
    """
    page, request = context.get("page"), context.get("request")
    if isinstance(page, Page) and page.pk:
        rows = _live(page.translation_key)
        found = {code: address_below(url, code) for url, code, path in rows if is_readable(path)}
        return [_page_link(language, found, page, request) for language in published()]
    return [_link(language, _same_view(request, language.code)) for language in published()]


@prepared(uuid.UUID)
def _live(translation_key: uuid.UUID) -> QuerySet[Page, tuple[str, str, str]]:
    live = Page.objects.live().filter(translation_key=translation_key)
    return live.order_by("path").values_list("url_path", "locale__language_code", "path")


def _page_link(
    language: Language, found: dict[str, str], page: Page, request: HttpRequest | None
) -> dict[str, Any]:
    address = found.get(language.code)
    if address is None:
        link = _link(language, untranslated_address(page, language.code))
        return {**link, "is_missing": not link["is_shown"]}
    link = _link(language, address + _below(page, request))
    return {**link, "full_address": absolute(link["address"])}


def _link(language: Language, address: str) -> dict[str, Any]:
    return {
        "language": language,
        "address": address,
        "full_address": None,
        "is_shown": language.code == shown().code,
        "is_missing": False,
    }


def _below(page: Page, request: HttpRequest | None) -> str:
    """Return what the address adds to the page's own: `for/media/` of a list for one threat."""
    own = page.url or ""
    return request.path.removeprefix(own) if request and request.path.startswith(own) else ""


def _same_view(request: HttpRequest | None, code: str) -> str:
    """Return the address of a view in another language, or of the home where there is no view."""
    match = getattr(request, "resolver_match", None)
    if request is None or match is None or match.url_name in (None, "wagtail_serve"):
        return home_address(code)
    _empty, first, *rest = request.path.split("/")
    is_language = any(first == language.code for language in published())
    return "/".join(["", code, *rest]) if is_language else home_address(code)


@register.simple_tag
def sha256(document: Any) -> str:
    """Return the SHA-256 of a document's file, in hex, so that a reader can check the download."""
    key = f"playbook_sha256:{document.pk}:{document.file.name}:{document.get_file_size()}"
    known = cache.get(key)
    if known is None:
        with document.open_file() as file:
            known = hashlib.file_digest(file, "sha256").hexdigest()
        cache.set(key, known, None)
    return known
