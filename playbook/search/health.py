"""Whether search is up to date. Pages are indexed by a worker: without one, search goes stale."""

import datetime
from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from modelsearch.tasks import insert_or_update_object_task
from wagtail.models import Page, PageQuerySet
from wagtail.search.models import IndexEntry

from playbook.search.kinds import KINDS

PATIENCE = datetime.timedelta(minutes=15)


@dataclass(frozen=True)
class IndexHealth:
    """`missing`: live pages that are not in the index; `stale`: somebody has to look."""

    waiting: int
    failed: int
    oldest_minutes: int
    missing: int

    @property
    def stale(self) -> bool:
        late = self.oldest_minutes >= PATIENCE.total_seconds() / 60
        return late or (self.missing > 0 and not self.waiting)


def index_health() -> IndexHealth:
    """Return the state of the index. Some queries, one of which looks at every live page."""
    tasks = DBTaskResult.objects.filter(task_path=insert_or_update_object_task.module_path)
    since = tasks.ready().order_by("enqueued_at").values_list("enqueued_at", flat=True).first()
    age = timezone.now() - since if since else datetime.timedelta()
    return IndexHealth(
        waiting=tasks.ready().count(),
        failed=tasks.failed().count(),
        oldest_minutes=int(age.total_seconds() // 60),
        missing=missing().count(),
    )


def index_is_behind() -> bool:
    """Whether a page has waited for longer than a worker would let it. One cheap query."""
    tasks = DBTaskResult.objects.filter(task_path=insert_or_update_object_task.module_path)
    return tasks.ready().filter(enqueued_at__lt=timezone.now() - PATIENCE).exists()


def missing() -> PageQuerySet:
    types = ContentType.objects.get_for_models(*(kind.model for kind in KINDS)).values()
    entry = IndexEntry.objects.filter(
        content_type=OuterRef("content_type"), object_id=Cast(OuterRef("pk"), CharField())
    )
    return Page.objects.live().filter(~Exists(entry), content_type__in=types)
