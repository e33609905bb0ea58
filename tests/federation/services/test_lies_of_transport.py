"""A peer that hangs, redirects, answers something else or never stops: one named error, no harm."""

import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from federation.errors import (
    BadBundle,
    BadEncoding,
    BadRequestSignature,
    DigestMismatch,
    InvalidJson,
    MissingComponent,
    PeerAnsweredHtml,
    PeerRedirected,
    PeerRefused,
    PeerServerError,
    PeerTimeout,
    PeerUnreachable,
    ResponseTooLarge,
    TruncatedJson,
)
from federation.models import Item, Log, Quarantine, Review
from federation.wire import canonical
from tests.federation.simulated_node import SimulatedNode, key_for
from tests.federation.simulator import FeedSimulator
from tests.federation.snapshot import snapshot


class Clock:
    """Advances by itself each time the peer makes somebody wait."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def wait(self) -> None:
        self.now += 20


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("federation.client.fetcher.time.monotonic", clock)
    return clock


LIES: dict[str, tuple[Callable[[FeedSimulator, str, Clock], None], type]] = {
    "hangs": (lambda feed, where, clock: feed.hang(where), PeerTimeout),
    "redirects": (lambda feed, where, clock: feed.answer_status(where, 302), PeerRedirected),
    "answers HTML": (lambda feed, where, clock: feed.answer_html(where), PeerAnsweredHtml),
    "answers 500": (lambda feed, where, clock: feed.answer_status(where, 500), PeerServerError),
    "answers 403": (lambda feed, where, clock: feed.answer_status(where, 403), PeerRefused),
    "drips": (lambda feed, where, clock: feed.drip(where, clock.wait), PeerTimeout),
    "sends a gzip bomb": (lambda feed, where, clock: feed.gzip_bomb(where), ResponseTooLarge),
    "says gzip and is not": (lambda feed, where, clock: feed.not_gzip(where), BadEncoding),
    "uses an encoding not asked for": (
        lambda feed, where, clock: feed.encode_as(where, "br"), BadEncoding
    ),
}  # fmt: skip


@pytest.mark.parametrize("where", ["heads", "log/cedar/tile/entries/.*", "log/cedar/records/.*"])
@pytest.mark.parametrize("name", LIES)
def test_a_peer_that_fails_is_named_and_tried_again(link, cedar, clock, name: str, where: str):
    lie, expected = LIES[name]
    for number in range(6):
        cedar.publish(f"Item {number}")
    Log.objects.create(node_id="cedar", origin=cedar.log_origin)
    before = snapshot(ignore=("Log", "Entry"))
    lie(link.feed, where, clock)

    report = link.sync()

    assert [type(error) for _about, error in report.errors] == [expected]
    assert snapshot(ignore=("Log", "Entry")) == before
    assert not Quarantine.objects.exists()
    assert link.peer.error == expected.code
    assert link.peer.failures == (1 if where == "heads" else 0)
    assert link.peer.claimed_until is None

    link.feed.stop_lying()
    assert link.sync().ok
    assert Item.objects.count() == 6
    assert (link.peer.error, link.peer.failures) == ("", 0)


@pytest.mark.parametrize("name", LIES)
def test_an_answer_for_one_record_never_blocks_the_rest(link, cedar, clock, name: str):
    lie, _expected = LIES[name]
    cedar.publish("Before")
    link.sync()
    said = cedar.publish("The target")
    cedar.publish("Behind")
    lie(link.feed, f"record/{said.address}", clock)
    peer_is_gone = name in ("hangs", "drips")

    report = link.sync()

    if peer_is_gone:
        assert [type(error) for _about, error in report.errors] == [PeerTimeout]
        assert Item.objects.count() == 1
        assert Log.objects.get(node_id="cedar").applied == 1, "it goes on from here"
    else:
        assert report.ok
        assert set(Item.objects.values_list("title", flat=True)) == {"Before", "Behind"}
        row = Quarantine.objects.get(resolved=False)
        assert (row.address, bool(row.error)) == (said.address, True)
    link.feed.stop_lying()
    assert link.sync().ok
    assert Item.objects.count() == 3
    assert not Quarantine.objects.filter(resolved=False).exists()


def test_a_peer_that_stays_silent_is_asked_less_and_less_often(link, cedar):
    link.feed.hang("heads")
    waits = []
    for _ in range(4):
        link.sync()
        peer = link.peer
        waits.append(peer.failures)
    assert waits == [1, 2, 3, 4]
    assert link.peer.last_contact_at is None
    link.feed.stop_lying()
    link.sync()
    assert (link.peer.failures, link.peer.last_contact_at is None) == (0, False)


@pytest.mark.parametrize("at", [1, 10, 40])
@pytest.mark.parametrize("where", ["log/cedar/tile/entries/.*", "log/cedar/records/.*"])
def test_a_gzip_stream_that_ends_early_is_not_taken(link, cedar, where: str, at: int):
    for number in range(6):
        cedar.publish(f"Item {number}")
    link.feed.cut_off(where, at)

    assert [type(error) for _about, error in link.sync().errors] == [BadEncoding]
    assert not Item.objects.exists()
    link.feed.stop_lying()
    assert link.sync().ok
    assert Item.objects.count() == 6


HEADS: dict[str, tuple[bytes, type]] = {
    "cut off": (b'{"counter":3', TruncatedJson),
    "not an object": (b"[]", InvalidJson),
    "no counter": (canonical.dumps({"directory": "", "heads": []}), InvalidJson),
    "a counter beyond all columns": (
        b'{"counter":1e300,"directory":"","heads":[]}', InvalidJson
    ),
    "a negative counter": (b'{"counter":-1,"directory":"","heads":[]}', InvalidJson),
    "a directory that is no digest": (
        canonical.dumps({"counter": 1, "directory": "x" * 300, "heads": []}), InvalidJson
    ),
    "heads that are none": (
        canonical.dumps({"counter": 1, "directory": "", "heads": [7]}), InvalidJson
    ),
    "a node id that is a path": (
        canonical.dumps(
            {"counter": 1, "directory": "", "heads": [{"node": "../keys", "checkpoint": ""}]}
        ),
        InvalidJson,
    ),
    "a node id that no column holds": (
        canonical.dumps(
            {"counter": 1, "directory": "", "heads": [{"node": "a\0b", "checkpoint": ""}]}
        ),
        InvalidJson,
    ),
    "more than a megabyte": (
        canonical.dumps({"counter": 1, "directory": "", "heads": [], "more": "x" * 2**20}),
        ResponseTooLarge,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
def test_an_answer_to_heads_of_another_shape_is_refused(link, cedar, name: str):
    body, expected = HEADS[name]
    cedar.publish("One")
    before = snapshot()
    link.feed.answer_bytes("heads", body)

    report = link.sync()

    assert [type(error) for _about, error in report.errors] == [expected]
    assert snapshot() == before
    assert (link.peer.error, link.peer.counter) == (expected.code, 0)
    link.feed.stop_lying()
    assert link.sync().ok
    assert Item.objects.count() == 1


@pytest.mark.parametrize(
    "problem", ['{"type": "a\\u0000b"}', '{"type": "\\ud800"}', '{"type": ["x"]}', "[", "\xff" * 9]
)
def test_what_a_peer_says_of_a_refusal_can_always_be_stored(link, cedar, problem: str):
    cedar.publish("One")
    link.feed.answer_status("heads", 403, problem.encode("latin-1"))
    assert [type(error) for _about, error in link.sync().errors] == [PeerRefused]
    assert link.peer.error == PeerRefused.code
    assert "\0" not in link.peer.error_detail
    assert link.peer.error_detail.isascii()


def test_a_bomb_is_stopped_at_the_cap_and_not_after_it(link, cedar, here):
    """2 GiB of zeros: a reader that unpacked them all would take seconds and the memory."""
    cedar.publish("One")
    link.feed.gzip_bomb("heads")
    link.sync()
    assert link.feed.traffic.received < 64 * 1024


def test_an_entries_bundle_that_is_not_one_is_named(link, cedar):
    cedar.publish("One")
    link.feed.answer_bytes("log/cedar/tile/entries/.*", zlib.compress(b"?"))
    assert [type(error) for _about, error in link.sync().errors] == [BadBundle]
    assert not Item.objects.exists()


def test_a_peer_without_an_address_is_an_error_of_that_peer(enrol, cedar, monkeypatch):
    link = enrol(cedar)
    member = replace(cedar.member, endpoints=())
    monkeypatch.setattr(
        "federation.services.sync.DescriptorDirectory.member", lambda self, node_id: member
    )
    assert [type(error) for _about, error in link.sync().errors] == [PeerUnreachable]


# --- Sealed answers are signed by whoever gives them --------------------------------------------


def said_to_us(cedar) -> str:
    ours = SimulatedNode("here").publish("Our own item")
    cedar.review(ours, "Please say who leads.")
    return cedar.publish("Public").address


SIGNED_LIES: dict[str, tuple[Callable[[FeedSimulator], None], type]] = {
    "unsigned": (lambda feed: feed.leave_answers_unsigned(), MissingComponent),
    "signed by another": (
        lambda feed: feed.sign_answers_with(key_for("stranger", "request")), BadRequestSignature
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNED_LIES)
def test_sealed_records_are_taken_only_from_a_signed_answer(link, cedar, name: str):
    lie, expected = SIGNED_LIES[name]
    said_to_us(cedar)
    lie(link.feed)
    before = snapshot(ignore=("Log", "Entry"))

    report = link.sync()

    assert [type(error) for _about, error in report.errors] == [expected]
    assert snapshot(ignore=("Log", "Entry")) == before
    link.feed.stop_lying()
    assert link.sync().ok
    assert Review.objects.get().note == "Please say who leads."
    assert Item.objects.get().title == "Public"


def test_a_signed_answer_with_another_body_is_refused(link, cedar):
    said_to_us(cedar)
    opened = link.feed.open

    def swapped(*asked):
        manager = opened(*asked)
        answer = manager.__enter__()
        if "sealed" in asked[1]:
            answer = replace(answer, chunks=iter([b"{}\n"]))
        manager.__exit__(None, None, None)

        class Given:
            def __enter__(self):
                return answer

            def __exit__(self, *_):
                return None

        return Given()

    link.feed.open = swapped
    assert [type(error) for _about, error in link.sync().errors] == [DigestMismatch]
    assert not Review.objects.exists()


def test_what_was_sealed_for_others_is_neither_taken_nor_an_error(link, cedar):
    cedar.publish("Public")
    theirs = SimulatedNode("baobab").publish("Theirs")
    cedar.review(theirs, "Not for us")
    for number in range(6):
        cedar.publish(f"More {number}")

    assert link.sync().ok

    assert Item.objects.count() == 7
    assert not Review.objects.exists()
    assert not Quarantine.objects.exists()
    log = Log.objects.get(node_id="cedar")
    assert log.applied == log.size == 8
