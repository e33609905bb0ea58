"""What stands around every page: made once in each language, and anew when the content changes."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.template import loader
from django.template.context import Context
from django.urls import reverse
from django.utils.safestring import SafeString
from wagtail.models import Page

from playbook.appearance import Appearance
from playbook.epoch import kept
from playbook.languages import shown
from playbook.templatetags.playbook_tags import home_address, sections

register = template.Library()


@register.simple_tag(takes_context=True)
def frame(context: Context, part: str) -> SafeString:
    """Return a part of the frame, a template in `playbook/frame/`.

    It knows the look of the node, the language and the section that is shown; no more of the page.
    """
    return _part(part, context["look"], _current(context.get("page"), context.get("request")))


def _current(page: Any, request: HttpRequest | None) -> int | str | None:
    """Return the key of the section that is shown, the address of the search, or None."""
    if isinstance(page, Page):
        return page.pk if any(section.pk == page.pk for section in sections()) else None
    search = reverse("playbook_search")
    return search if request is not None and request.path == search else None


@kept
def _part(part: str, look: Appearance, current: int | str | None) -> SafeString:
    values = {
        "look": look,
        "node_name": look.name,
        "home": home_address(shown().code),
        "section_pages": sections(),
        "search": reverse("playbook_search"),
        "current": current,
    }
    return SafeString(loader.get_template(f"playbook/frame/{part}.html").render(values))
