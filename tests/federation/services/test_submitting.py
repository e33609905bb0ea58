"""The own log before its witnesses: what they cosign is kept and served, each fails alone."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from time_machine import travel

from federation.conf import Conf
from federation.errors import BehindWitness, WitnessesSilent
from federation.models import Entry, Evidence, Log, Peer, PeerStatus, Record, Tile, Witness
from federation.services import (
    heads,
    publishing,
    pushing,
    recalling,
    submitting,
    testimony,
)
from federation.services.quorum import Quorums
from federation.services.status import node_status
from federation.trust import DescriptorDirectory, load_keys, proposals, read_mark, write_mark
from federation.trust.mark import Mark
from federation.wire import checkpoint, merkle
from tests.federation.conftest import Link
from tests.federation.served import feed_of_this_node
from tests.federation.services.test_heads import own, say
from tests.federation.services.test_pushing import Inbox
from tests.federation.simulated_node import SimulatedNode
from tests.federation.simulated_witness import Witnesses
from tests.federation.simulator import FeedSimulator
from tests.federation.stewards import Stewards

AMAL, BAO = SimulatedNode("amal"), SimulatedNode("bao")


@pytest.fixture
def stewards(tmp_path, here) -> Stewards:
    """Return stewards of whom this node's log must be cosigned by both witnesses."""
    stewards = Stewards(tmp_path / "stewards", AMAL)
    stewards.enrol(BAO)
    own_descriptor = DescriptorDirectory(here.trust_dir).envelope(here.NODE_ID)
    stewards.publish(proposals.propose_member(stewards.repository, own_descriptor))
    rules = proposals.propose_rules(stewards.repository, ["amal", "bao"], {"node": 2, "hub": 0})
    stewards.publish(rules)
    return stewards


@pytest.fixture
def witnesses(here, stewards) -> Witnesses:
    """Return the witnesses, whom this process has not asked yet."""
    store = DescriptorDirectory(here.trust_dir).store
    stewards.pin(store)
    stewards.hand_over(store)
    testimony.forget(here)
    yield Witnesses(AMAL, BAO)
    testimony.forget(here)


def sign(witnesses: Witnesses) -> Log | None:
    """What the worker does."""
    return submitting.ask_and_sign(fetcher=witnesses)


def times(conf: Conf) -> set[str]:
    return set(Quorums(conf).verdict(bytes(own().checkpoint), conf.NODE_ID).times)


def errors(done: submitting.Submitted) -> list[tuple[str, str]]:
    return [(about, error.code) for about, error in done.errors]


def test_a_head_is_signed_without_waiting_and_cosigned_after(witnesses, here, client):
    say(3)
    signed = sign(witnesses)
    assert (signed.head_size, times(here)) == (3, set())
    assert witnesses.asked == [("amal", 0, 0), ("bao", 0, 0)], "asked before the first signature"

    done = submitting.submit_head(fetcher=witnesses)

    assert (done.cosigned, done.errors) == (["amal", "bao"], [])
    assert times(here) == {"amal", "bao"}
    assert own().cosigned_size == 3
    assert own().counter > signed.counter
    note = bytes(own().checkpoint)
    assert client.get("/federation/v1/log/here/checkpoint").content == note
    shown = feed_of_this_node(load_keys(here.keys_dir).request).heads(signed.counter)
    assert [head.checkpoint for head in shown.heads] == [note]


def test_a_longer_head_comes_with_a_proof_and_the_same_one_only_daily(witnesses, here):
    say(3)
    sign(witnesses)
    submitting.submit_head(fetcher=witnesses)
    say(4)
    sign(witnesses)
    witnesses.asked.clear()
    assert submitting.submit_head(fetcher=witnesses).cosigned == ["amal", "bao"]
    assert witnesses.asked == [("amal", 3, 7), ("bao", 3, 7)]
    assert not submitting.due(here, datetime.now(UTC) + timedelta(hours=23))
    assert submitting.submit_head(fetcher=witnesses).cosigned == []
    before = own().fresh_at
    with travel(datetime.now(UTC) + timedelta(hours=25), tick=False):
        assert submitting.due(here, datetime.now(UTC))
        assert submitting.submit_head(fetcher=witnesses).cosigned == ["amal", "bao"]
    assert own().fresh_at - before > timedelta(hours=24)
    assert witnesses.asked[-1] == ("bao", 7, 7)


