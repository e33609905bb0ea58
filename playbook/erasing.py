"""Erase a page so that nothing of its text is left here, while its address goes on answering.

A page's text lies in more places than its row: revisions, the history's titles, the reviewers'
comments, and what the translators' tool keeps of it. Backups are the operator's to age out.
"""

import datetime
from typing import Any

from django.db import connection, transaction
from wagtail.models import Page, PageLogEntry
from wagtail_localize.models import (
    String,
    StringSegment,
    StringTranslation,
    TranslatableObject,
    Translation,
    TranslationSource,
)

from playbook.models import Gone

_INDEX = "wagtailsearch_indexentry_fts"


@transaction.atomic
def erase_page(page: Page, since: datetime.date, reason: str) -> None:
    """Delete a page with its whole history; readers find the notice at its address from then on."""
    address = page.get_url()
    if address:
        Gone.objects.update_or_create(path=address, defaults={"since": since, "reason": reason})
    pk, key, locale = page.pk, page.translation_key, page.locale
    # Fresh: the row as it is, whatever the caller has in memory.
    Page.objects.get(pk=pk).specific.delete()
    PageLogEntry.objects.filter(page_id=pk).update(label="", data={})
    _forget_translations(key, locale)
    _forget_searched_words()


def _forget_searched_words() -> None:
    """Have SQLite's index drop the words of what was deleted: it keeps them until it is merged."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        if _INDEX in names:
            cursor.execute(f"INSERT INTO {_INDEX}({_INDEX}) VALUES ('optimize')")  # noqa: S608


def _forget_translations(key: Any, locale: Any) -> None:
    sources = TranslationSource.objects.filter(object_id=key, locale=locale)
    segments = StringSegment.objects.filter(source__in=sources)
    strings = set(segments.values_list("string_id", flat=True))
    sources.delete()
    Translation.objects.filter(source__object_id=key, target_locale=locale).delete()
    StringTranslation.objects.filter(context__object_id=key, locale=locale).delete()
    if not Page.objects.filter(translation_key=key).exists():
        TranslatableObject.objects.filter(translation_key=key).delete()
    used = StringSegment.objects.filter(string_id__in=strings).values("string_id")
    String.objects.filter(pk__in=strings).exclude(pk__in=used).delete()
