"""What all tests share: a laid-out site in English, Arabic and French, and people with logins."""

from dataclasses import dataclass

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import translation

from playbook.models import HomePage
from playbook.setup import prepare_site
from tests import factories
from tests.migrated_database import copy_migrated_database


@pytest.fixture(scope="session")
def django_db_setup(request, django_test_environment, django_db_blocker, tmp_path_factory):
    """Make the test database: on SQLite a copy of a migrated one, elsewhere pytest-django's own."""
    if connection.vendor == "sqlite":
        copy_migrated_database(tmp_path_factory.mktemp("database"))
    else:
        request.getfixturevalue("django_db_setup")
    with django_db_blocker.unblock():
        prepare_site(settings.PLAYBOOK_LANGUAGES)
    yield
    connection.close()


@pytest.fixture(autouse=True)
def _no_stale_cache():
    """Wagtail caches the site's addresses across tests, past their rollback."""
    cache.clear()


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
    return People(
        editor=factories.person("editor", "Editors"),
        other_editor=factories.person("other_editor", "Editors"),
        safety=factories.person("safety", "Safety reviewers"),
        publisher=factories.person("publisher", "Publishers"),
        curator=factories.person("curator", "Curators"),
        admin=factories.person("admin", is_superuser=True),
    )


@pytest.fixture
def login(people):
    """Return a function that gives a browser in which that person is logged in."""

    def _login(user: User | str) -> Client:
        client = Client()
        client.force_login(people[user] if isinstance(user, str) else user)
        return client

    return _login
