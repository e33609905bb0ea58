"""Rich text, reduced to the small vocabulary that is shared and shown."""

import re

import nh3

TAGS = {"p", "ul", "ol", "li", "strong", "em", "b", "i", "a", "h3", "h4", "br", "blockquote"}
_ABSOLUTE = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)
_NO_PLACE = re.compile(r"<a>(.*?)</a>", re.DOTALL)


def _absolute_addresses_only(tag: str, attribute: str, value: str) -> str | None:
    return value if attribute != "href" or _ABSOLUTE.match(value) else None


_CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes={"a": {"href"}},
    attribute_filter=_absolute_addresses_only,
    url_schemes={"http", "https"},
    link_rel=None,
)

_FOR_READERS = nh3.Cleaner(
    tags=TAGS,
    attributes={"a": {"href"}},
    attribute_filter=_absolute_addresses_only,
    url_schemes={"http", "https"},
    link_rel="noopener noreferrer external",
)


def clean_html(html: str) -> str:
    """Return the html with the shared tags only, and with absolute http(s) links only.

    A link that loses its address keeps its words. Nothing is added: `rel` is set where the text
    is shown.
    """
    return _NO_PLACE.sub(r"\1", _CLEANER.clean(html))


def html_for_readers(html: str) -> str:
    """Return the same html with `rel` on its links."""
    return _FOR_READERS.clean(clean_html(html))
