"""What all tests share: a laid-out site in English, Arabic and French, and people with logins."""

import gc
import os
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import translation
from pytest_django.plugin import blocking_manager_key

from playbook.models import HomePage
from playbook.setup import prepare_site
from tests import factories
from tests.migrated_database import LaidOutDatabase


def pytest_collection_modifyitems(config, items):
    """On a server, leave out what asks no database: it has run on the embedded one.

    On the embedded one it goes first, behind one test for which a worker migrates, so that no other
    waits for that. What starts processes follows, since it takes longest.
    """
    with_database = [item for item in items if _asks_the_database(item)]
    without = [item for item in items if not _asks_the_database(item)]
    if connection.vendor == "sqlite":
        without.sort(key=lambda item: bool(item.get_closest_marker("process")))
        items[:] = [*with_database[:1], *without, *with_database[1:]]
    else:
        config.hook.pytest_deselected(items=without)
        items[:] = with_database


def _asks_the_database(item):
    fixtures = {"db", "transactional_db"} & set(item.fixturenames)
    return bool(fixtures or item.get_closest_marker("django_db"))


def pytest_collection_finish():
    """Spare the collector what lives as long as the process: models, templates, the tests."""
    gc.collect()
    gc.freeze()


_LAID_OUT = pytest.StashKey[LaidOutDatabase]()


@pytest.fixture(scope="session")
def django_db_setup(request, django_test_environment, django_db_blocker, tmp_path_factory):
    """Give this worker a database of its own, with a site laid out in it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    run = tmp_path_factory.getbasetemp()
    with django_db_blocker.unblock():
        database = LaidOutDatabase(
            run.parent if worker else run,
            worker or "alone",
            lambda: prepare_site(settings.PLAYBOOK_LANGUAGES),
        )
    request.config.stash[_LAID_OUT] = database
    yield
    with django_db_blocker.unblock():
        database.remove()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Lay the database out anew behind a test that really commits: it ends by emptying tables."""
    result = yield
    marker = item.get_closest_marker("django_db")
    database = item.config.stash.get(_LAID_OUT, None)
    if database and nextitem and marker and marker.kwargs.get("transaction"):
        with item.config.stash[blocking_manager_key].unblock():
            database.renew()
    return result


@pytest.fixture(autouse=True)
def _no_stale_cache():
    """Wagtail caches the site's addresses across tests, past their rollback."""
    cache.clear()


@pytest.fixture
def indexed():
    """Keep the index of search and that of references, as a node does: for tests that ask them."""


@pytest.fixture(autouse=True)
def _no_index(request, monkeypatch):
    """Leave both indexes out elsewhere: they are a quarter of what a page costs to make."""
    if "indexed" not in request.fixturenames:
        monkeypatch.setattr("modelsearch.signal_handlers.insert_or_update_object_task", _NotAsked)
        monkeypatch.setattr("wagtail.signal_handlers.update_reference_index_task", _NotAsked)


class _NotAsked:
    enqueue = staticmethod(lambda *_what: None)


@pytest.fixture(autouse=True)
def _english():
    """A request leaves its language behind in the thread; the next test starts in English."""
    with translation.override("en"):
        yield


@pytest.fixture
def site(db):
    """Return the English home of a site in en, ar and fr."""
    return HomePage.objects.get(locale__language_code="en")


@dataclass(frozen=True)
class People:
    """One person for each role, and a second editor and publisher."""

    editor: User
    other_editor: User
    safety: User
    publisher: User
    curator: User
    admin: User

    def __getitem__(self, name: str) -> User:
        return getattr(self, name)


@pytest.fixture
def people(site) -> People:
    return People(**factories.persons({
        "editor": "Editors",
        "other_editor": "Editors",
        "safety": "Safety reviewers",
        "publisher": "Publishers",
        "curator": "Curators",
        "admin": None,
    }))  # fmt: skip


@pytest.fixture
def login(people):
    """Return a function that gives a browser in which that person is logged in."""

    def _login(user: User | str) -> Client:
        client = Client()
        client.force_login(people[user] if isinstance(user, str) else user)
        return client

    return _login
