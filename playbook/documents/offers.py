"""The forms in which texts are offered, and the bytes of each: made once, kept by digest."""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from playbook import public
from playbook.appearance import appearance
from playbook.feeds import day_of
from playbook.languages import published_codes
from playbook.models import ContentEpoch

from . import pack, pdf, single_file, store
from .chapters import Chapter, chapters
from .epub import epub
from .text import plain_text

# Raised when the same words would make other bytes: what was kept before is then not found.
VERSION = "1"
TYPES = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "epub": "application/epub+zip",
    "txt": "text/plain; charset=utf-8",
    "zip": "application/zip",
}
COLLECTIONS = ("epub", "zip")  # of everything in a language
NAMES = {
    "html": _("One web page, with its pictures"),
    "pdf": _("PDF, to print"),
    "epub": _("E-book (EPUB)"),
    "txt": _("Plain text"),
    "zip": _("Text pack (ZIP)"),
}


@dataclass(frozen=True)
class Offer:
    """A file that a reader may take. `size` in bytes; None while it cannot be known."""

    ending: str
    address: str
    size: int | None

    @property
    def name(self) -> str:
        return str(NAMES[self.ending])

    @property
    def format(self) -> str:
        return self.ending.upper()


def forms(*wanted: str) -> list[str]:
    """Return those of the forms that this machine can make."""
    return [form for form in wanted if form != "pdf" or pdf.available()]


def few(pages: list[Page], title: str, code: str, ending: str) -> bytes:
    """Return some items as a file. Raises store.Busy."""
    if ending == "txt":
        # The same file as in the pack: its hash is on the page that says where the text is from.
        return b"\n".join(
            plain_text(each).encode() for each in chapters(pages, with_local_note=False)
        )
    found = chapters(pages)
    if ending == "html":
        return single_file.html(found, title, code).encode()
    day = _newest(pages)
    digest = store.digest_of(
        VERSION, ending, code, title, day.isoformat(), timezone.localdate().isoformat(),
        *(each.html for each in found),
        *(each.picture.name for each in found if each.picture),
    )  # fmt: skip
    makers: dict[str, Callable[[], bytes]] = {
        "pdf": lambda: pdf.pdf(found, title, code),
        "epub": lambda: epub(found, title, code, day),
    }
    return store.get_or_make(digest, ending, makers[ending])


def everything(title: str, code: str, ending: str) -> bytes:
    """Return all that readers of a language may see. Raises store.Busy."""

    def make() -> bytes:
        pages = all_items(code)
        if ending == "zip":
            return pack.pack(chapters(pages, with_local_note=False), code)
        return epub(_each(pages), title, code, _newest(pages))

    return store.get_or_make(_state_of(title, code, ending), ending, make)


def missing_collections() -> set[str]:
    """Return the digests of those that are not made yet as content stands now. A few queries."""
    return {digest for digest, ending, _make in _collections() if not store.has(digest, ending)}


def make_collections() -> int:
    """Make what is missing of them, so that the next reader waits for none; return how many.

    Nothing is asked for by what was kept before: after a change, whoever is faster makes it.
    Raises store.Busy.
    """
    made = 0
    for digest, ending, make in _collections():
        if not store.has(digest, ending):
            make()
            made += 1
    return made


def _collections() -> Iterator[tuple[str, str, Callable[[], bytes]]]:
    for code in published_codes():
        with translation.override(code):
            title = appearance().name
            for ending in COLLECTIONS:
                digest = _state_of(title, code, ending)
                yield digest, ending, partial(everything, title, code, ending)


def all_items(code: str) -> list[Page]:
    return [page for model in public.KINDS.values() for page in public.items(model, code)]


def _each(pages: list[Page]) -> list[Chapter]:
    return chapters(pages)


def _newest(pages: list[Page]) -> datetime.date:
    return max((day_of(page).date() for page in pages), default=datetime.date(2000, 1, 1))


def _state_of(title: str, code: str, ending: str) -> str:
    """Return a digest that changes with whatever readers see, and every day: reviews fall due.

    Which versions are live is asked as well: that a withdrawal counts must not hang on one signal.
    A few queries, however many items.
    """
    pages = public.pages().filter(locale__language_code=code).values_list("pk", "live_revision_id")
    return store.digest_of(
        VERSION,
        ending,
        code,
        title,
        timezone.localdate().isoformat(),
        ContentEpoch.now(),
        str(list(pages)),
        pack.state() if ending == "zip" else "",
    )
