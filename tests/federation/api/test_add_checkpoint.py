"""This node as a witness: C2SP tlog-witness, answer by answer, and what it never cosigns."""

import os
import threading
import time
from dataclasses import replace

import pytest
from django.db import connection, connections

from federation.client import Feed, HttpFetcher
from federation.conf import Conf
from federation.errors import FederationError, KeysMissing, OtherSize
from federation.models import Evidence, Log, Peer, PeerStatus, Witnessed
from federation.services import cosigning
from federation.trust import DescriptorDirectory, Endpoint, load_keys
from federation.wire import checkpoint, merkle, notes, witnessing
from tests.federation.simulated_node import SimulatedNode
from tests.federation.simulator import STRANGER
from tests.federation.snapshot import snapshot

ADDRESS = "/federation/v1/add-checkpoint"


@pytest.fixture
def cedar(here) -> SimulatedNode:
    """Return a member with three entries, of which nothing was submitted yet."""
    node = SimulatedNode("cedar")
    DescriptorDirectory(here.trust_dir).add(node.descriptor)
    for number in range(3):
        node.publish(f"Item {number}")
    return node


@pytest.fixture
def submit(client, here):
    def _submit(body: bytes):
        return client.post(ADDRESS, body, content_type="text/plain")

    return _submit


def known() -> tuple[int, bytes]:
    row = Witnessed.objects.get()
    return row.size, bytes(row.root)


def test_a_first_head_is_cosigned_and_kept(submit, cedar, here):
    assert not Witnessed.objects.exists()
    before = int(time.time())
    answer = submit(cedar.submission(0))

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    (line,) = witnessing.decode_cosignatures(answer.content, cedar.head())
    note = notes.Note.decode(cedar.head())
    whole = notes.Note(note.text, (*note.signatures, line)).encode()
    name, key = f"{here.log_origin}/witness", load_keys(here.keys_dir).witness.public
    assert before <= checkpoint.cosignature_verify(whole, name, key) <= time.time()
    assert known() == (3, merkle.root([leaf.hash for leaf in cedar.leaves]))
    assert bytes(Witnessed.objects.get().checkpoint) == cedar.head()


@pytest.mark.parametrize("more", [0, 1, 300])
def test_a_head_that_continues_the_last_one_is_cosigned(submit, cedar, more):
    submit(cedar.submission(0))
    for number in range(more):
        cedar.publish(f"More {number}")
    assert submit(cedar.submission(3)).status_code == 200
    assert known()[0] == 3 + more


def test_the_daily_submission_of_the_same_head_gets_a_new_time(submit, cedar):
    submit(cedar.submission(0))
    Witnessed.objects.update(cosigned_at=None)
    assert submit(cedar.submission(3)).status_code == 200
    assert Witnessed.objects.get().cosigned_at is not None


@pytest.mark.parametrize("old", [0, 1, 2])
def test_another_old_size_is_told_the_size_that_is_known(submit, cedar, old):
    submit(cedar.submission(0))
    cedar.publish("One more")
    before = known()
    answer = submit(cedar.submission(old))
    assert (answer.status_code, answer.content) == (409, b"3\n")
    assert answer.headers["content-type"] == "text/x.tlog.size"
    assert known() == before


def test_an_older_head_replayed_by_anybody_changes_nothing(submit, cedar):
    older = cedar.submission(0, 2)
    assert submit(older).status_code == 200
    assert submit(cedar.submission(2)).status_code == 200
    before = known()
    for body in (older, cedar.submission(2)):
        answer = submit(body)
        assert (answer.status_code, answer.content) == (409, b"3\n")
    assert known() == before


