"""Below a quorum of witnesses items wait; who lies about cosignatures gains nothing."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from time_machine import travel

from federation.conf import get_conf
from federation.models import (
    Evidence,
    Item,
    ItemState,
    Lease,
    Log,
    Peer,
    PeerStatus,
    Policy,
    Provenance,
    VerifiedTime,
    Witnessed,
)
from federation.services import cosigning, freshness, leases, policy, trusting
from federation.services.quorum import Quorums
from federation.trust import DescriptorDirectory, TrustStore, load_keys, proposals
from federation.wire import checkpoint
from federation.wire.notes import Note
from playbook.models import PlayPage
from tests.federation.conftest import Link
from tests.federation.simulated_node import SimulatedNode
from tests.federation.simulator import STRANGER, FeedSimulator
from tests.federation.stewards import Stewards

AMAL, BAO, DARA = (SimulatedNode(name) for name in ("amal", "bao", "dara"))
WITNESSES = [AMAL, BAO, DARA]


@pytest.fixture
def stewards(tmp_path, global_hub, cedar) -> Stewards:
    """Return stewards who ask two of four witnesses to cosign a node's log, one of them cedar."""
    stewards = Stewards(tmp_path / "stewards", global_hub)
    stewards.enrol(cedar, *WITNESSES, SimulatedNode("member"))
    set_rules(stewards, node=2)
    return stewards


def set_rules(stewards: Stewards, *more: str, node: int = 0, hub: int = 0) -> None:
    names = [*(witness.node_id for witness in WITNESSES), "cedar", *more]
    quorum = {"node": node, "hub": hub}
    stewards.publish(proposals.propose_rules(stewards.repository, names, quorum))


@pytest.fixture
def hub_link(here, stewards, global_hub, cedar, subscribe) -> Link:
    """Return the link to a hub whose root is pinned here; what it endorses is published."""
    store = TrustStore(here.trust_dir)
    stewards.pin(store)
    stewards.hand_over(store)
    Peer.objects.create(node_id="global-hub", status=PeerStatus.ACTIVE, is_hub=True, pull=True)
    trusting.follow_current(here)
    feed = FeedSimulator(global_hub, cedar)
    feed.trust = stewards.repository.folder
    feed.admit(here.NODE_ID, load_keys(here.keys_dir).request.public)
    subscribe(Policy.PUBLISH)
    return Link(global_hub, feed)


def of(node: SimulatedNode) -> Log:
    return Log.objects.get(node_id=node.node_id)


def waits(said) -> bool:
    """Is it verified, in the inbox, not decided about, and nowhere a page?"""
    item = Item.objects.get(item_id=said.id)
    pages = Provenance.objects.filter(item_id=said.id)
    return item.state == ItemState.STAGED and item.undecided and not pages.exists()


def is_published(said) -> bool:
    return PlayPage.objects.filter(provenance__item_id=said.id, live=True).exists()


@pytest.mark.parametrize("number", [0, 1])
def test_below_the_quorum_items_wait_and_are_decided_once_it_arrives(
    hub_link, cedar, global_hub, number
):
    said = cedar.publish("A story")
    global_hub.endorse(said)
    hub_link.feed.vouch(cedar, *WITNESSES[:number])
    assert hub_link.sync().ok
    assert waits(said)
    log = of(cedar)
    assert (log.head_size, log.applied, log.cosigned_size, log.fresh_at) == (1, 1, 0, None)

    hub_link.feed.vouch(cedar, AMAL, BAO)
    hub_link.feed.asked.clear()
    report = hub_link.sync()

    assert (report.ok, report.decided) == (True, 1)
    assert hub_link.feed.asked == ["heads"], "what was verified is not fetched again"
    assert is_published(said)
    assert of(cedar).cosigned_size == 1


def test_cosignatures_that_come_one_by_one_from_different_relays_add_up(
    hub_link, cedar, global_hub
):
    said = cedar.publish("A story")
    global_hub.endorse(said)
    hub_link.feed.vouch(cedar, AMAL)
    hub_link.sync()
    hub_link.feed.vouch(cedar, BAO)
    assert hub_link.sync().ok
    assert is_published(said)


