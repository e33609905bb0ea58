"""Pushing: a member's bundle is kept, imported by the worker and deleted; nobody else's is read."""

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from federation.errors import (
    BundleCutOff,
    BundleTooLarge,
    DigestMismatch,
    InboxFull,
    MemberSuspended,
    MissingComponent,
    NotABundle,
    Replayed,
    UnknownKey,
    UnsignedRequest,
)
from federation.management.commands import run_scheduler
from federation.models import (
    BundleState,
    IncomingBundle,
    Item,
    ItemState,
    Log,
    Nonce,
    Peer,
    PeerStatus,
    Quarantine,
)
from federation.services import inbox
from federation.trust import TrustStore, proposals
from federation.wire import requests
from tests.federation.api.conftest import FEED, Signer
from tests.federation.carried import bundle_of
from tests.federation.served import feed_of_this_node
from tests.federation.simulated_node import SimulatedNode, key_for
from tests.federation.snapshot import snapshot
from tests.federation.stewards import Stewards

INBOX = f"{FEED}/inbox"
ZIP = "application/zip"


class Pusher(Signer):
    """Pushes bundles, rightly unless told otherwise."""

    def head(self, body: bytes, *, nonce: str | None = None) -> dict[str, str]:
        message = requests.Message(
            "POST", self.conf.PUBLIC_URL + INBOX, {"content-type": ZIP},
            digest=requests.digest_field(hashlib.sha256(body).digest()),
        )  # fmt: skip
        keyid = self.key.public.keyid
        return requests.sign_request(message, self.key, keyid, now=datetime.now(UTC), nonce=nonce)

    def push(self, body: bytes, *, sent: bytes | None = None, headers=None):
        return self.client.generic(
            "POST", INBOX, body if sent is None else sent, content_type=ZIP,
            headers=self.head(body) if headers is None else headers,
        )  # fmt: skip


@pytest.fixture
def pusher(client, hub_here, member) -> Pusher:
    return Pusher(client, hub_here, member.keys.request)