def test_a_witness_that_knows_another_size_gets_the_proof_from_there(witnesses, here):
    say(2)
    sign(witnesses)
    submitting.submit_head(fetcher=witnesses)
    say(3)
    sign(witnesses)
    Witness.objects.update(size=0)  # as after a restored backup
    witnesses.asked.clear()
    assert submitting.submit_head(fetcher=witnesses).cosigned == ["amal", "bao"]
    assert witnesses.asked[:2] == [("amal", 0, 5), ("amal", 2, 5)]


def test_a_witness_that_has_seen_the_head_elsewhere_cosigns_it_all_the_same(witnesses, here):
    say(2)
    sign(witnesses)
    submitting.submit_head(fetcher=witnesses)
    say(1)
    log = sign(witnesses)
    witnesses.known = dict.fromkeys(["amal", "bao"], (3, log.root))  # they follow the log
    testimony.forget(here)
    assert submitting.ask_witnesses(fetcher=witnesses)
    assert submitting.due(here, datetime.now(UTC))
    assert submitting.submit_head(fetcher=witnesses).cosigned == ["amal", "bao"]
    assert times(here) == {"amal", "bao"}


# --- What witnesses do wrong ----------------------------------------------------------------------


LIES = {
    "dead": (lambda ws: ws.die(AMAL), "peer.unreachable"),
    "another key": (lambda ws: ws.sign_with_another_key(AMAL), "witness.no-cosignature"),
    "html": (lambda ws: ws.answer(AMAL, 200, "text/html", b"<p>Log in</p>"), "witness.malformed"),
    "nothing": (lambda ws: ws.answer(AMAL, 200, "text/plain", b""), "witness.malformed"),
    "no size": (lambda ws: ws.answer(AMAL, 409, "text/x.tlog.size", b"a lot"), "witness.malformed"),
    "refuses": (lambda ws: ws.answer(AMAL, 422, "text/plain", b""), "peer.refused"),
    "knows too much": (lambda ws: ws.claim(AMAL, 10**12), "log.behind-witness"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_a_witness_that_fails_is_named_and_the_others_cosign(witnesses, here, name):
    say(2)
    sign(witnesses)
    lie, code = LIES[name]
    lie(witnesses)

    done = submitting.submit_head(fetcher=witnesses)

    assert (done.cosigned, errors(done)) == (["bao"], [("amal", code)])
    assert times(here) == {"bao"}
    row = Witness.objects.get(node_id="amal")
    assert (row.error, row.failures, row.cosigned_at) == (code, 1, None)
    assert row.next_attempt_at > datetime.now(UTC)
    assert not submitting.due(here, datetime.now(UTC)), "it is left alone for a while"
    assert own().cosigned_size == 0

    witnesses.stop_lying()
    Witness.objects.update(next_attempt_at=None)
    assert submitting.submit_head(fetcher=witnesses).cosigned == ["amal"]
    assert (own().cosigned_size, Witness.objects.get(node_id="amal").error) == (2, "")


def test_a_witness_whose_clock_is_ahead_does_not_count(witnesses, here):
    say(2)
    sign(witnesses)
    witnesses.set_clock(AMAL, time.time() + 400)
    submitting.submit_head(fetcher=witnesses)
    assert times(here) == {"bao"}
    assert Witness.objects.get(node_id="amal").error == "witness.no-cosignature"


# --- After a start --------------------------------------------------------------------------------


def restore_whole(size: int, conf: Conf) -> None:
    """Put this machine back to when it had signed `size` entries: database and mark alike."""
    log = own()
    hashes = heads.leaf_hashes(log, 0, size)
    grown = log.range_at(hashes)
    Entry.objects.filter(index__gte=size).delete()
    Record.objects.exclude(address__in=Entry.objects.values("address")).delete()
    Tile.objects.all().delete()
    note = checkpoint.sign(
        checkpoint.Checkpoint(log.origin, size, grown.root), load_keys(conf.keys_dir).log
    )
    Log.objects.filter(own=True).update(
        size=size, head_size=size, peaks=grown.to_bytes(), checkpoint=note, applied=size,
        carried=0, cosigned_size=0, fresh_at=None,
    )  # fmt: skip
    Witness.objects.all().delete()
    write_mark(conf.keys_dir, Mark(size, grown.root))
    testimony.forget(conf)


def test_a_machine_restored_whole_asks_and_signs_nothing(witnesses, here):
    say(5)
    sign(witnesses)
    submitting.submit_head(fetcher=witnesses)
    restore_whole(3, here)
    say(1)
    before = bytes(own().checkpoint)

    with pytest.raises(BehindWitness, match="amal has seen 5 entries"):
        sign(witnesses)

    assert bytes(own().checkpoint) == before
    assert own().error == "log.behind-witness", "the operator is told"
    assert read_mark(here.keys_dir).size == 3
    assert ("amal", 0, 0) in witnesses.asked


def test_a_restored_machine_that_has_grown_again_past_the_witnesses_signs_nothing_either(
    witnesses, here
):
    say(5)
    sign(witnesses)
    submitting.submit_head(fetcher=witnesses)
    restore_whole(3, here)
    say(20)
    with pytest.raises(BehindWitness):
        sign(witnesses)
    assert own().head_size == 3


def test_nothing_is_signed_before_a_witness_has_answered_for_an_hour(witnesses, here):
    say(1)
    witnesses.die(AMAL, BAO)
    with pytest.raises(WitnessesSilent):
        sign(witnesses)
    assert own().head_size == 0
    start = datetime.now(UTC)
    with travel(start + timedelta(minutes=59), tick=False), pytest.raises(WitnessesSilent):
        sign(witnesses)
    with travel(start + timedelta(minutes=61), tick=False):
        assert sign(witnesses).head_size == 1


def test_one_witness_that_answers_is_enough(witnesses, here):
    say(1)
    witnesses.die(AMAL)
    assert sign(witnesses).head_size == 1
    assert Witness.objects.get(node_id="amal").error == "peer.unreachable"


def test_a_recall_waits_for_no_witness(witnesses, here, shareable):
    witnesses.die(AMAL, BAO)
    page = shareable()
    publishing.share_page(page)
    with pytest.raises(WitnessesSilent):
        sign(witnesses)
    recalling.recall_page(page, "It endangers people.")
    assert sign(witnesses).head_size >= 2


def test_a_witness_that_lies_stops_signing_until_it_stops_or_is_dropped(witnesses, here, stewards):
    say(1)
    witnesses.claim(AMAL, 10**9)
    with pytest.raises(BehindWitness, match="amal has seen 1000000000"):
        sign(witnesses)
    rules = proposals.propose_rules(stewards.repository, ["bao"], {"node": 1, "hub": 0})
    stewards.publish(rules)
    stewards.hand_over(DescriptorDirectory(here.trust_dir).store)
    assert sign(witnesses).head_size == 1
    assert own().error == ""


def test_witnesses_are_not_asked_again_each_second(witnesses, here):
    say(1)
    witnesses.claim(AMAL, 10**9)
    for _second in range(3):
        with pytest.raises(BehindWitness):
            sign(witnesses)
    assert len(witnesses.asked) == 2
    with travel(datetime.now(UTC) + timedelta(minutes=2), tick=False):
        witnesses.stop_lying()
        assert sign(witnesses).head_size == 1, "it was a mistake, and the witness mended it"


def test_without_witnesses_nobody_is_asked(here):
    say(1)
    assert submitting.ask_witnesses(fetcher=Witnesses()) is False
    assert heads.sign_head().head_size == 1
    assert submitting.submit_head(fetcher=Witnesses()).cosigned == []
    assert not submitting.due(here, datetime.now(UTC))
    assert not Witness.objects.exists()


# --- The own log at peers -------------------------------------------------------------------------


class Mirror(SimulatedNode):
    """This node's log, as somebody who has its log key could show it."""


@pytest.fixture
def at_peer(link, here):
    """Return a function that has a peer show a head of this node's log, and pulls from there."""

    def _at_peer(note: bytes):
        mirror = Mirror(here.NODE_ID)
        link.feed.logs[here.NODE_ID] = mirror
        link.feed.show_head(mirror, note)
        return link.sync()

    return _at_peer


def head_of(conf: Conf, size: int, root: bytes) -> bytes:
    key = load_keys(conf.keys_dir).log
    return checkpoint.sign(checkpoint.Checkpoint(conf.log_origin, size, root), key)


def test_the_own_head_at_a_peer_is_no_news(at_peer, here):
    say(3)
    heads.sign_head()
    assert at_peer(bytes(own().checkpoint)).ok
    older = own().range_at(heads.leaf_hashes(own(), 0, 2)).root
    assert at_peer(head_of(here, 2, older)).ok
    assert not Evidence.objects.exists()


@pytest.mark.parametrize("size", [2, 3])
def test_another_history_under_the_own_key_is_kept_and_told_loudly(at_peer, here, size, caplog):
    say(3)
    heads.sign_head()
    note = head_of(here, size, bytes(32))

    report = at_peer(note)

    assert [(about, error.code) for about, error in report.errors] == [
        ("here", "log.equivocation")
    ]  # fmt: skip
    found = Evidence.objects.get()
    assert (bytes(found.first), bytes(found.second)) == (bytes(own().checkpoint), note)
    assert found.seen_at == "cedar"
    assert own().frozen == ""
    assert any("signed two histories" in reason for reason in node_status()["reasons"])
    assert "two histories" in caplog.text
    say(1)
    assert heads.sign_head().head_size == 4, "who stole the key does not silence its owner"


def test_a_longer_own_head_at_a_peer_stops_the_signing(at_peer, here):
    say(3)
    heads.sign_head()
    report = at_peer(head_of(here, 9, bytes(32)))
    assert [error.code for _about, error in report.errors] == ["log.behind-witness"]
    assert own().error == "log.behind-witness"
    say(1)
    with pytest.raises(BehindWitness, match="cedar has seen 9"):
        heads.sign_head()
    testimony.forget(here)


def test_a_head_that_was_signed_and_lost_is_signed_again_where_its_entries_stand(at_peer, here):
    say(3)
    heads.sign_head()
    note = bytes(own().checkpoint)
    Log.objects.filter(own=True).update(head_size=0, peaks=b"", checkpoint=b"", carried=0)
    Tile.objects.all().delete()
    assert at_peer(note).ok
    assert heads.sign_head().head_size == 3
    assert checkpoint.parse_checkpoint(bytes(own().checkpoint)).size == 3


def test_a_forged_own_head_is_named_and_changes_nothing(at_peer, here):
    say(3)
    heads.sign_head()
    forged = SimulatedNode("cedar").head(0, origin=here.log_origin, root=merkle.EMPTY_ROOT)
    report = at_peer(forged)
    assert [error.code for _about, error in report.errors] == ["checkpoint.wrong-key"]
    assert not Evidence.objects.exists()
    assert own().error == ""


def test_cosignatures_of_the_own_head_are_taken_from_peers_too(witnesses, here):
    say(1)
    sign(witnesses)
    note = bytes(own().checkpoint)
    for witness in (AMAL, BAO):
        note = witness.cosign(note, at=time.time())
    Peer.objects.create(node_id="amal", status=PeerStatus.ACTIVE, pull=True)
    feed = FeedSimulator(AMAL)
    mirror = Mirror(here.NODE_ID)
    feed.logs[here.NODE_ID] = mirror
    feed.show_head(mirror, note)
    assert Link(AMAL, feed).sync().ok
    assert times(here) == {"amal", "bao"}
    assert own().cosigned_size == 1


def test_a_node_that_only_pushes_pushes_cosignatures_that_came_later(witnesses, here):
    say(1)
    sign(witnesses)
    Peer.objects.create(node_id="amal", status=PeerStatus.ACTIVE, is_hub=True)
    hub = Inbox(AMAL)
    hub.admit(here.NODE_ID, load_keys(here.keys_dir).request.public)
    peer = Peer.objects.get(node_id="amal")
    assert pushing.push_to(peer, fetcher=hub).sent == 1
    hub.take()
    submitting.submit_head(fetcher=witnesses)
    later = datetime.now(UTC) + timedelta(hours=1)
    assert pushing.due(later) == ["amal"]

    assert pushing.push_to(peer, fetcher=hub).sent == 1

    assert len(hub.pushed) == 2
    assert bytes(own().checkpoint) in hub.pushed[1]
    hub.take()
    assert pushing.push_to(peer, fetcher=hub).sent == 0
    assert pushing.due(later) == []
