"""How a node looks to its readers: what its administrators set, and the one stylesheet of it."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache as shared_cache
from django.utils.safestring import SafeString, mark_safe

from playbook import epoch
from playbook.models import Design

_KEY = "playbook_appearance"
_SECONDS = 60  # other processes may show the old look for that long
_LOGO = "max-192x96|format-webp"
_STYLESHEET = Path(__file__).parent / "static" / "playbook" / "site.css"


@dataclass(frozen=True)
class Logo:
    url: str
    width: int
    height: int


@dataclass(frozen=True)
class Appearance:
    """`colours` is CSS that follows the stylesheet; empty where nobody chose a colour."""

    name: str
    neutral_site: str
    colours: str
    logo: Logo | None

    @cached_property
    def css(self) -> SafeString:
        """Return the one stylesheet, the node's colours in it. It stands in the page.

        On a slow network a file of its own is a journey of 400 ms before anything is seen.
        """
        return mark_safe(_plain_css() + self.colours)  # noqa: S308 our file, and colours that were checked

    @cached_property
    def css_source(self) -> str:
        """Return what a content security policy says to let in this style and no other."""
        return f"'sha256-{b64encode(hashlib.sha256(self.css.encode()).digest()).decode()}'"


def appearance() -> Appearance:
    """Return how this node looks. One query, kept for a minute.

    A page is kept for longer: for a page it is the look in the state of the content that it shows.
    """
    key = f"{_KEY}:{epoch.current()}" if epoch.current() else _KEY
    kept = shared_cache.get(key)
    if kept is None:
        kept = _read()
        shared_cache.set_many({key: kept, _KEY: kept}, _SECONDS)
    return kept


def forget_appearance(**_signal: Any) -> None:
    shared_cache.delete(_KEY)


def _read() -> Appearance:
    design = Design.objects.filter(site__is_default_site=True).select_related("logo").first()
    design = design or Design()
    return Appearance(
        name=design.name or settings.WAGTAIL_SITE_NAME,
        neutral_site=design.neutral_site or settings.PLAYBOOK_NEUTRAL_SITE,
        colours=_colours(design),
        logo=_logo(design),
    )


def _colours(design: Design) -> str:
    light = f":root{{--accent:{design.accent}}}" if design.accent else ""
    dark = f":root{{--accent:{design.accent_dark}}}" if design.accent_dark else ""
    if light and not dark:
        # The light colour was never checked on dark paper: there the stylesheet's own one stays.
        return f"@media not (prefers-color-scheme:dark){{{light}}}"
    return light + (f"@media (prefers-color-scheme:dark){{{dark}}}" if dark else "")


def _logo(design: Design) -> Logo | None:
    if design.logo is None:
        return None
    drawn = design.logo.get_rendition(_LOGO)
    # Twice as many pixels as are shown: sharp on a phone.
    return Logo(drawn.url, max(1, drawn.width // 2), max(1, drawn.height // 2))


@cache
def _plain_css() -> str:
    return _STYLESHEET.read_text(encoding="utf-8")