@pytest.fixture
def tasks(settings):
    """Return the tasks that were enqueued; none of them runs."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
    from django_tasks import default_task_backend

    default_task_backend.clear()
    return default_task_backend.results


@pytest.fixture
def bundle(member, tmp_path) -> bytes:
    member.publish("Pushed")
    return bundle_of(tmp_path, member).read_bytes()


@pytest.fixture
def decided(hub_here, member, tmp_path):
    """Return a function that has cedar frozen by the operator here, or stewards set its status."""

    def _decided(status: str) -> None:
        if status == "frozen":
            Peer.objects.create(node_id="cedar", status=PeerStatus.FROZEN)
            return
        stewards, store = (
            Stewards(tmp_path, SimulatedNode("global-hub")),
            TrustStore(hub_here.trust_dir),
        )
        stewards.enrol(member)
        stewards.publish(proposals.propose_status(stewards.repository, "cedar", status))
        stewards.pin(store)
        stewards.hand_over(store)

    return _decided


def refused(answer, status: int, error: type, conf) -> None:
    """The push was refused by name, and nothing of it was kept."""
    assert (answer.status_code, json.loads(answer.content)["type"]) == (status, error.code)
    assert not IncomingBundle.objects.exists()
    assert list(conf.bundles_dir.glob("*")) == []


def test_a_pushed_bundle_is_kept_imported_and_deleted(pusher, hub_here, bundle, tasks):
    answer = pusher.push(bundle)
    assert answer.status_code == 202
    row = IncomingBundle.objects.get()
    assert json.loads(answer.content) == {"id": str(row.pk), "state": "waiting"}
    assert "signature" in answer.headers
    assert (row.brought_by, row.size) == ("cedar", len(bundle))
    path = inbox.bundle_path(row)
    assert path.read_bytes() == bundle
    assert path.stat().st_mode & 0o077 == 0
    assert [result.args for result in tasks] == [[str(row.pk)]]
    assert not Item.objects.exists()

    assert inbox.import_incoming(row.pk)
    row.refresh_from_db()
    assert (row.state, row.report["applied"]) == (BundleState.IMPORTED, {"cedar": 1})
    assert Item.objects.get().title == "Pushed"
    assert not path.exists()
    assert not inbox.import_incoming(row.pk), "once"


def test_a_pushed_recall_is_woken_for_in_the_same_request_and_hides_its_item(
    pusher, hub_here, member, tasks, tmp_path
):
    said = member.publish("A dangerous story")
    pusher.push(bundle_of(tmp_path, member).read_bytes())
    assert inbox.import_incoming(IncomingBundle.objects.get().pk)
    assert Item.objects.get().state == ItemState.STAGED
    member.recall(said)

    pusher.push(bundle_of(tmp_path, member, since=1).read_bytes())
    waiting = IncomingBundle.objects.waiting().get()
    assert [str(waiting.pk)] in [result.args for result in tasks], "not at the next beat"
    assert inbox.import_incoming(waiting.pk)
    assert Item.objects.get().state == ItemState.RECALLED


def test_a_push_by_a_stranger_is_refused_before_it_is_read(client, hub_here, member, bundle):
    stranger = Pusher(client, hub_here, key_for("stranger", "request"))
    refused(stranger.push(bundle), 401, UnknownKey, hub_here)
    refused(stranger.push(bundle, headers={}), 401, UnsignedRequest, hub_here)
    assert not Nonce.objects.exists()


@pytest.mark.parametrize("status", ["frozen", "suspended"])
def test_of_what_a_frozen_member_pushes_recalls_are_taken_and_nothing_else(
    pusher, decided, member, tasks, tmp_path, status
):
    said = member.publish("A dangerous story")
    pusher.push(bundle_of(tmp_path, member).read_bytes())
    assert inbox.import_incoming(IncomingBundle.objects.get().pk)
    decided(status)
    member.publish("Said under pressure")
    member.recall(said)
    size = Log.objects.get(node_id="cedar").size

    pusher.push(bundle_of(tmp_path, member, since=1).read_bytes())
    row = IncomingBundle.objects.waiting().get()
    assert inbox.import_incoming(row.pk)

    row.refresh_from_db()
    assert (row.state, row.report["recalls_alone"]) == (BundleState.IMPORTED, True)
    assert Item.objects.get().state == ItemState.RECALLED
    assert Log.objects.get(node_id="cedar").size == size, "no mark moved"


def test_a_frozen_member_has_little_room(pusher, hub_here, decided, bundle, monkeypatch):
    decided("frozen")
    monkeypatch.setattr(inbox, "_RECALLS_ALONE", len(bundle) - 1)
    refused(pusher.push(bundle), 413, BundleTooLarge, hub_here)


def test_a_revoked_member_cannot_push(pusher, hub_here, decided, bundle):
    decided("revoked")
    refused(pusher.push(bundle), 403, MemberSuspended, hub_here)


def test_a_push_above_the_limit_is_refused_unread(pusher, hub_here, bundle, settings):
    settings.FEDERATION = {**settings.FEDERATION, "MAX_BUNDLE": len(bundle) - 1}
    refused(pusher.push(bundle), 413, BundleTooLarge, hub_here)
    assert not Nonce.objects.exists()


def test_a_swapped_body_is_refused(pusher, hub_here, bundle):
    other = bundle[:-1] + b"\1"
    refused(pusher.push(bundle, sent=other), 401, DigestMismatch, hub_here)


def test_a_body_whose_digest_is_not_signed_is_refused(pusher, hub_here, bundle):
    message = requests.Message("POST", hub_here.PUBLIC_URL + INBOX, {})
    key = pusher.key
    headers = requests.sign_request(message, key, key.public.keyid, now=datetime.now(UTC))
    refused(pusher.push(bundle, headers=headers), 401, MissingComponent, hub_here)


def test_what_is_no_bundle_is_refused(pusher, hub_here, member):
    refused(pusher.push(b"words" * 100), 422, NotABundle, hub_here)
    refused(pusher.push(b"PK\x03\x04" + bytes(100)), 422, BundleCutOff, hub_here)


def test_a_replayed_push_is_refused(pusher, hub_here, bundle, tasks):
    headers = pusher.head(bundle)
    assert pusher.push(bundle, headers=headers).status_code == 202
    again = pusher.push(bundle, headers=headers)
    assert (again.status_code, json.loads(again.content)["type"]) == (401, Replayed.code)
    assert IncomingBundle.objects.count() == 1


def test_the_same_bytes_wait_once(pusher, hub_here, bundle, tasks):
    first, second = pusher.push(bundle), pusher.push(bundle)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert IncomingBundle.objects.count() == 1
    assert len(list(hub_here.bundles_dir.glob("*"))) == 1


def test_a_member_has_so_many_bundles_waiting_and_no_more(
    pusher, hub_here, member, tmp_path, settings, tasks
):
    settings.FEDERATION = {**settings.FEDERATION, "MAX_WAITING_BUNDLES": 2}
    for number in range(2):
        member.publish(f"Play {number}")
        assert pusher.push(bundle_of(tmp_path, member).read_bytes()).status_code == 202
    member.publish("One too many")
    answer = pusher.push(bundle_of(tmp_path, member).read_bytes())
    assert (answer.status_code, json.loads(answer.content)["type"]) == (429, InboxFull.code)
    assert IncomingBundle.objects.count() == 2
    inbox.import_incoming(IncomingBundle.objects.waiting().first().pk)
    assert pusher.push(bundle_of(tmp_path, member).read_bytes()).status_code == 202


def test_a_bad_record_in_a_pushed_bundle_is_quarantined_under_who_brought_it(
    pusher, hub_here, member, tmp_path, tasks
):
    member.publish("Good")
    member.publish("Theirs", key=key_for("stranger", "any"))
    pusher.push(bundle_of(tmp_path, member).read_bytes())
    inbox.import_incoming(IncomingBundle.objects.get().pk)
    assert Quarantine.objects.get().peer == "cedar"
    assert Item.objects.get().title == "Good"


def test_an_import_that_was_killed_is_taken_up_again(pusher, hub_here, bundle, tasks, monkeypatch):
    pusher.push(bundle)
    row = IncomingBundle.objects.get()

    def killed(*args, **how):
        raise KeyboardInterrupt

    monkeypatch.setattr("federation.services.inbox.import_bundle", killed)
    with pytest.raises(KeyboardInterrupt):
        inbox.import_incoming(row.pk)
    monkeypatch.undo()
    now = datetime.now(UTC)
    assert not IncomingBundle.objects.due(now).exists(), "a worker may still be at it"
    later = now + timedelta(minutes=11)
    assert IncomingBundle.objects.due(later).get() == row
    IncomingBundle.objects.update(claimed_until=now - timedelta(seconds=1))
    assert inbox.import_incoming(row.pk)
    assert Item.objects.get().title == "Pushed"


def test_the_scheduler_wakes_the_import_of_what_waits(pusher, hub_here, bundle, monkeypatch, tasks):
    pusher.push(bundle)
    woken = []
    monkeypatch.setattr(run_scheduler, "wake", lambda task, *args: woken.append(args))
    run_scheduler.look(datetime.now(UTC))
    assert (str(IncomingBundle.objects.get().pk),) in woken


def test_a_bundle_whose_file_is_gone_is_refused_and_changes_nothing(pusher, bundle, tasks):
    pusher.push(bundle)
    row = IncomingBundle.objects.get()
    inbox.bundle_path(row).unlink()
    before = snapshot(ignore=("IncomingBundle",))
    assert inbox.import_incoming(row.pk)
    row.refresh_from_db()
    assert (row.state, row.error) == (BundleState.REFUSED, NotABundle.code)
    assert snapshot(ignore=("IncomingBundle",)) == before


def test_what_nobody_confirms_or_owns_is_deleted(hub_here, member, bundle):
    row = inbox.keep_upload(iter([bundle]), hub_here)
    stray = hub_here.bundles_dir / "stray.part"
    stray.write_bytes(b"half")
    now = datetime.now(UTC)
    assert inbox.forget_bundles(now) == 0
    old = now.timestamp() - 2 * 24 * 3600
    os.utime(stray, (old, old))
    IncomingBundle.objects.update(received_at=now - timedelta(days=2))
    assert inbox.forget_bundles(now) == 1
    assert not IncomingBundle.objects.filter(pk=row.pk).exists()
    assert list(hub_here.bundles_dir.glob("*")) == []


def test_the_client_pushes_what_this_node_takes(hub_here, member, bundle, tmp_path, tasks):
    path = tmp_path / "pushed.zip"
    path.write_bytes(bundle)
    feed = feed_of_this_node(member.keys.request)
    with path.open("rb") as file:
        key = feed.push(file, hashlib.sha256(bundle).hexdigest())
    assert str(IncomingBundle.objects.get().pk) == key
    assert feed.checkpoint("cedar") is None
    inbox.import_incoming(key)
    assert feed.checkpoint("cedar") == member.head(), "the hub relays it: the pusher can see that"
