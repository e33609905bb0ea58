"""Each test has a store of its own for what is made."""

import pytest


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.PLAYBOOK_MADE_ROOT = tmp_path / "made"