def test_a_draft_waits_too_and_a_person_may_adopt_it_all_the_same(hub_link, cedar, subscribe):
    subscribe(Policy.DRAFT)
    said = cedar.publish("A story")
    hub_link.sync()
    assert waits(said)
    hub_link.feed.vouch(cedar, BAO, DARA)
    hub_link.sync()
    assert Item.objects.get(item_id=said.id).state == ItemState.DRAFT


def test_what_an_earlier_quorum_covers_stays_and_what_is_new_waits(hub_link, cedar, global_hub):
    first = cedar.publish("First")
    global_hub.endorse(first)
    hub_link.feed.vouch(cedar, AMAL, BAO)
    hub_link.sync()
    second = cedar.publish("Second")
    global_hub.endorse(second)
    hub_link.feed.vouch(cedar, AMAL)
    assert hub_link.sync().ok
    assert is_published(first)
    assert waits(second)
    assert of(cedar).cosigned_size == 1


def test_retractions_and_recalls_apply_below_the_quorum(hub_link, cedar, global_hub):
    said = [cedar.publish("One"), cedar.publish("Two")]
    for each in said:
        global_hub.endorse(each)
    hub_link.feed.vouch(cedar, AMAL, BAO)
    hub_link.sync()
    assert all(is_published(each) for each in said)
    cedar.retract(said[0])
    cedar.recall(said[1])
    hub_link.feed.vouch(cedar)
    assert hub_link.sync().ok
    assert of(cedar).cosigned_size == 2
    assert not any(is_published(each) for each in said)
    states = [Item.objects.get(item_id=each.id).state for each in said]
    assert states == [ItemState.RETRACTED, ItemState.RECALLED]


def test_no_quorum_asked_for_means_none_needed(hub_link, cedar, global_hub, stewards):
    said = cedar.publish("A story")
    global_hub.endorse(said)
    hub_link.sync()
    assert waits(said)
    set_rules(stewards, node=0)
    cedar.publish("Another")
    assert hub_link.sync().ok
    assert is_published(said)


# --- Lies -----------------------------------------------------------------------------------------


def forged(feed: FeedSimulator, cedar: SimulatedNode, stewards: Stewards) -> None:
    feed.forge_cosignature(cedar, BAO)


def by_a_stranger(feed: FeedSimulator, cedar: SimulatedNode, stewards: Stewards) -> None:
    feed.add_cosignature(cedar, SimulatedNode("stranger"))


def by_a_member_that_is_no_witness(
    feed: FeedSimulator, cedar: SimulatedNode, stewards: Stewards
) -> None:
    feed.add_cosignature(cedar, SimulatedNode("member"))


def by_another_key_in_a_witness_name(
    feed: FeedSimulator, cedar: SimulatedNode, stewards: Stewards
) -> None:
    feed.add_cosignature(cedar, BAO, key=STRANGER)


def by_a_witness_in_anothers_name(
    feed: FeedSimulator, cedar: SimulatedNode, stewards: Stewards
) -> None:
    feed.add_cosignature(cedar, AMAL, name=BAO.member.witness_name)


def by_a_revoked_witness(feed: FeedSimulator, cedar: SimulatedNode, stewards: Stewards) -> None:
    stewards.publish(proposals.propose_status(stewards.repository, "bao", "revoked"))
    feed.add_cosignature(cedar, BAO)


def by_a_suspended_witness(feed: FeedSimulator, cedar: SimulatedNode, stewards: Stewards) -> None:
    stewards.publish(proposals.propose_status(stewards.repository, "bao", "suspended"))
    feed.add_cosignature(cedar, BAO)


def by_the_log_itself(feed: FeedSimulator, cedar: SimulatedNode, stewards: Stewards) -> None:
    feed.add_cosignature(cedar, cedar)


def from_the_future(feed: FeedSimulator, cedar: SimulatedNode, stewards: Stewards) -> None:
    feed.add_cosignature(cedar, BAO, at=time.time() + 320)


def from_the_end_of_time(feed: FeedSimulator, cedar: SimulatedNode, stewards: Stewards) -> None:
    feed.add_cosignature(cedar, BAO, at=2**64 - 1)


def over_another_head(feed: FeedSimulator, cedar: SimulatedNode, stewards: Stewards) -> None:
    feed.move_cosignature(cedar, BAO, size=1)


