"""Turn the starter files into pages: drafts for a real node, live for the demo."""

import datetime
import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone
from wagtail.models import Locale, Page

from playbook.indexing import indexed_once
from playbook.models import Dimension, JoinPage, Mechanism, PublishedItem, Sector, Threat
from playbook.setup import section_for
from playbook.starter.files import read_items
from playbook.starter.kinds import KINDS, Kind
from playbook.starter.markup import to_html
from playbook.workflows import publish_trusted

DAYS_IN_A_MONTH = 30
TERMS = {
    "threats": Threat,
    "mechanisms": Mechanism,
    "sectors": Sector,
    "dimensions": Dimension,
}
# The parts of blocks that are rich text, by the type of the block; a text block is nothing else.
RICH_PARTS = {"step": {"do"}, "lesson": {"lesson"}, "role": {"what", "route"}}


@transaction.atomic
def load_starter(languages: list[str], *, live: bool = False) -> int:
    """Make the starter pages that are missing in these languages; return how many were made.

    A page is missing when its section has none with that slug: what editors did to one stays as
    it is. Raises StarterFileError for a file that cannot be read.
    """
    made: list[Page] = []
    with indexed_once():
        loader = Loader(made, live=live)
        for kind in KINDS:
            loader.load(kind, languages)
        loader.introduce(languages)
    return len(made)


class Loader:
    """One run: what was made, and the pages that later ones name."""

    def __init__(self, made: list[Page], *, live: bool) -> None:
        self.made, self.live = made, live
        self.locales = {locale.language_code: locale for locale in Locale.objects.all()}
        default = Locale.get_default()
        self.terms = {
            name: {term.code: term for term in model.objects.filter(locale=default)}
            for name, model in TERMS.items()
        }
        self.pages: dict[str, dict[tuple[str, str], Page]] = {}
        self.sections: dict[tuple[str, str], Page] = {}

    def load(self, kind: Kind, languages: list[str]) -> None:
        """Make the missing pages of a kind, and remember them all by language and slug."""
        existing = kind.model.objects.select_related("locale")
        known = {(page.locale.language_code, page.slug): page for page in existing}
        keys = {slug: page.translation_key for (_, slug), page in known.items()}
        self.pages[kind.folder] = known
        for data in read_items(kind.folder, languages):
            place = (data["lang"], data["slug"])
            if place in known:
                continue
            key = keys.setdefault(data["slug"], uuid.uuid4())
            known[place] = self._add(self._page(kind, data, key), kind, data)

    def introduce(self, languages: list[str]) -> None:
        """Give the pages on taking part their text, where nobody has written in one yet."""
        for data in read_items("sections", languages):
            page = section_for(JoinPage, data["lang"])
            if page.latest_revision_id is None and not page.ways:
                page.intro = to_html(data["intro"])
                page.ways = _blocks("role", data["ways"], page.translation_key)
                self._store(page)

    def _add(self, page: Any, kind: Kind, data: dict[str, Any]) -> Any:
        self._section(kind, data["lang"]).add_child(instance=page)
        return self._store(page)

    def _section(self, kind: Kind, lang: str) -> Page:
        place = (kind.folder, lang)
        if place not in self.sections:
            self.sections[place] = section_for(kind.model, lang)
        return self.sections[place]

    def _store(self, page: Any) -> Any:
        revision = page.save_revision()
        if self.live:
            publish_trusted(revision, reason="starter content")
        self.made.append(page)
        return page

    def _page(self, kind: Kind, data: dict[str, Any], key: uuid.UUID) -> Any:
        page: Any = kind.model(
            title=data["title"],
            slug=data["slug"],
            translation_key=key,
            locale=self.locales[data["lang"]],
            live=False,
        )
        if isinstance(page, PublishedItem):
            _put_standing(page, data)
        for name in kind.copied:
            value = data.get(name, "")
            setattr(page, name, value.strip() if isinstance(value, str) else value)
        for name in kind.rich:
            setattr(page, name, to_html(data.get(name) or ""))
        for name, block in kind.streams.items():
            setattr(page, name, _blocks(block, data[name], key))
        for name, codes in self.terms.items():
            if hasattr(page, name):
                setattr(page, name, [codes[code] for code in data.get(name) or []])
        for name, other in kind.linked.items():
            found = [self._named(other, data["lang"], slug) for slug in data.get(name) or []]
            setattr(page, name, [item for item in found if item is not None])
        for name, rows in kind.rows.items():
            setattr(page, name, list(self._rows(rows, data[name], data["lang"])))
        return page

    def _rows(self, rows: Any, written: list[dict[str, str]], lang: str) -> Any:
        for number, row in enumerate(written):
            values: dict[str, Any] = {
                name: text.strip() for name, text in row.items() if name != rows.column
            }
            values[rows.target] = self._named(rows.kind, lang, row[rows.column])
            yield rows.model(sort_order=number, **values)

    def _named(self, kind: str, lang: str, slug: str) -> Page | None:
        """Return a page by its slug, in this language or else in another: they are linked alike."""
        pages = self.pages[kind]
        return pages.get((lang, slug)) or next(
            (page for (_, other), page in pages.items() if other == slug), None
        )


def _put_standing(page: PublishedItem, data: dict[str, Any]) -> None:
    today = timezone.localdate()
    page.starter_note = True
    page.draft_for_native_review = data.get("draft_for_native_review", False)
    page.licence, page.sensitive = data["licence"], data["sensitive"]
    page.status_as_of = today
    page.review_due = today + datetime.timedelta(days=DAYS_IN_A_MONTH * data["review_months"])


def _blocks(block: str, rows: list[dict[str, Any]], key: uuid.UUID) -> list[dict[str, Any]]:
    """Return raw stream data. A block has the same id in every translation of its page.

    Without a name for all blocks, each row names its own: one key, with the block's value.
    """
    written = [(block, row) if block else next(iter(row.items())) for row in rows]
    return [
        {
            "id": str(uuid.uuid5(key, f"{name}-{number}")),
            "type": name,
            "value": to_html(value) if isinstance(value, str) else _struct(name, value),
        }
        for number, (name, value) in enumerate(written)
    ]


def _struct(name: str, value: dict[str, Any]) -> dict[str, Any]:
    rich = RICH_PARTS.get(name, set())
    return {
        part: to_html(text) if part in rich else text.strip() if isinstance(text, str) else text
        for part, text in value.items()
    }
