"""Addresses that leave the site: in feeds, on paper, in what is taken along."""

import uuid

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from wagtail.models import Page

SHORT = 10
HEX_DIGITS = 32


def absolute(path: str) -> str:
    """Return a path of this site as a whole address, as the operator has named the site."""
    return f"{settings.PUBLIC_URL}{path}"


def page_path(page: Page) -> str:
    """Return the path of a page, in its own language."""
    parts = page.get_url_parts()
    return (parts[2] if parts else None) or "/"


def page_address(page: Page) -> str:
    return absolute(page_path(page))


def in_language(name: str, code: str, *args: object) -> str:
    """Return the path of one of the reader's views in a language."""
    with translation.override(code):
        return reverse(name, args=args)


def short_id(page: Page) -> str:
    """Return the beginning of the key that all languages of an item share: 40 bits.

    It stays when the title or the address of the item changes, and after a restore.
    """
    return page.translation_key.hex[:SHORT]


def keys_with(short: str) -> tuple[uuid.UUID, uuid.UUID]:
    """Return the lowest and the highest key that begin so."""
    missing = HEX_DIGITS - len(short)
    return uuid.UUID(short + "0" * missing), uuid.UUID(short + "f" * missing)


def stable_id(page: Page) -> uuid.UUID:
    """Return an id for one language of an item, the same for as long as the item exists."""
    return uuid.uuid5(page.translation_key, page.locale.language_code)
