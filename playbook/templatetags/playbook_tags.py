"""What the reader templates ask for."""

import re
from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils import translation
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from wagtail.models import Page
from wagtail.rich_text import RichText

from playbook.languages import Language, published, shown
from playbook.models import CaseIndexPage, PlayIndexPage, Term
from playbook.models.terms import localized
from playbook.origin import Origin, origin_of
from playbook.sanitise import html_for_readers

register = template.Library()
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
    """Return the lists of plays and of cases in the language shown."""
    return list(
        Page.objects.live()
        .type((PlayIndexPage, CaseIndexPage))
        .filter(locale__language_code=shown().code)
        .order_by("path")
    )


@register.simple_tag
def terms(rows: Any) -> list[Term]:
    """Return the terms with their names in the language shown."""
    return localized(list(rows.all()))


@register.simple_tag
def origin(page: Page) -> Origin | None:
    return origin_of(page)


@register.simple_tag(takes_context=True)
def language_links(context: Context) -> list[dict[str, Any]]:
    """Return each published language with the address of this page in it, or else of its home."""
    page = context.get("page")
    found: dict[str, Page] = {}
    if isinstance(page, Page) and page.pk:
        live = page.get_translations(inclusive=True).live().select_related("locale")
        found = {item.locale.language_code: item for item in live}
    return [_link(language, found, page) for language in published()]


def _link(language: Language, found: dict[str, Page], page: Page | None) -> dict[str, Any]:
    item = found.get(language.code)
    return {
        "language": language,
        "address": item.url if item else home_address(language.code),
        "full_address": item.full_url if item else None,
        "is_shown": language.code == shown().code,
        "is_missing": page is not None and item is None,
    }
