"""Collections are made by the worker after a change, so that a reader's request only reads."""

import datetime

import pytest
from django_tasks_db.models import DBTaskResult

from federation.management.commands import run_scheduler
from federation.management.commands.run_scheduler import Downloads
from playbook.documents import offers, store
from playbook.documents.tasks import make_collections
from playbook.languages import published_codes
from tests import factories

from .taking import contents, taken

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 3, 9)


@pytest.fixture
def woken(monkeypatch) -> list:
    found: list = []
    monkeypatch.setattr(run_scheduler, "wake", found.append)
    return found


@pytest.fixture
def nothing_is_made(monkeypatch):
    """Return a function from which on a request that has to make something fails."""

    def refuse(*_):
        raise AssertionError("made while a reader waits")

    def _from_now_on() -> None:
        monkeypatch.setattr(offers, "epub", refuse)
        monkeypatch.setattr(offers.pack, "pack", refuse)

    return _from_now_on


def test_after_the_task_a_request_only_reads(site, client, nothing_is_made):
    factories.live(factories.play(title="Heron"))
    assert offers.missing_collections()
    assert offers.make_collections() == len(offers.COLLECTIONS) * len(published_codes())
    assert not offers.missing_collections()
    assert offers.make_collections() == 0, "once"

    nothing_is_made()
    assert client.get("/en/take-along/").status_code == 200
    for ending in offers.COLLECTIONS:
        assert "Heron" in contents(taken(client, f"/en/take-along/all.{ending}"))


@pytest.mark.parametrize("ending", offers.COLLECTIONS)
def test_what_was_made_before_a_recall_is_not_served_after_it(site, client, ending):
    page = factories.live(factories.play(title="Heron"))
    factories.live(factories.play(title="Kingfisher"))
    offers.make_collections()
    page.withdraw("It named a place.", DAY)
    assert offers.missing_collections(), "what was made is of another state"
    assert "Heron" not in contents(taken(client, f"/en/take-along/all.{ending}"))
    offers.make_collections()
    after = contents(taken(client, f"/en/take-along/all.{ending}"))
    assert "Heron" not in after
    assert "Kingfisher" in after


def test_the_scheduler_has_them_made_once_a_change_has_settled(site, woken):
    downloads = Downloads()
    for _edit in range(3):
        factories.live(factories.play())
        downloads.look()
    assert woken == [], "content moves"
    downloads.look()
    assert woken == [make_collections]
    downloads.look()
    assert woken == [make_collections], "it waits, or does not fit"
    offers.make_collections()
    downloads.look()
    downloads.look()
    assert woken == [make_collections], "nothing is missing"
    factories.live(factories.play())
    downloads.look()
    downloads.look()
    assert woken == [make_collections] * 2


def test_what_the_worker_runs_is_what_the_scheduler_wakes(site, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    factories.live(factories.play())
    downloads = Downloads()
    downloads.look()
    downloads.look()
    woken = DBTaskResult.objects.ready().filter(task_path=make_collections.module_path)
    assert woken.count() == 1
    assert make_collections.func() > 0
    assert not list(store.folder().glob("*.new"))
