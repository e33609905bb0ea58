"""Somebody notices when search goes stale: pages are indexed by a worker that may not run."""

import datetime

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from wagtail.search.models import IndexEntry

from playbook.search.health import PATIENCE, index_health, index_is_behind
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("indexed")]


@pytest.fixture
def _queue(settings):
    """Tasks wait for a worker, as they do on a node."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


def grow_old():
    before = timezone.now() - PATIENCE - datetime.timedelta(minutes=1)
    DBTaskResult.objects.update(enqueued_at=before)


def test_search_is_up_to_date_where_tasks_are_done(site, client):
    factories.live(factories.play())
    health = index_health()
    assert not health.stale
    assert (health.waiting, health.missing, health.failed) == (0, 0, 0)
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.usefixtures("_queue")
def test_pages_that_wait_are_counted_and_make_search_stale_in_time(site, client):
    factories.live(factories.play(title="Zorbing"))
    health = index_health()
    assert health.waiting >= 1
    assert health.missing == 1
    assert not health.stale, "a worker may be about to come"
    assert client.get("/healthz").content == b"ok\n"
    grow_old()
    assert index_health().stale
    assert index_health().oldest_minutes >= 15
    said = client.get("/healthz")
    assert said.status_code == 200
    assert b"search is behind" in said.content
    assert index_is_behind()


def test_a_page_that_the_index_lost_makes_search_stale(site):
    factories.live(factories.play())
    assert not index_health().stale
    IndexEntry.objects.all().delete()
    assert index_health().missing >= 1
    assert index_health().stale


def test_drafts_are_not_missing(site):
    page = factories.play()
    page.index_entries.all().delete()
    assert index_health().missing == 0


def test_the_worker_ends_what_waited(site, client, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    factories.live(factories.play(title="Zorbing"))
    address = "/en/search/?q=zorbing"
    assert not client.get(address).context["results"]
    for task in DBTaskResult.objects.ready():
        task.task.func(*task.args_kwargs["args"], **task.args_kwargs["kwargs"])
        DBTaskResult.objects.filter(pk=task.pk).update(
            status="SUCCESSFUL", started_at=timezone.now(), finished_at=timezone.now()
        )
    assert index_health().waiting == 0
    assert not index_health().stale
    assert client.get(address).context["results"]
