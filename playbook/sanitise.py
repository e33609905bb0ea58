"""Rich text, reduced to the small vocabulary that is shared and shown."""

import re

import nh3

TAGS = {"p", "ul", "ol", "li", "strong", "em", "b", "i", "a", "h3", "h4", "br", "blockquote"}
_ABSOLUTE = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)
_LINK = re.compile(r"<a\b([^>]*)>", re.IGNORECASE)
_ADDRESS = re.compile(r"""\bhref=\\?["']https?://[^\s/?#"']""", re.IGNORECASE)
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


def has_inner_link(html: str) -> bool:
    """Whether a link leads to a page of this site only, or by another scheme than http(s).

    The html may stand within JSON, as in a stream field: its quotes have a backslash then.
    """
    return any(not _ADDRESS.search(attributes) for attributes in _LINK.findall(html))
