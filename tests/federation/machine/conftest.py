"""A small federation on its first day, from which the tests of a recovery start."""

import pytest
from django.conf import settings as django_settings
from django.db import connections

from playbook.setup import prepare_site
from tests.migrated_database import copy_migrated_database

from . import founding

SMALL = ["hub", "cedar", "baobab"]


@pytest.fixture(scope="module")
def small(tmp_path_factory, django_test_environment, django_db_blocker):
    """Return the folder of a federation of three; tests of its module use databases."""
    folder = tmp_path_factory.mktemp("small")
    with django_db_blocker.unblock():
        copy_migrated_database(folder)
        prepare_site(django_settings.PLAYBOOK_LANGUAGES)
        connections["default"].close()
        founding.found(folder / "places", folder / "test.sqlite3", SMALL)
        yield folder / "places"
