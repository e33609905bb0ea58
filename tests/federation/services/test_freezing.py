"""A peer that is frozen: its recalls come and ours reach it; nothing else goes either way."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command

from federation.management.commands import federation_sync
from federation.models import Entry, Item, Log, Peer, PeerStatus, Quarantine, Recall
from federation.services import heads, publishing, recalling
from federation.services.sync import sync_peer
from tests.federation.served import feed_of_this_node
from tests.federation.simulated_node import SimulatedNode


@pytest.fixture
def frozen(link, cedar):
    """Return the link to a coalition of which one item came before it was frozen here."""
    cedar.publish("A dangerous story")
    assert link.sync().ok
    Peer.objects.update(status=PeerStatus.FROZEN)
    return link


def test_a_frozen_peers_recall_arrives_and_nothing_else_of_it(frozen, cedar):
    said = cedar.said[0]
    before = Log.objects.get(node_id="cedar").size
    cedar.publish("Said under pressure")
    cedar.publish("Better words", after=said)
    cedar.recall(said)
    assert Recall.objects.count() == 0

    report = frozen.sync()

    assert (report.ok, report.recalls_alone, report.applied) == (True, True, {})
    assert Recall.objects.get().reason == "It endangers people."
    assert Item.objects.get(item_id=said.id).state == "recalled"
    assert not Item.objects.filter(title="Said under pressure").exists()
    assert Log.objects.get(node_id="cedar").size == before
    assert not Quarantine.objects.exists()
    assert Recall.objects.get().acknowledged


def test_a_frozen_peer_is_asked_for_heads_entries_and_recalls_alone(frozen, cedar):
    cedar.publish("Said under pressure")
    cedar.recall(cedar.said[0])
    frozen.feed.asked.clear()

    frozen.sync()

    recall = cedar.said[-1].address
    asked = [path for path in frozen.feed.asked if not path.startswith("log/cedar/tile/entries/")]
    assert asked == ["heads", f"record/{recall}"]


def test_a_recall_that_nobody_entitled_signed_is_not_believed(frozen, cedar):
    stranger = SimulatedNode("stranger")
    cedar.recall(cedar.said[0], keys=[stranger.keys.record])
    assert frozen.sync().ok
    assert not Recall.objects.exists()
    assert Item.objects.get().state != "recalled"


def test_what_a_peer_said_while_it_was_frozen_comes_once_the_freeze_is_lifted(frozen, cedar):
    cedar.publish("Another story")
    frozen.sync()
    assert Item.objects.count() == 1
    Peer.objects.update(status=PeerStatus.ACTIVE)
    assert frozen.sync().ok
    assert Item.objects.filter(title="Another story").exists()


def test_the_beat_asks_frozen_peers_and_never_pending_ones(frozen):
    Peer.objects.update(next_attempt_at=None)
    now = datetime.now(UTC)
    assert [peer.node_id for peer in Peer.objects.due(now)] == ["cedar"]
    Peer.objects.update(status=PeerStatus.PENDING)
    assert list(Peer.objects.due(now)) == []


def test_our_recall_reaches_a_peer_that_is_frozen_here(frozen, here, shareable, cedar):
    page = shareable(title="Ours")
    publishing.share_page(page)
    recalling.recall_page(page, "A name in it gives people away.")
    heads.sign_head()
    recall = Recall.objects.get(origin=here.NODE_ID)

    feed = feed_of_this_node(cedar.keys.request)

    own = [head for head in feed.heads(0).heads if head.node_id == here.NODE_ID]
    assert len(own) == 1
    size = Log.objects.get(own=True).size
    named = [
        data for data in feed.entries(here.NODE_ID, 0, size) if recall.address.encode() in data
    ]
    assert len(named) == 1
    assert feed.record(recall.address).address == recall.address


def test_a_hub_says_on_what_a_frozen_node_recalls(hub_here, enrol, cedar):
    link = enrol(cedar)
    said = cedar.publish("A dangerous story")
    assert link.sync().ok
    Peer.objects.update(status=PeerStatus.FROZEN)
    recall = cedar.recall(said)

    link.sync()

    assert Entry.objects.filter(log__own=True, type="recall", address=recall.address).count() == 1
    assert not Entry.objects.filter(log__node_id="cedar", address=recall.address).exists()
    heads.sign_head()
    feed = feed_of_this_node(cedar.keys.request)
    assert feed.record(recall.address).address == recall.address
    link.sync()
    assert Entry.objects.filter(log__own=True, type="recall").count() == 1


def test_an_ordinary_node_says_on_nothing(frozen, cedar):
    recall = cedar.recall(cedar.said[0])
    frozen.sync()
    assert Recall.objects.exists()
    assert not Entry.objects.filter(log__own=True, address=recall.address).exists()


def test_the_command_says_that_only_recalls_were_asked_for(frozen, monkeypatch):
    monkeypatch.setattr(
        federation_sync, "sync_peer", lambda peer: sync_peer(peer, fetcher=frozen.feed)
    )
    said = StringIO()
    call_command("federation_sync", "--peer", "cedar", stdout=said)
    assert "frozen, asked for its recalls alone" in said.getvalue()
