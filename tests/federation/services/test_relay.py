"""The hub carries the logs of others: the same bytes, so that every check holds behind it too."""

import gzip

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from federation.errors import PeerRefused, RecordWithheld
from federation.models import Log, Record, Tile
from federation.services import heads, ingest
from federation.services.verify import verify_everything
from federation.trust import load_keys
from federation.wire import bundles, checkpoint, merkle, tiles
from federation.wire.leaf import Leaf
from tests.federation.served import feed_of_this_node
from tests.federation.simulator import FeedSimulator, encode_rows

FEED = "/federation/v1"


@pytest.fixture
def relay(hub_here, link):
    """Return the feed that this hub serves once it has taken in what the coalition said."""
    feed = feed_of_this_node(load_keys(hub_here.keys_dir).request)

    def _relay():
        assert link.sync().ok
        return feed

    return _relay


def payloads(feed, node_id: str, n: int = 0, width: int | None = None) -> dict[int, bytes | None]:
    rows = feed.records(node_id, n, width)
    return {row.index: row.payload for row in rows if isinstance(row, bundles.BundleRow)}


def test_a_relayed_log_proves_what_its_author_signed(relay, cedar):
    for number in range(300):
        cedar.publish(f"Item {number}")
    feed = relay()

    answer = feed.heads(0)

    head = next(head for head in answer.heads if head.node_id == "cedar")
    assert head.checkpoint == cedar.head()
    opened = checkpoint.open_checkpoint(head.checkpoint, cedar.log_origin, cedar.member.log_key)
    datas = feed.entries("cedar", 0, None) + feed.entries("cedar", 1, 44)
    assert merkle.root([Leaf.parse(data).hash for data in datas]) == opened.root
    rows = [*feed.records("cedar", 0, None), *feed.records("cedar", 1, 44)]
    assert len(rows) == 300
    for row, said in zip(rows, cedar.said, strict=True):
        row.envelope.verify(cedar.keys.record.public)
        assert (row.address, row.payload) == (said.address, said.envelope.payload)


@pytest.mark.parametrize("size", [1, 5, 256, 300])
def test_the_relayed_bytes_are_those_of_the_author(relay, cedar, client, size: int):
    for number in range(size):
        cedar.publish(f"Item {number}")
    relay()
    paths = [
        *(tiles.entries_path(n, width) for n, width in tiles.tiles_for_range(0, size)),
        *(tiles.records_path(n, width) for n, width in tiles.tiles_for_range(0, size)),
        *(tiles.tile_path(*place) for place in tiles.changed_tiles(0, size)),
    ]
    theirs = FeedSimulator(cedar)
    for path in paths:
        served = client.get(f"{FEED}/log/cedar/{path}", headers={"accept-encoding": "gzip"})
        assert served.status_code == 200, path
        expected = theirs._reply_log(None, "cedar", path)
        assert served.headers["content-type"] == expected.kind
        assert served.headers.get("content-encoding") == expected.encoding
        unpack = gzip.decompress if expected.encoding else bytes
        assert unpack(served.content) == unpack(expected.body), path


def test_a_partial_width_is_served_after_the_log_has_grown(relay, cedar):
    said = [cedar.publish(f"Item {number}") for number in range(5)]
    relay()
    for number in range(300):
        cedar.publish(f"More {number}")
    feed = relay()

    assert feed.entries("cedar", 0, 5) == [one.leaf.data for one in said]
    assert list(payloads(feed, "cedar", 0, 5).values()) == [one.envelope.payload for one in said]
    with pytest.raises(PeerRefused):
        feed.entries("cedar", 1, 200)


