"""Chapters as PDF, where the machine has what that takes."""

import importlib
from functools import cache
from types import ModuleType
from typing import Any

from .chapters import Chapter, Picture
from .single_file import document, pictures_of


@cache
def _weasyprint() -> ModuleType | None:
    """WeasyPrint needs Pango, a library of the system: a node without it does without PDF."""
    try:
        return importlib.import_module("weasyprint")
    except (ImportError, OSError):
        return None


def available() -> bool:
    return _weasyprint() is not None


def pdf(chapters: list[Chapter], title: str, code: str) -> bytes:
    """Return the PDF. Nothing is fetched: pictures come from memory, all else is refused."""
    weasyprint = _weasyprint()
    if weasyprint is None:
        raise RuntimeError("PDF needs WeasyPrint and Pango. Ask `available` first.")
    fetcher = _fetcher(weasyprint, pictures_of(chapters))
    made = weasyprint.HTML(string=document(chapters, title, code), url_fetcher=fetcher)
    data: bytes = made.write_pdf(pdf_tags=True)
    return data


def _fetcher(weasyprint: ModuleType, pictures: dict[str, Picture]) -> Any:
    class Within(weasyprint.urls.URLFetcher):  # type: ignore[name-defined]
        """Knows the document's own pictures and nothing else: no file, no network."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            name = url.removeprefix("picture:")
            if name == url or name not in pictures:
                raise ValueError("A document is made of what is in it.")
            return weasyprint.urls.URLFetcherResponse(
                url, pictures[name].data, {"Content-Type": "image/jpeg"}
            )

    return Within()
