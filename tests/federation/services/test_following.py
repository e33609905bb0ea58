"""An honest peer: what it said arrives, whole and once, however long its log."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from federation.errors import AddressMismatch, StateChanged
from federation.models import (
    Entry,
    Item,
    ItemState,
    Log,
    Nonce,
    Peer,
    PeerStatus,
    Quarantine,
    Record,
    Review,
)
from federation.services import ingest
from federation.services.sync import sync_peer
from federation.wire import canonical
from tests.federation.simulated_node import SimulatedNode
from tests.federation.snapshot import snapshot


def test_a_first_sync_over_several_bundles_takes_all_in_order(link, cedar):
    for number in range(600):
        cedar.publish(f"Item {number:03}")
    assert not Item.objects.exists()

    report = link.sync()

    assert report.ok
    assert report.applied == {"cedar": 600}
    log = Log.objects.get(node_id="cedar")
    assert (log.size, log.head_size, log.applied) == (600, 600, 600)
    assert list(Entry.objects.order_by("index").values_list("address", flat=True)) == [
        said.address for said in cedar.said
    ]
    assert Record.objects.count() == Item.objects.count() == 600
    assert link.feed.asked == [
        "heads",
        "log/cedar/tile/entries/000",
        "log/cedar/tile/entries/001",
        "log/cedar/tile/entries/002.p/88",
        "log/cedar/records/000",
        "log/cedar/records/001",
        "log/cedar/records/002.p/88",
    ]


def test_a_few_new_entries_cost_a_few_small_requests(link, cedar):
    for number in range(300):
        cedar.publish(f"Item {number}")
    link.sync()
    link.feed.asked.clear()
    new = cedar.publish("The newest")

    assert link.sync().ok

    assert link.feed.asked == [
        "heads", "log/cedar/tile/entries/001.p/45", f"record/{new.address}",
    ]  # fmt: skip
    assert Item.objects.filter(title="The newest").exists()


def test_a_sync_with_nothing_new_is_one_request_and_two_queries(link, cedar):
    cedar.publish("One")
    link.sync()
    link.feed.asked.clear()
    peer, before = link.peer, snapshot()

    with CaptureQueriesContext(connection) as queries:
        report = sync_peer(peer, fetcher=link.feed)

    assert report.ok
    assert not report.changed
    assert link.feed.asked == ["heads"]
    assert len(queries) <= 2, [query["sql"] for query in queries]
    assert snapshot() == before


def test_every_field_of_a_body_is_kept_also_those_not_known_here(link, cedar):
    said = cedar.publish("One", content={"mood": "hopeful"}, invented={"by": "a later version"})
    link.sync()
    assert bytes(Record.objects.get().payload) == said.envelope.payload
    assert canonical.loads(said.envelope.payload)["invented"] == {"by": "a later version"}
    assert not Quarantine.objects.exists()


def test_a_review_arrives_sealed_at_the_author_it_is_meant_for(link, cedar):
    ours = SimulatedNode("here").publish("Our own item")
    public = cedar.publish("Public")
    cedar.review(ours, "Who leads?\nSay so.")
    assert not Review.objects.exists()

    assert link.sync().ok

    review = Review.objects.get()
    assert (review.reviewer, review.note, review.decision) == (
        "cedar", "Who leads?\nSay so.", "return",
    )  # fmt: skip
    record = Record.objects.get(address=review.address)
    assert (record.public, record.audience) == (False, ["here"])
    assert not record.admits(None)
    assert not record.admits("baobab")
    assert Item.objects.get().address == public.address


def test_a_sealed_body_that_came_spoiled_is_had_again(link, cedar):
    ours = SimulatedNode("here").publish("Our own item")
    cedar.review(ours, "Who leads?")
    link.feed.lie(
        "log/cedar/sealed/.*",
        lambda reply: replace(reply, body=reply.body.replace(b"Who leads", b"Who reads")),
    )
    link.sync()
    assert Quarantine.objects.get().error == AddressMismatch.code
    assert not Review.objects.exists()
    link.feed.stop_lying()

    link.sync()

    assert Review.objects.get().note == "Who leads?"
    assert Quarantine.objects.get().resolved is True


def test_a_pending_peer_is_not_asked(link, cedar):
    cedar.publish("One")
    Peer.objects.update(status=PeerStatus.PENDING)
    report = link.sync()
    assert [error.code for _about, error in report.errors] == ["trust.suspended"]
    assert link.feed.asked == []
    assert not Item.objects.exists()


def test_a_second_worker_leaves_a_claimed_peer_alone(link, cedar):
    cedar.publish("One")
    peer = link.peer
    heads = link.feed._reply_heads

    def meanwhile(since):
        if not Item.objects.exists() and not Peer.objects.get().claimed_until:
            link.feed._reply_heads = heads
            Peer.objects.update(claimed_until="2100-01-01T00:00Z")
        return heads(since)

    link.feed._reply_heads = meanwhile
    report = sync_peer(peer, fetcher=link.feed)
    assert [type(error) for _about, error in report.errors] == [StateChanged]
    assert not Item.objects.exists()
    Peer.objects.update(claimed_until="2000-01-01T00:00Z")
    assert link.sync().ok, "the claim of a dead worker lapses"
    assert Item.objects.count() == 1


def test_a_batch_that_another_worker_applied_meanwhile_is_not_applied_again(
    link, cedar, here, monkeypatch
):
    said = [cedar.publish("One"), cedar.publish("Two")]
    first, second = [], []
    real = ingest.apply_batch

    def both(log, peer, judged, conf):
        """Two workers come to the same batch; the second still believes its own mark."""
        stale = Log.objects.get(pk=log.pk)
        real(log, peer, judged, conf)
        first.append(snapshot())
        with pytest.raises(StateChanged):
            real(stale, peer, judged, conf)
        second.append(snapshot())

    monkeypatch.setattr(ingest, "apply_batch", both)
    assert link.sync().ok
    assert first == second
    assert len(first) == 1
    assert Record.objects.count() == len(said)


# --- A worker that dies, at every step, and another that goes on ---------------------------------


class Died(Exception):
    """The worker was killed here."""


STEPS = {
    "before the head is stored": "federation.services.follow._store",
    "before the first batch": "federation.services.ingest.apply_batch",
    "inside a batch": "federation.services.ingest.Batch.flush",
    "before the files": "federation.services.media.MediaFetch.finish",
    "before the policy": "federation.services.policy.decide_items",
    "inside the policy": "federation.services.adoption.adopt_item",
    "before contact is noted": "federation.services.contact.note_contact",
}


@pytest.mark.parametrize("name", STEPS)
def test_a_crash_loses_nothing_and_does_nothing_twice(link, cedar, subscribe, monkeypatch, name):
    subscribe("draft")
    cedar.publish("One")
    link.sync()
    for number in range(5):
        cedar.publish(f"More {number}")

    def die(*arguments, **options):
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(STEPS[name], die)
        with pytest.raises(Died):
            link.sync()
    done = Item.objects.filter(state=ItemState.DRAFT).count()
    assert done == (6 if name == "before contact is noted" else 1)
    assert link.peer.counter == 1, "the peer will be asked for the same again"

    assert link.sync().ok

    assert Item.objects.filter(state=ItemState.DRAFT).count() == Item.objects.count() == 6
    assert Record.objects.count() == 6
    assert Entry.objects.count() == 6


def test_a_crash_after_some_batches_goes_on_from_the_mark(link, cedar, monkeypatch):
    for number in range(600):
        cedar.publish(f"Item {number:03}")
    real, calls = ingest.apply_batch, []

    def die_at_the_second(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise Died
        real(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(ingest, "apply_batch", die_at_the_second)
        with pytest.raises(Died):
            link.sync()
    log = Log.objects.get(node_id="cedar")
    assert (log.size, log.applied) == (600, 256)
    assert Item.objects.count() == 256
    link.feed.asked.clear()

    assert link.sync().ok

    assert "log/cedar/records/000" not in link.feed.asked, "what is applied is not fetched again"
    assert Item.objects.count() == 600
    assert Log.objects.get(node_id="cedar").applied == 600


def test_nothing_of_a_batch_is_written_when_its_last_row_cannot_be(link, cedar, monkeypatch):
    for number in range(6):
        cedar.publish(f"Item {number}")
    link.sync()
    cedar.publish("Seven")
    before = snapshot(ignore=("Log", "Entry", "Peer"))

    def die(*arguments, **options):
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(Log, "save", die)
        patched.setattr("federation.services.follow._store", _store_without_save)
        with pytest.raises(Died):
            link.sync()
    assert snapshot(ignore=("Log", "Entry", "Peer")) == before
    assert Nonce.objects.count() == 0


def _store_without_save(log, head, note, leaves, peaks):
    Entry.objects.bulk_create(
        Entry(log=log, index=log.size + at, type=leaf.type, address=leaf.record)
        for at, leaf in enumerate(leaves)
    )
    Log.objects.filter(pk=log.pk).update(size=head.size, head_size=head.size, peaks=peaks)
    return Log.objects.get(pk=log.pk)
