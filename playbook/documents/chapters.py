"""One item as a chapter: its words as simple HTML, the same for every form of document."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from wagtail.images.models import SourceImageIOError
from wagtail.models import Page

from playbook import public
from playbook.addresses import absolute, in_language, page_address, short_id
from playbook.appearance import appearance
from playbook.languages import Language, language
from playbook.models import FindingPage, PlayPage, StrategyPage
from playbook.origin import origin_of

# JPEG: readers of e-books do not know newer formats.
_PICTURE = "max-800x800|format-jpeg"


@dataclass(frozen=True)
class Picture:
    """A picture to be carried within the document; the HTML names it as `picture:<name>`."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Chapter:
    short_id: str
    kind: str
    title: str
    language: Language
    address: str
    html: SafeString
    picture: Picture | None


def chapter(page: Page, *, with_local_note: bool = True) -> Chapter:
    """Return an item, as it is live, as a chapter in its own language.

    The local legal note is for readers of this site: not for what may travel to another node.
    """
    code = page.locale.language_code
    kind = public.kind_of(page) or ""
    short = short_id(page)
    with translation.override(code):
        picture = _picture(page)
        context = {
            "page": page,
            "kind": page._meta.verbose_name,
            "language": language(code),
            "short_id": short,
            "short_address": absolute(in_language("playbook_provenance", code, short)),
            "public_address": settings.PUBLIC_URL,
            "node_name": appearance().name,
            "origin": origin_of(page),
            "picture": picture,
            "with_local_note": with_local_note,
            **_relations(page),
        }
        html = render_to_string(f"playbook/documents/{kind}.html", context)
        return Chapter(
            short_id=short,
            kind=str(page._meta.verbose_name),
            title=page.title,
            language=language(code),
            address=page_address(page),
            html=mark_safe(html),  # noqa: S308 rendered by our own template
            picture=picture,
        )


def chapters(pages: list[Page], *, with_local_note: bool = True) -> list[Chapter]:
    """Return the chapters of these items, each once; a strategy is followed by its plays."""
    ordered: dict[int, Page] = {}
    for page in pages:
        ordered[page.pk] = page
        if isinstance(page, StrategyPage):
            for stage in page.shown_stages():
                if stage.shown_play is not None:
                    ordered.setdefault(stage.shown_play.pk, stage.shown_play)
    return [chapter(page, with_local_note=with_local_note) for page in ordered.values()]


def _relations(page: Page) -> dict[str, Any]:
    if isinstance(page, PlayPage):
        return {"relations": page.shown_relations()}
    if isinstance(page, StrategyPage):
        return {"stages": page.shown_stages()}
    if isinstance(page, FindingPage):
        return {"cases": page.shown_cases()}
    return {}


def _picture(page: Page) -> Picture | None:
    if page.picture is None:
        return None
    try:
        drawn = page.picture.get_rendition(_PICTURE)
        with drawn.file.open("rb") as file:
            return Picture(f"{page.picture_id}.jpg", file.read())
    except (OSError, SourceImageIOError):
        return None  # the file is not there: its words in the text still are
