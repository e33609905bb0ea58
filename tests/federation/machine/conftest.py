"""The database file from which every node of a world starts."""

import pytest
from django.conf import settings as django_settings
from django.db import connections

from playbook.setup import prepare_site
from tests.migrated_database import copy_migrated_database


@pytest.fixture(scope="module")
def template(tmp_path_factory, django_test_environment, django_db_blocker):
    """Return a database file of a laid-out node, and let the tests of this module use databases."""
    folder = tmp_path_factory.mktemp("template")
    with django_db_blocker.unblock():
        copy_migrated_database(folder)
        prepare_site(django_settings.PLAYBOOK_LANGUAGES)
        connections["default"].close()
        yield folder / "test.sqlite3"
