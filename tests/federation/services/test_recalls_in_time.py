"""How long a recall takes: one interval of asking at most, or none where it is pushed."""

from datetime import UTC, datetime, timedelta

import pytest

from federation.conf import Conf, get_conf
from federation.management.commands import run_scheduler
from federation.models import Item, ItemState
from federation.services import contact
from federation.tasks import sync_with

FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture
def woken(monkeypatch) -> list[tuple]:
    """Return the tasks that the scheduler wakes; none of them runs."""
    found: list[tuple] = []
    monkeypatch.setattr(run_scheduler, "wake", lambda task, *args: found.append((task, *args)))
    return found


def test_a_peer_that_answers_is_asked_every_five_minutes_at_least(here):
    assert here.SYNC_SECONDS == 300, "what a node has that sets nothing"
    assert Conf.__dataclass_fields__["SYNC_SECONDS"].default == 300
    waits = [contact.wait(0, get_conf()) for _ in range(1000)]
    assert max(waits) <= FIVE_MINUTES
    assert min(waits) < timedelta(minutes=4, seconds=30), "and not all nodes in one moment"
    assert contact.wait(1, get_conf()) > FIVE_MINUTES, "a dead one is left alone for longer"


def test_a_recall_is_here_within_one_interval(link, cedar, woken):
    said = cedar.publish("A dangerous story")
    assert link.sync().ok
    asked = datetime.now(UTC)
    cedar.recall(said)
    assert Item.objects.get().state == ItemState.STAGED

    run_scheduler.look(asked)
    assert (sync_with, "cedar") not in woken, "its time has not come yet"
    run_scheduler.look(asked + FIVE_MINUTES)
    assert (sync_with, "cedar") in woken
    assert link.sync().ok
    assert Item.objects.get().state == ItemState.RECALLED
