"""A node with keys and a log, another one that it follows, and pages that may be shared."""

import pytest

from federation.conf import get_conf
from federation.services.enrolment import initialise_node
from playbook.models import RedactionCheck
from playbook.redaction import QUESTIONS
from tests import factories
from tests.federation.builders import ForeignNode


@pytest.fixture
def node(settings, tmp_path, site):
    """Return this node's configuration, once it has keys, a log and roles."""
    settings.FEDERATION = {**settings.FEDERATION, "DATA_DIR": tmp_path / "federation"}
    initialise_node(get_conf())
    return get_conf()


@pytest.fixture
def hub(node, settings):
    """Make this node a hub."""
    settings.FEDERATION = {**settings.FEDERATION, "ROLE": "hub"}
    return get_conf()


@pytest.fixture
def other(node, tmp_path):
    """Return another node, followed and enrolled."""
    return ForeignNode("cedar", tmp_path)


@pytest.fixture
def tasks(settings):
    """Return the tasks that were enqueued; none of them runs."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
    from django_tasks import default_task_backend

    default_task_backend.clear()
    return default_task_backend.results


@pytest.fixture
def shareable(node):
    """Return a function that makes a live page which passed its safety check."""

    def _shareable(**fields):
        page = factories.live(fields.pop("make", factories.play)(**fields))
        RedactionCheck.record(page.live_revision, dict.fromkeys(QUESTIONS, True))
        return factories.fresh(page)

    return _shareable