def twice_by_one(feed: FeedSimulator, cedar: SimulatedNode, stewards: Stewards) -> None:
    feed.add_cosignature(cedar, AMAL, at=time.time() - 60)


LIES: list[Callable[[FeedSimulator, SimulatedNode, Stewards], None]] = [
    forged, by_a_stranger, by_a_member_that_is_no_witness, by_another_key_in_a_witness_name,
    by_a_witness_in_anothers_name, by_a_revoked_witness, by_a_suspended_witness, by_the_log_itself,
    from_the_future, from_the_end_of_time, over_another_head, twice_by_one,
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_cosignature_that_does_not_count_makes_no_quorum(
    hub_link, cedar, global_hub, stewards, lie
):
    cedar.publish("Before")
    said = cedar.publish("A story")
    global_hub.endorse(said)
    hub_link.feed.vouch(cedar, AMAL)
    lie(hub_link.feed, cedar, stewards)
    shown = Note.decode(hub_link.feed._heads["cedar"])
    assert len(shown.signatures) == 3

    assert hub_link.sync().ok

    assert waits(said)
    log = of(cedar)
    assert (log.head_size, log.cosigned_size, log.fresh_at) == (2, 0, None)
    assert len(Note.decode(bytes(log.checkpoint)).signatures) == 2, "what counts alone is kept"
    assert freshness.verified_time() is None

    hub_link.feed.vouch(cedar, AMAL, DARA)
    assert hub_link.sync().ok
    assert is_published(said), "an honest quorum is all it takes"


def test_lines_that_a_relay_adds_neither_spoil_nor_grow_a_note(hub_link, cedar, global_hub):
    said = cedar.publish("A story")
    global_hub.endorse(said)
    honest = hub_link.feed.vouch(cedar, AMAL, BAO)
    hub_link.feed.forge_cosignature(cedar, AMAL)
    hub_link.feed.add_lines(cedar, 90)
    assert hub_link.sync().ok
    assert is_published(said)
    assert bytes(of(cedar).checkpoint) == honest


def test_an_old_cosignature_shown_again_does_not_make_a_head_older(hub_link, cedar):
    cedar.publish("A story")
    now = int(time.time())
    hub_link.feed.vouch(cedar, AMAL, BAO, at=now - 10)
    hub_link.sync()
    newest = of(cedar)
    assert newest.fresh_at == datetime.fromtimestamp(now - 10, UTC)
    hub_link.feed.vouch(cedar, AMAL, BAO, at=now - 5000)
    assert hub_link.sync().ok
    assert of(cedar).fresh_at == newest.fresh_at
    assert bytes(of(cedar).checkpoint) == bytes(newest.checkpoint)


# --- The hub's word -------------------------------------------------------------------------------


def test_an_endorsement_counts_once_the_hubs_head_is_cosigned(
    hub_link, cedar, global_hub, stewards
):
    set_rules(stewards, node=2, hub=2)
    said = cedar.publish("A story")
    global_hub.endorse(said)
    hub_link.feed.vouch(cedar, AMAL, BAO)
    assert hub_link.sync().ok
    assert Item.objects.get(item_id=said.id).state == ItemState.STAGED
    assert not is_published(said)
    hub_link.feed.vouch(global_hub, BAO, DARA)
    assert hub_link.sync().ok
    assert is_published(said)


# --- Time -----------------------------------------------------------------------------------------


def test_only_the_lowest_time_of_a_quorum_raises_the_verified_time(hub_link, cedar):
    now = int(time.time())
    cedar.publish("One")
    hub_link.feed.vouch(cedar, AMAL, at=now)
    hub_link.sync()
    assert freshness.verified_time() is None, "one is no quorum"
    hub_link.feed.vouch(cedar, at=now)
    for witness, ahead in ((AMAL, 250), (BAO, -40), (DARA, -7000)):
        hub_link.feed.add_cosignature(cedar, witness, at=now + ahead)
    hub_link.sync()
    lowest = datetime.fromtimestamp(now - 40, UTC)
    assert freshness.verified_time() == lowest
    cedar.publish("Two")
    hub_link.feed.vouch(cedar, AMAL, BAO, at=now - 900)
    hub_link.sync()
    assert freshness.verified_time() == lowest, "it never falls"
    assert VerifiedTime.objects.count() == 1


def test_a_clock_set_back_does_not_undo_what_has_run_out(hub_link, cedar, here):
    assert not trusting.is_degraded(here)
    with travel(datetime.now(UTC) + timedelta(days=3), tick=False):
        freshness.raise_verified_time(datetime.now(UTC))
        assert trusting.is_degraded(here)
    assert trusting.is_degraded(here), "the timestamp ran out after two days, whatever the clock"
    before = freshness.reset_verified_time("The clock of a witness was wrong.")
    assert before is not None
    assert not trusting.is_degraded(here)
    row = VerifiedTime.objects.last()
    assert (row.reset_from, row.reason) == (before, "The clock of a witness was wrong.")


def test_a_lease_counts_from_the_newest_quorum(hub_link, cedar, global_hub):
    start = datetime.now(UTC)
    said = cedar.publish("A story", valid_for_days=30)
    global_hub.endorse(said)
    hub_link.feed.vouch(cedar, AMAL, BAO)
    hub_link.sync()
    Log.objects.filter(node_id="global-hub").update(head_seen_at=start - timedelta(days=400))
    assert leases.evaluate_leases(start + timedelta(days=29)) == 0
    assert leases.evaluate_leases(start + timedelta(days=31)) == 1
    with travel(start + timedelta(days=20), tick=False):
        hub_link.feed.vouch(cedar, AMAL, BAO)  # nothing new, and still the newest head
        hub_link.sync()
    assert Provenance.objects.get().lease == Lease.VALID
    assert leases.evaluate_leases(start + timedelta(days=49)) == 0
    Log.objects.filter(node_id="cedar").update(head_seen_at=start + timedelta(days=300))
    assert leases.evaluate_leases(start + timedelta(days=51)) == 1, "seen is not vouched for"


# --- This node as one of the witnesses ------------------------------------------------------------


@pytest.fixture
def witness_here(hub_link, stewards, here) -> Link:
    """Make this node a member and a witness."""
    own = DescriptorDirectory(here.trust_dir).envelope(here.NODE_ID)
    stewards.publish(proposals.propose_member(stewards.repository, own))
    set_rules(stewards, here.NODE_ID, node=2)
    assert hub_link.sync().ok
    return hub_link


def test_a_head_that_was_followed_is_cosigned_here_once(witness_here, cedar, here):
    cedar.publish("One")
    witness_here.feed.vouch(cedar, AMAL)
    assert witness_here.sync().ok
    log = of(cedar)
    assert set(Quorums(here).verdict(bytes(log.checkpoint), "cedar").times) == {"amal", "here"}
    assert (log.cosigned_size, Witnessed.objects.get(origin=cedar.log_origin).size) == (1, 1)
    note = bytes(log.checkpoint)
    witness_here.feed.vouch(cedar)
    assert witness_here.sync().ok
    assert bytes(of(cedar).checkpoint) == note, "only its origin's word makes a head fresh again"


def test_a_head_against_what_was_cosigned_here_freezes_the_log(witness_here, cedar):
    """Submitted one history, shown another by the hub: both are kept, neither is applied."""
    cedar.publish("One")
    cedar.publish("Two")
    cosigning.add_checkpoint(cedar.submission(0), get_conf())
    witnessed = cedar.head()
    twin = witness_here.feed.fork(cedar, at=1)
    twin.publish("Another two")
    twin.publish("Another three")

    report = witness_here.sync()

    assert [error.code for _about, error in report.errors] == ["log.equivocation"]
    log = of(cedar)
    assert (log.frozen, log.applied) == ("log.equivocation", 0)
    assert not Item.objects.exists()
    found = Evidence.objects.get()
    assert bytes(found.first) == witnessed
    assert checkpoint.parse_checkpoint(bytes(found.second)).size == 3
    assert Witnessed.objects.get(origin=cedar.log_origin).size == 2


def test_nothing_is_decided_twice_while_it_waits(hub_link, cedar, here):
    cedar.publish("A story")
    hub_link.sync()
    assert policy.decide_items(here) == 0
    assert Item.objects.filter(undecided=True).count() == 1
