"""The frame of the Federation menu's tables: it scrolls by itself, and has a caption and heads."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()


@register.simple_block_tag(end_name="endtable")
def table(content: SafeString, caption: str, *heads: str, classname: str = "") -> SafeString:
    """Set rows into a table: `caption` is for who cannot see it, `heads` one for each column."""
    return format_html(
        '<div class="fed-scroll" role="group" tabindex="0" aria-label="{}">'
        '<table class="listing {}"><caption class="w-sr-only">{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
        _("Table"),
        classname,
        caption,
        format_html_join("", '<th scope="col">{}</th>', ((head,) for head in heads)),
        content,
    )