@pytest.mark.parametrize("between", [0, 300], ids=["same bundle", "bundles later"])
def test_a_retract_takes_the_body_out_of_what_is_relayed(relay, cedar, between: int):
    said = cedar.publish("Endangers people")
    for number in range(3):
        cedar.publish(f"Item {number}")
    feed = relay()
    assert payloads(feed, "cedar", 0, 4)[0] == said.envelope.payload
    for number in range(between):
        cedar.publish(f"More {number}")
    if between:
        relay()
    cedar.retract(said)

    relay()

    width = None if between else 5
    row = next(iter(feed.records("cedar", 0, width)))
    assert (row.index, row.state, row.payload) == (0, "retracted", None)
    assert sum(body is not None for body in payloads(feed, "cedar", 0, width).values()) >= 4
    with pytest.raises(PeerRefused):
        feed.record(said.address)
    assert verify_everything().findings == []


def test_a_body_recovered_later_is_relayed_from_then_on(relay, link, cedar):
    said = cedar.publish("Kept back")
    link.feed.withhold(said)
    for number in range(3):
        cedar.publish(f"Item {number}")
    feed = relay()
    assert payloads(feed, "cedar", 0, 4)[0] is None
    link.feed.stop_lying()
    relay()
    assert payloads(feed, "cedar", 0, 4)[0] == said.envelope.payload


def test_a_parked_record_is_passed_on_untouched(relay, cedar):
    said = cedar.publish("Later", schema="recipe/1")
    assert payloads(relay(), "cedar", 0, 1) == {0: said.envelope.payload}


def test_sealed_records_of_others_are_not_relayed(relay, cedar, link):
    ours = type(cedar)("here").publish("Ours")
    said = cedar.review(ours, "For us alone")
    cedar.publish("Public")
    feed = relay()
    assert payloads(feed, "cedar", 0, 2)[0] is None
    with pytest.raises(PeerRefused):
        list(feed.sealed("cedar", 0, 2))
    with pytest.raises(PeerRefused):
        feed.record(said.address)
    assert Record.objects.get(address=said.address).payload is not None


def test_a_log_is_shown_again_only_when_the_tiles_behind_its_head_are_here(
    relay, link, cedar, monkeypatch, client
):
    cedar.publish("One")
    feed = relay()
    known = feed.heads(0)
    cedar.publish("Two")
    with monkeypatch.context() as patched:

        def die(*arguments):
            raise RecordWithheld("The worker stopped here.")

        patched.setattr(ingest, "apply_batch", die)
        assert not link.sync().ok
    log = Log.objects.get(node_id="cedar")
    assert (log.head_size, log.carried) == (2, 1)
    assert [head.node_id for head in feed.heads(0).heads] == []
    assert feed.heads(known.counter).counter == known.counter
    assert client.get(f"{FEED}/log/cedar/checkpoint").status_code == 404
    relay()
    shown = feed.heads(known.counter)
    assert [head.checkpoint for head in shown.heads] == [cedar.head()]


def test_a_node_that_is_no_hub_relays_nothing(here, link, cedar, client):
    cedar.publish("One")
    link.sync()
    assert client.get(f"{FEED}/log/cedar/tile/entries/000.p/1").status_code == 404
    assert client.get(f"{FEED}/heads").json()["heads"] == []
    assert not Tile.objects.exists()


def test_a_caller_with_nothing_new_costs_two_queries_and_a_kilobyte(relay, cedar, client):
    for number in range(10):
        cedar.publish(f"Item {number}")
    counter = relay().heads(0).counter
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"{FEED}/heads?since={counter}")
    assert len(queries) <= 2
    assert answer.json()["heads"] == []
    assert len(answer.content) < 1024


def test_the_simulator_serves_what_the_real_api_serves(hub_here, link, cedar, shareable, client):
    """Else the lies would be told in another language than the one nodes speak."""
    for number in range(3):
        cedar.publish(f"Item {number}")
    link.sync()
    rows = cedar.rows(0, 3)
    assert encode_rows(rows) == bundles.encode_records(rows)
    real = client.get(f"{FEED}/record/{cedar.said[0].address}")
    simulated = FeedSimulator(cedar)._reply_record(cedar.said[0].address)
    assert real.content == simulated.body
    assert real.headers["content-type"] == simulated.kind
    assert set(client.get(f"{FEED}/heads").json()) == {"counter", "directory", "heads"}
    assert heads.own_log().size == 0