def malformed(cedar: SimulatedNode) -> dict[str, bytes]:
    body = cedar.submission(0)
    line = b"A" * 43 + b"="
    return {
        "nothing": b"",
        "no old size": body.removeprefix(b"old 0\n"),
        "leading zero": body.replace(b"old 0", b"old 00", 1),
        "negative": body.replace(b"old 0", b"old -1", 1),
        "carriage returns": body.replace(b"\n", b"\r\n"),
        "no empty line": body.replace(b"\n\n", b"\n", 1),
        "a proof from nothing": body.replace(b"old 0\n", b"old 0\n" + line + b"\n", 1),
        "64 hashes": body.replace(b"old 0\n", b"old 1\n" + (line + b"\n") * 64, 1),
        "half a hash": body.replace(b"old 0\n", b"old 1\n" + line[:20] + b"\n", 1),
        "a hash that is not canonical": body.replace(
            b"old 0\n", b"old 1\n" + b"A" * 42 + b"B=\n", 1
        ),
        "old above new": body.replace(b"old 0", b"old 4", 1),
        "no checkpoint": b"old 0\n\n",
        "no signature": b"old 0\n\n" + cedar.head().partition(b"\n\n")[0] + b"\n\n",
    }


def test_what_is_no_submission_is_400_and_changes_nothing(submit, cedar):
    before = snapshot(ignore=())
    bodies = malformed(cedar)
    assert len(bodies) == 13
    for name, body in bodies.items():
        answer = submit(body)
        assert (answer.status_code, answer.json()["type"]) == (400, "witness.malformed"), name
    assert snapshot(ignore=()) == before


def test_sixty_three_hashes_are_read(submit, cedar):
    body = cedar.submission(0).replace(b"old 0\n", b"old 1\n" + (b"A" * 43 + b"=\n") * 63, 1)
    assert submit(body).status_code == 409, "read, and then another old size"


def test_a_body_above_the_cap_is_refused_before_it_is_read(submit, cedar):
    body = cedar.submission(0) + b"\n" * witnessing.MAX_BYTES
    answer = submit(body)
    assert (answer.status_code, answer.json()["type"]) == (413, "http.too-large")
    assert not Witnessed.objects.exists()


def test_a_head_without_a_signature_by_the_enrolled_key_is_403(submit, cedar):
    answer = submit(cedar.submission(0, key=STRANGER))
    assert (answer.status_code, answer.json()["type"]) == (403, "checkpoint.wrong-key")
    assert not Witnessed.objects.exists()


@pytest.mark.parametrize("who", ["stranger", "another domain", "itself"])
def test_the_log_of_nobody_known_is_404(submit, cedar, here, who):
    node = SimulatedNode("stranger") if who == "stranger" else cedar
    node.publish("One")
    changes = {
        "stranger": {},
        "another domain": {"origin": "elsewhere.example/cedar"},
        "itself": {"origin": here.log_origin, "key": load_keys(here.keys_dir).log},
    }
    answer = submit(node.submission(0, **changes[who]))
    assert (answer.status_code, answer.json()["type"]) == (404, "witness.unknown-log")
    assert not Witnessed.objects.exists()


def test_a_log_that_is_frozen_here_is_not_cosigned(submit, cedar):
    peer = Peer.objects.create(node_id="cedar", status=PeerStatus.FROZEN)
    answer = submit(cedar.submission(0))
    assert (answer.status_code, answer.json()["type"]) == (403, "log.frozen")
    peer.delete()
    Log.objects.create(node_id="cedar", origin=cedar.log_origin, frozen="log.equivocation")
    assert submit(cedar.submission(0)).status_code == 403
    assert not Witnessed.objects.exists()


def proofs(cedar: SimulatedNode) -> dict[str, list[bytes]]:
    honest = merkle.consistency_proof(3, 5, merkle.node_of([leaf.hash for leaf in cedar.leaves]))
    return {
        "none": [],
        "one hash changed": [bytes(32), *honest[1:]],
        "too short": honest[:-1],
        "too long": [*honest, bytes(32)],
        "reordered": honest[::-1],
    }


def test_a_proof_that_does_not_hold_is_422(submit, cedar):
    submit(cedar.submission(0))
    cedar.publish("Four")
    cedar.publish("Five")
    before = known()
    for name, proof in proofs(cedar).items():
        answer = submit(cedar.submission(3, proof=proof))
        assert (answer.status_code, answer.json()["type"]) == (422, "log.bad-proof"), name
        assert known() == before
    assert submit(cedar.submission(3)).status_code == 200


