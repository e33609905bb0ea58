"""Texts that stand straight below the title of a page."""

import re
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from playbook.templatetags.playbook_tags import rich

register = template.Library()
_HEADING = re.compile(r"<(/?)h([34])>")


@register.filter
def below_title(value: Any) -> SafeString:
    """Show rich text whose headings are one level up: editors begin at the third."""
    raised = _HEADING.sub(lambda found: f"<{found[1]}h{int(found[2]) - 1}>", rich(value))
    return mark_safe(raised)  # noqa: S308 `rich` has cleaned it
