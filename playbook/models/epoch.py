"""Which state the content is in: one cheap read tells whether anything that readers see changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models.signals import post_delete, post_save
from wagtail.contrib.settings.models import BaseSiteSetting
from wagtail.documents.models import AbstractDocument
from wagtail.images.models import AbstractImage
from wagtail.models import Locale, Page, PageViewRestriction, Site, TranslatableMixin
from wagtailmedia.models import AbstractMedia

from playbook.prepared import prepared

# Pages and terms are translatable. Not renditions: drawing one changes nothing that is said.
_SHOWN = (
    TranslatableMixin, AbstractDocument, AbstractImage, AbstractMedia, BaseSiteSetting, Locale,
    PageViewRestriction, Site,
)  # fmt: skip

# Saving a draft writes these of the page's row; readers see none of them.
_OF_DRAFTS = {
    "approved_go_live_at", "draft_title", "has_unpublished_changes", "latest_revision",
    "latest_revision_created_at", "wagtail_admin_comments",
}  # fmt: skip

_FORGET = "DELETE FROM playbook_contentepoch"
_FORGET_FREE = """DELETE FROM playbook_contentepoch
WHERE id IN (SELECT id FROM playbook_contentepoch FOR UPDATE SKIP LOCKED)"""


class ContentEpoch(models.Model):
    """A change that readers can see. The ids of the rows, together, name the state of the content.

    A change replaces the rows by one of its own in its own transaction, so that whoever sees the
    change sees another set of ids. Rows that another transaction is just replacing are left to it:
    nobody waits for anybody. An id is random, so that a database restored from a copy does not come
    back to a name that stood for something else.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def now(cls) -> str:
        """Return the name of the state. One query."""
        return "-".join(sorted(found.hex for (found,) in _names()))

    @classmethod
    def bump(cls) -> None:
        """Say that something changed. Call it in the transaction of the change.

        As SQL: it follows every saving, and put together by Django it takes ten times as long.
        """
        lock = connection.features.has_select_for_update_skip_locked
        name = cls._meta.pk.get_db_prep_value(uuid.uuid4(), connection)
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.execute(_FORGET_FREE if lock else _FORGET)
            cursor.execute("INSERT INTO playbook_contentepoch (id) VALUES (%s)", [name])

    @classmethod
    def watch_content(cls) -> None:
        """Watch every model of which readers see something."""
        cls.watch(model for model in apps.get_models() if issubclass(model, _SHOWN))

    @classmethod
    def watch(cls, watched: Iterable[type[models.Model]]) -> None:
        """Count each saving and deleting as a change. What changes rows in bulk says so itself."""
        for model in watched:
            label = f"epoch_{model._meta.label}"
            post_save.connect(_saved, sender=model, dispatch_uid=label)
            post_delete.connect(_deleted, sender=model, dispatch_uid=label)


@prepared()
def _names() -> models.QuerySet[ContentEpoch, tuple[uuid.UUID]]:
    return ContentEpoch.objects.values_list("id")


def _saved(
    sender: type[models.Model],
    instance: models.Model,
    update_fields: Iterable[str] | None = None,
    **kwargs: Any,
) -> None:
    of_draft = update_fields is not None and set(update_fields) <= _OF_DRAFTS
    if not (of_draft and isinstance(instance, Page)):
        ContentEpoch.bump()


def _deleted(sender: type[models.Model], **kwargs: Any) -> None:
    ContentEpoch.bump()
