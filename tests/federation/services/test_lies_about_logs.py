"""A peer that lies about a log: its head, its entries, their order, who signed."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from federation.errors import (
    BadBundle,
    Equivocation,
    InvalidLeaf,
    LogFrozen,
    LogShrank,
    MalformedCheckpoint,
    RootMismatch,
    TooMuchGrowth,
    UnknownMember,
    WrongKey,
    WrongLogOrigin,
)
from federation.models import Entry, Item, Log, Peer
from tests.federation.simulated_node import SimulatedNode
from tests.federation.simulator import STRANGER
from tests.federation.snapshot import snapshot

Lie = Callable[..., None]


def by_another_key(link) -> None:
    link.feed.show_head(link.node, link.node.head(key=STRANGER))


def of_another_log(link) -> None:
    link.feed.show_head(link.node, link.node.head(origin="solidarity.example/somebody"))


def not_a_checkpoint(link) -> None:
    link.feed.show_head(link.node, b"once upon a time\n")


def over_other_entries(link) -> None:
    link.feed.show_head(link.node, link.node.head(root=bytes(32)))


def omit_an_entry(link) -> None:
    link.feed.change_entries(lambda entries: entries[:-1])


def omit_and_repeat_an_entry(link) -> None:
    link.feed.change_entries(lambda entries: [entries[0], *entries[:-1]])


def reorder(link) -> None:
    link.feed.change_entries(lambda entries: entries[:-2] + entries[:-3:-1])


def add_an_entry(link) -> None:
    link.feed.change_entries(lambda entries: [*entries, entries[0]])


def make_up_an_entry(link) -> None:
    link.feed.change_entries(lambda entries: [*entries[:-1], b'{"record":"x","type":"publish"}'])


LIES: dict[str, tuple[Lie, type]] = {
    "checkpoint by another key": (by_another_key, WrongKey),
    "checkpoint of another log": (of_another_log, WrongLogOrigin),
    "no checkpoint at all": (not_a_checkpoint, MalformedCheckpoint),
    "head over other entries": (over_other_entries, RootMismatch),
    "entry omitted": (omit_an_entry, BadBundle),
    "entry omitted, count kept": (omit_and_repeat_an_entry, RootMismatch),
    "entries reordered": (reorder, RootMismatch),
    "entry added": (add_an_entry, BadBundle),
    "entry made up": (make_up_an_entry, InvalidLeaf),
}


@pytest.mark.parametrize("known", [0, 2], ids=["first sync", "known log"])
@pytest.mark.parametrize("name", LIES)
def test_a_lie_about_a_log_is_named_and_changes_nothing(link, cedar, name: str, known: int):
    lie, expected = LIES[name]
    for number in range(known):
        cedar.publish(f"Before {number}")
    if known:
        assert link.sync().ok
    assert Item.objects.count() == known
    cedar.publish("Behind the lie")
    cedar.publish("And one more")
    lie(link)
    Log.objects.get_or_create(node_id="cedar", defaults={"origin": cedar.log_origin})
    before = snapshot(ignore=())

    report = link.sync()

    assert [(about, type(error)) for about, error in report.errors] == [("cedar", expected)]
    assert snapshot(ignore=()) == before
    assert link.peer.error == expected.code
    assert Log.objects.get(node_id="cedar").error == expected.code

    link.feed.stop_lying()
    assert link.sync().ok
    assert Item.objects.count() == known + 2
    assert (link.peer.error, Log.objects.get(node_id="cedar").error) == ("", "")


@pytest.mark.parametrize("size", [1, 0])
def test_a_log_that_shrank_is_stale_and_heals(link, cedar, size: int):
    cedar.publish("One")
    cedar.publish("Two")
    link.sync()
    before = snapshot(ignore=())
    link.feed.roll_back(cedar, size)

    report = link.sync()

    assert [type(error) for _about, error in report.errors] == [LogShrank]
    assert snapshot(ignore=()) == before
    log = Log.objects.get(node_id="cedar")
    assert (log.error, log.frozen, log.size) == (LogShrank.code, "", 2)

    link.feed.stop_lying()
    assert link.sync().ok
    assert Log.objects.get(node_id="cedar").error == ""


@pytest.mark.parametrize("more", [0, 1, 3], ids=["same size", "one larger", "much larger"])
def test_a_fork_freezes_the_log_and_keeps_both_heads(link, cedar, more: int):
    cedar.publish("One")
    cedar.publish("Two")
    link.sync()
    first = bytes(Log.objects.get(node_id="cedar").checkpoint)
    before = snapshot(ignore=())
    twin = link.feed.fork(cedar, at=1)
    for number in range(1 + more):
        twin.publish(f"Another story {number}")

    report = link.sync()

    assert [type(error) for _about, error in report.errors] == [Equivocation]
    assert snapshot(ignore=()) == before
    log = Log.objects.get(node_id="cedar")
    assert (log.frozen, log.error) == (Equivocation.code, Equivocation.code)
    assert bytes(log.checkpoint) == first
    assert bytes(log.evidence) == twin.head()
    assert set(Item.objects.values_list("title", flat=True)) == {"One", "Two"}

    link.feed.stop_lying()
    cedar.publish("Honest again")
    assert [type(error) for _about, error in link.sync().errors] == [LogFrozen]
    assert Item.objects.count() == 2


def test_a_fork_from_before_the_known_head_is_found_though_it_is_smaller(link, cedar):
    for title in ("One", "Two", "Three"):
        cedar.publish(title)
    link.sync()
    twin = link.feed.fork(cedar, at=1)
    twin.publish("Another story")

    assert [type(error) for _about, error in link.sync().errors] == [Equivocation]
    assert Log.objects.get(node_id="cedar").frozen == Equivocation.code
    assert Item.objects.count() == 3


def test_a_relay_that_spoils_entries_does_not_freeze_an_honest_log(hub_link, global_hub, cedar):
    cedar.publish("One")
    hub_link.sync()
    cedar.publish("Two")
    reorder_of_all = lambda entries: entries[::-1]  # noqa: E731
    hub_link.feed.change_entries(reorder_of_all)

    assert [type(error) for _about, error in hub_link.sync().errors] == [RootMismatch]
    assert Log.objects.get(node_id="cedar").frozen == ""


def test_growth_beyond_the_cap_of_a_day_is_applied_no_further(link, cedar, here):
    conf = replace(here, MAX_ENTRIES_PER_DAY=3)
    for number in range(5):
        cedar.publish(f"First {number}")
    assert link.sync(conf=conf).ok, "a first sync is exempt"
    cedar.publish("The next of the same day")
    assert link.sync(conf=conf).ok
    assert Item.objects.count() == 6
    before = snapshot(ignore=())
    for number in range(3):
        cedar.publish(f"Flood {number}")

    report = link.sync(conf=conf)

    assert [type(error) for _about, error in report.errors] == [TooMuchGrowth]
    assert snapshot(ignore=()) == before
    assert link.peer.error == TooMuchGrowth.code
    assert link.sync(conf=here).ok, "the operator raised the cap"
    assert Item.objects.count() == 9


def test_growth_beyond_the_cap_of_a_log_is_refused_before_it_is_fetched(link, cedar, here):
    for number in range(4):
        cedar.publish(f"Entry {number}")

    report = link.sync(conf=replace(here, MAX_ENTRIES=3))

    assert [type(error) for _about, error in report.errors] == [TooMuchGrowth]
    # Its newest entries are looked at, for recalls alone; nothing of it is taken.
    assert link.feed.asked == ["heads", "log/cedar/tile/entries/000.p/4"]
    assert not Entry.objects.exists()


def test_the_log_of_a_node_that_is_not_enrolled_is_not_taken(link, cedar):
    stranger = SimulatedNode("stranger")
    stranger.publish("Who am I?")
    link.feed.logs["stranger"] = stranger
    cedar.publish("One of us")

    report = link.sync()

    assert [(about, type(error)) for about, error in report.errors] == [("stranger", UnknownMember)]
    assert list(Item.objects.values_list("origin", flat=True)) == ["cedar"]
    assert not Log.objects.filter(node_id="stranger").exists()


def test_one_bad_log_does_not_hold_up_the_others(enrol, global_hub, cedar):
    baobab = SimulatedNode("baobab")
    link = enrol(global_hub, baobab, cedar, hub=True)
    baobab.publish("Spoiled")
    cedar.publish("Sound")
    link.feed.show_head(baobab, baobab.head(key=STRANGER))

    report = link.sync()

    assert [(about, type(error)) for about, error in report.errors] == [("baobab", WrongKey)]
    assert list(Item.objects.values_list("title", flat=True)) == ["Sound"]
    assert Peer.objects.get(node_id="global-hub").error == WrongKey.code

    link.feed.stop_lying()
    assert link.sync().ok
    assert set(Item.objects.values_list("title", flat=True)) == {"Sound", "Spoiled"}
