"""Turn the starter files into pages: drafts for a real node, live for the demo."""

import datetime
import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone
from wagtail.models import Locale, Page

from playbook.models import CasePage, Dimension, Mechanism, PlayPage, Sector, Threat
from playbook.setup import section_for
from playbook.starter.files import read_items
from playbook.starter.markup import to_html
from playbook.workflows import publish_trusted

DAYS_IN_A_MONTH = 30
TERMS = {
    "threats": Threat,
    "mechanisms": Mechanism,
    "sectors": Sector,
    "dimensions": Dimension,
}
COPIED = {
    PlayPage: ["outcome", "phase", "who_leads", "effort", "time", "cost", "visibility"],
    CasePage: ["kind", "summary", "region", "period", "authors", "composite"],
}
RICH = {
    PlayPage: ["preconditions", "worse", "stop_conditions"],
    CasePage: [
        "trigger", "response", "worked", "did_not_work", "trade_offs", "transfers_if", "unsafe_if",
    ],
}  # fmt: skip


@transaction.atomic
def load_starter(languages: list[str], *, live: bool = False) -> int:
    """Make the starter pages that are missing in these languages; return how many were made.

    A page is missing when its list of plays or cases has none with that slug: what editors did to
    one stays as it is. Raises StarterFileError for a file that cannot be read.
    """
    made = 0
    codes = _codes_to_terms()
    locales = {locale.language_code: locale for locale in Locale.objects.all()}
    for kind, model in (("plays", PlayPage), ("cases", CasePage)):
        keys: dict[str, uuid.UUID] = dict(model.objects.values_list("slug", "translation_key"))
        for data in read_items(kind, languages):
            section = section_for(model, data["lang"])
            if section.get_children().filter(slug=data["slug"]).exists():
                continue
            key = keys.setdefault(data["slug"], uuid.uuid4())
            page = _page(model, data, key, codes)
            page.locale = locales[data["lang"]]
            _add(page, section, live)
            made += 1
    return made


def _add(page: Any, section: Page, live: bool) -> None:
    section.add_child(instance=page)
    revision = page.save_revision()
    if live:
        publish_trusted(revision, reason="starter content")


def _codes_to_terms() -> dict[str, dict[str, Any]]:
    locale = Locale.get_default()
    return {
        name: {term.code: term for term in model.objects.filter(locale=locale)}
        for name, model in TERMS.items()
    }


def _page(model: Any, data: dict[str, Any], key: uuid.UUID, codes: dict[str, Any]) -> Any:
    today = timezone.localdate()
    page = model(
        title=data["title"],
        slug=data["slug"],
        translation_key=key,
        live=False,
        starter_note=True,
        draft_for_native_review=data.get("draft_for_native_review", False),
        licence=data["licence"],
        sensitive=data["sensitive"],
        status_as_of=today,
        review_due=today + datetime.timedelta(days=DAYS_IN_A_MONTH * data["review_months"]),
    )
    for field in COPIED[model]:
        value = data.get(field, "")
        setattr(page, field, value.strip() if isinstance(value, str) else value)
    for field in RICH[model]:
        setattr(page, field, to_html(data.get(field) or ""))
    for name in TERMS:
        if hasattr(page, name):
            setattr(page, name, [codes[name][code] for code in data.get(name) or []])
    if model is PlayPage:
        page.steps = _blocks("step", data["steps"], key, rich="do")
    else:
        page.lessons = _blocks("lesson", data["lessons"], key, rich="lesson")
    return page


def _blocks(name: str, rows: list[dict[str, str]], key: uuid.UUID, *, rich: str) -> list[Any]:
    """Return raw stream data. A block has the same id in every translation of its page."""
    return [
        {
            "id": str(uuid.uuid5(key, f"{name}-{number}")),
            "type": name,
            "value": {
                field: to_html(text) if field == rich else text.strip()
                for field, text in row.items()
            },
        }
        for number, row in enumerate(rows)
    ]
