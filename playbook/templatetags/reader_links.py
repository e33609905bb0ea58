"""What other machines are told about a page, and the short address for paper."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import segno
from django import template
from django.template.context import Context
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from wagtail.images.exceptions import InvalidFilterSpecError
from wagtail.images.models import SourceImageIOError
from wagtail.models import Page

from playbook import podcast, public
from playbook.addresses import absolute, in_language, page_path, short_id
from playbook.epoch import kept
from playbook.feeds import SECTIONS as FEED_SECTIONS
from playbook.feeds import section_title, summary_of
from playbook.models import EpisodePage, HomePage, PublishedItem
from playbook.setup import SECTIONS

register = template.Library()
_PREVIEW = "fill-1200x630|format-jpeg"
_HOME_FEEDS = ["plays", "cases"]


@dataclass(frozen=True)
class FeedLink:
    title: str
    address: str
    type: str = "application/atom+xml"


@dataclass(frozen=True)
class Shared:
    """How a page looks where somebody passes its address on."""

    address: str
    title: str
    summary: str
    kind: str
    picture: Any
    picture_alt: str
    feeds: list[FeedLink]


@register.simple_tag(takes_context=True)
def shared(context: Context) -> Shared | None:
    """Return what to say of the page that is shown; nothing for a preview or what is no page."""
    page, request = context.get("page"), context.get("request")
    if not isinstance(page, Page) or not page.live or getattr(request, "is_preview", False):
        return None
    own = page_path(page)
    # A list for one threat has an address below that of the list.
    path = request.path if request and request.path.startswith(own) else own
    threat = context.get("threat")
    item = isinstance(page, PublishedItem)
    return Shared(
        address=absolute(path),
        title=threat.name if threat else page.title,
        summary=summary_of(page) or " ".join(strip_tags(getattr(page, "intro", "")).split())[:300],
        kind="article" if item else "website",
        picture=_preview_picture(page),
        picture_alt=getattr(page, "picture_alt", ""),
        feeds=_feeds(page),
    )


def _preview_picture(page: Page) -> dict[str, Any] | None:
    picture = getattr(page, "picture", None)
    return _preview(picture) if picture else None


@kept
def _preview(picture: Any) -> dict[str, Any] | None:
    try:
        drawn = picture.get_rendition(_PREVIEW)
    except (SourceImageIOError, InvalidFilterSpecError):
        return None
    return {"address": absolute(drawn.url), "width": drawn.width, "height": drawn.height}


def _feeds(page: Page) -> list[FeedLink]:
    code = page.locale.language_code
    if isinstance(page, HomePage):
        sections = _HOME_FEEDS
    else:
        section = public.kind_of(page) or SECTIONS.get(type(page), ("", ""))[0]
        sections = [section] if section in FEED_SECTIONS else []
    links = [
        FeedLink(section_title(name), in_language("playbook_feed", code, name)) for name in sections
    ]
    if sections == ["podcast"]:
        rss = in_language("playbook_podcast", code)
        links.append(FeedLink(section_title("podcast"), rss, "application/rss+xml"))
    return links


@dataclass(frozen=True)
class ShortAddress:
    path: str
    address: str

    @property
    def qr_code(self) -> SafeString:
        """Return it as a picture within the page: paper needs it without another request."""
        return _qr_code(self.address)


@lru_cache(maxsize=1024)  # an address never changes, and drawing one takes milliseconds
def _qr_code(address: str) -> SafeString:
    drawn = segno.make(address, error="m", micro=False).svg_inline(
        border=2, omitsize=True, svgclass=None, lineclass=None, dark="#000", light="#fff"
    )
    return mark_safe(drawn)  # noqa: S308 made of squares alone


def _is_item(page: Any) -> bool:
    return isinstance(page, PublishedItem) and bool(page.pk)


@register.simple_tag
def short_address(page: Any) -> ShortAddress | None:
    """Return the short address of an item, which leads to its provenance."""
    if not _is_item(page):
        return None
    path = in_language("playbook_provenance", page.locale.language_code, short_id(page))
    return ShortAddress(path, absolute(path))


@register.simple_tag
def take_along_address(page: Any) -> str | None:
    """Return the page that offers an item as files, each with its size."""
    if not _is_item(page):
        return None
    return in_language("playbook_take_item", page.locale.language_code, short_id(page))


@register.simple_tag
def audio(episode: EpisodePage) -> dict[str, Any] | None:
    """Return the path, type and size of an episode's audio, or None where there is none."""
    size, path, media = podcast.audio_size(episode), podcast.audio_path(episode), episode.audio
    if size is None or path is None or media is None:
        return None
    return {"path": path, "size": size, "type": podcast.audio_type(media.file.name)}