@pytest.mark.parametrize("more", [0, 2], ids=["same size", "larger"])
def test_two_histories_are_never_both_cosigned(submit, cedar, more):
    submit(cedar.submission(0))
    before = known()
    twin = cedar.twin(2)
    for number in range(1 + more):
        twin.publish(f"Another {number}")

    answer = submit(twin.submission(3))

    assert answer.status_code == (422 if more else 409)
    assert known() == before
    if more:
        assert not Evidence.objects.exists(), "a bad proof can be anybody's"
        return
    found = Evidence.objects.get()
    assert (bytes(found.first), bytes(found.second)) == (cedar.head(), twin.head())
    assert found.origin == cedar.log_origin


def test_a_head_behind_what_was_followed_here_is_told_that_size(submit, link, cedar):
    """Followed, never submitted: the node still knows what it saw."""
    assert link.sync().ok
    assert Log.objects.get(node_id="cedar").head_size == 3
    answer = submit(cedar.submission(0, 2))
    assert (answer.status_code, answer.content) == (409, b"3\n")
    twin = cedar.twin(1)
    for number in range(2):
        twin.publish(f"Another {number}")

    answer = submit(twin.submission(3))

    assert answer.status_code == 409
    assert Log.objects.get(node_id="cedar").frozen == "log.equivocation"
    assert bytes(Evidence.objects.get().second) == twin.head()
    assert Witnessed.objects.get().size == 0, "nothing was cosigned"


def test_without_a_witness_key_nothing_is_kept_and_nothing_signed(submit, cedar, here):
    (here.keys_dir / "witness.pem").unlink()
    answer = submit(cedar.submission(0))
    assert (answer.status_code, answer.json()["type"]) == (503, KeysMissing.code)
    assert not Witnessed.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_log_has_its_heads_cosigned_over_real_http(here, cedar, live_server):
    conf = replace(here, PRIVATE_ENDPOINT=True)
    fetcher = HttpFetcher(conf, private=True)
    witness = DescriptorDirectory(here.trust_dir).member(here.NODE_ID)
    point = Endpoint(live_server.url, private=True)
    feed = Feed(fetcher, witness, conf, cedar.keys.request, point)
    note = feed.add_checkpoint(witnessing.Submission(0, (), cedar.head()))
    assert checkpoint.cosignature_verify(note, witness.witness_name, witness.witness_key)
    assert note.startswith(cedar.head())
    cedar.publish("One more")
    with pytest.raises(OtherSize) as caught:
        feed.add_checkpoint(witnessing.Submission(0, (), cedar.head()))
    assert caught.value.size == 3
    assert feed.add_checkpoint(witnessing.Submission.decode(cedar.submission(3)))
    assert known()[0] == 4
    fetcher.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    "TEST_DATABASE_URL" not in os.environ, reason="SQLite lets one writer in at a time"
)
def test_two_submissions_at_once_do_not_get_two_histories_cosigned(here, cedar):
    """Real connections: whichever comes second finds the first one's head."""
    assert connection.vendor == "postgresql"
    for round_ in range(10):
        Witnessed.objects.all().delete()
        old = 2 * (round_ % 2)  # with and without a row to lock
        if old:
            cosigning.add_checkpoint(cedar.submission(0, old), here)
        twin = cedar.twin(2)
        twin.publish(f"Another {round_}")
        bodies = [cedar.submission(old), twin.submission(old)]
        signed, refused = at_once(here, bodies)
        assert [type(error) for error in refused] == [OtherSize], refused
        assert len(signed) == 1
        kept = witnessing.Submission.decode(signed[0]).note
        assert bytes(Witnessed.objects.get().checkpoint) == kept


def at_once(conf: Conf, bodies: list[bytes]) -> tuple[list[bytes], list[FederationError]]:
    """Submit from as many threads; return which bodies were cosigned, and the errors."""
    gate, signed, refused = threading.Barrier(len(bodies)), [], []

    def submit(body: bytes) -> None:
        gate.wait()
        try:
            cosigning.add_checkpoint(body, conf)
            signed.append(body)
        except FederationError as error:
            refused.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=submit, args=[body]) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return signed, refused
