"""What stewards decide, as it reaches a node with a pull, and what the node does about it."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from federation.admin.recalls import board
from federation.errors import (
    AfterLastTrusted,
    BadSignature,
    FingerprintMismatch,
    InvalidRecord,
    MemberSuspended,
    TrustExpired,
    TrustRolledBack,
    TypeMismatch,
    WrongKey,
)
from federation.models import (
    Entry,
    Item,
    ItemState,
    Log,
    Peer,
    PeerStatus,
    Policy,
    Provenance,
    Quarantine,
    Recall,
    Record,
)
from federation.services import (
    adoption,
    bundle_export,
    compromise,
    heads,
    publishing,
    recalling,
    record_bundles,
    recovery,
    rotating,
    status,
    stewarding,
    trusting,
)
from federation.services.bundle_import import inspect_bundle
from federation.services.enrolment import initialise_node
from federation.services.verify import verify_everything
from federation.trust import DescriptorDirectory, TrustStore, load_key, load_keys, proposals
from federation.trust.rolekeys import create_role_key
from federation.wire import dsse, merkle
from playbook.workflows import publish_trusted
from tests.federation.conftest import Link
from tests.federation.simulated_node import DAY, PURPOSES, SimulatedNode, key_for
from tests.federation.simulator import FeedSimulator
from tests.federation.snapshot import snapshot
from tests.federation.stewards import Stewards, rooted
from tests.federation.trust.test_changes import Renewed
from tests.federation.trust.test_refresh import files


@pytest.fixture
def stewards(tmp_path, global_hub, cedar) -> Stewards:
    stewards = Stewards(tmp_path / "stewards", global_hub, keys=2)
    stewards.enrol(cedar)
    return stewards


@pytest.fixture
def hub_link(here, stewards, global_hub, cedar) -> Link:
    """Return the link to a hub whose root is pinned here, and which relays the coalition."""
    store = TrustStore(here.trust_dir)
    stewards.pin(store)
    stewards.hand_over(store)
    Peer.objects.create(node_id="global-hub", status=PeerStatus.ACTIVE, is_hub=True, pull=True)
    trusting.follow_current(here)
    feed = FeedSimulator(global_hub, cedar)
    feed.trust = stewards.repository.folder
    feed.admit(here.NODE_ID, load_keys(here.keys_dir).request.public)
    return Link(global_hub, feed)


def root_of(node: SimulatedNode, size: int) -> str:
    return merkle.root([leaf.hash for leaf in node.leaves[:size]]).hex()


def revoke(stewards: Stewards, node: SimulatedNode, size: int | None = None) -> None:
    last = None if size is None else (size, root_of(node, size))
    stewards.publish(proposals.propose_status(stewards.repository, node.node_id, "revoked", last))


def errors_of(report) -> list[tuple[str, type]]:
    return [(about, type(error)) for about, error in report.errors]


# --- The shape of a pull --------------------------------------------------------------------------


def test_a_pull_with_nothing_new_asks_for_heads_alone(hub_link, cedar):
    cedar.publish("One")
    assert hub_link.sync().ok
    hub_link.feed.asked.clear()
    assert hub_link.sync().ok
    assert hub_link.feed.asked == ["heads"]


def test_a_new_member_comes_with_the_next_pull(hub_link, stewards, here):
    newcomer = SimulatedNode("newcomer")
    hub_link.feed.logs["newcomer"] = newcomer
    newcomer.publish("From a new node")
    stewards.enrol(newcomer)
    assert not Peer.objects.filter(node_id="newcomer").exists()
    assert hub_link.sync().ok
    assert Peer.objects.get(node_id="newcomer").status == PeerStatus.ACTIVE
    assert Item.objects.get().title == "From a new node"
    assert TrustStore(here.trust_dir).digest() == hub_link.feed.directory_digest


def test_a_timestamp_signed_anew_costs_the_hub_little(hub_link, stewards):
    hub_link.sync()
    stewards.repository.sign_timestamp()
    hub_link.feed.asked.clear()
    assert hub_link.sync().ok
    assert hub_link.feed.asked == [
        "heads", "trust/metadata/2.root.json", "trust/metadata/timestamp.json",
    ]  # fmt: skip


def test_a_recovery_takes_newer_metadata_first(hub_link, stewards, here):
    """The keys of the restored node itself may have been changed since the backup."""
    stewards.enrol(SimulatedNode("newcomer"))
    done = recovery.recover(fetcher=hub_link.feed)
    assert [about for about, _error in done.problems] == ["cedar"], "it does not answer"
    assert DescriptorDirectory(here.trust_dir).member("newcomer").node_id == "newcomer"
    assert Peer.objects.filter(node_id="newcomer").exists()


def test_newer_metadata_is_taken_from_any_node(hub_link, stewards, cedar, here):
    hub_link.sync()
    newcomer = SimulatedNode("newcomer")
    stewards.enrol(newcomer)
    feed = FeedSimulator(cedar)
    feed.trust = stewards.repository.folder
    assert Link(cedar, feed).sync().ok
    assert DescriptorDirectory(here.trust_dir).member("newcomer").node_id == "newcomer"


def test_an_ordinary_node_that_lags_behind_is_no_liar(hub_link, stewards, cedar, here, tmp_path):
    shutil.copytree(stewards.repository.folder, tmp_path / "older")
    stewards.enrol(SimulatedNode("newcomer"))
    assert hub_link.sync().ok
    before = files(here.trust_dir)
    feed = FeedSimulator(cedar)
    feed.trust = tmp_path / "older"
    assert Link(cedar, feed).sync().ok
    assert files(here.trust_dir) == before


@pytest.mark.parametrize("lie", ["rolled back", "frozen"])
def test_a_hub_that_lies_about_members_changes_nothing(hub_link, stewards, here, tmp_path, lie):
    shutil.copytree(stewards.repository.folder, tmp_path / "older")
    stewards.enrol(SimulatedNode("newcomer"))
    hub_link.sync()
    expected: type = TrustRolledBack
    if lie == "frozen":
        stewards.repository.sign_timestamp(datetime.now(UTC) - timedelta(hours=49))
        expected = TrustExpired
    else:
        hub_link.feed.trust = tmp_path / "older"
    rows, kept = snapshot(), files(here.trust_dir)

    assert errors_of(hub_link.sync()) == [("trust", expected)]
    assert snapshot() == rows
    assert files(here.trust_dir) == kept
    assert hub_link.peer.error == expected.code


# --- Degraded -------------------------------------------------------------------------------------


def test_with_nothing_unexpired_new_items_only_wait_and_retractions_apply(
    hub_link, stewards, cedar, subscribe, here, monkeypatch
):
    subscribe(Policy.DRAFT)
    first = cedar.publish("Before")
    assert hub_link.sync().ok
    assert Item.objects.get().state == ItemState.DRAFT
    monkeypatch.setattr(TrustStore, "expired", lambda self, now=None: ("timestamp",))
    cedar.publish("After")
    cedar.retract(first)
    assert hub_link.sync().ok
    states = dict(Item.objects.values_list("title", "state"))
    assert states == {"Before": ItemState.RETRACTED, "After": ItemState.STAGED}
    assert status.trust_status(here)["degraded"] == ["timestamp"]
    assert not status.node_status(here)["ok"]

    monkeypatch.undo()
    cedar.publish("Later")
    assert hub_link.sync().ok
    assert Item.objects.get(title="After").state == ItemState.DRAFT


# --- Suspended and revoked ------------------------------------------------------------------------


def test_a_suspended_node_is_not_heard_until_it_is_active_again(hub_link, stewards, cedar):
    cedar.publish("Before")
    hub_link.sync()
    stewards.publish(proposals.propose_status(stewards.repository, "cedar", "suspended"))
    cedar.publish("Meanwhile")
    assert errors_of(hub_link.sync()) == [("cedar", MemberSuspended)]
    assert Item.objects.count() == 1, "what it said before stays"
    hub_link.sync()  # from the first head on, once
    assert hub_link.sync().errors == [], "it is not asked for again and again"

    stewards.publish(proposals.propose_status(stewards.repository, "cedar", "active"))
    hub_link.sync()
    hub_link.sync()
    assert Item.objects.count() == 2


def test_after_the_last_trusted_entry_everything_is_quarantined(
    hub_link, stewards, cedar, global_hub, subscribe, here
):
    subscribe(Policy.PUBLISH)
    good = cedar.publish("Trusted")
    by_policy = cedar.publish("Taken over, endorsed")
    by_hand = cedar.publish("Taken over, approved here")
    global_hub.endorse(good)
    global_hub.endorse(by_policy)
    assert hub_link.sync().ok
    adoption.adopt_item(Item.objects.get(title="Taken over, approved here"), publish=False)
    person = Provenance.objects.get(address=by_hand.address).page
    publish_trusted(person.specific.save_revision(), reason="approved by people here")
    assert Provenance.objects.get(address=by_policy.address).page.live
    assert Record.objects.filter(address__in=[by_policy.address, by_hand.address]).count() == 2

    revoke(stewards, cedar, 1)
    hub_link.sync()

    assert Provenance.objects.get(address=good.address).page.live
    taken = Provenance.objects.get(address=by_policy.address)
    assert taken.distrusted
    assert not taken.page.live
    kept = Provenance.objects.get(address=by_hand.address)
    assert kept.distrusted
    assert kept.page.live, "a person decides about what a person approved"
    assert list(Item.objects.filter(origin="cedar").values_list("title", flat=True)) == ["Trusted"]
    rows = Quarantine.objects.filter(error=AfterLastTrusted.code).order_by("index")
    assert [row.index for row in rows] == [1, 2]
    assert bytes(rows[0].payload) == by_policy.envelope.payload, "the bytes are kept as evidence"
    assert not Record.objects.filter(address__in=[by_policy.address, by_hand.address]).exists()
    (report,) = compromise.distrusted_reports(here)
    assert (report.node, report.trusted, report.entries) == ("cedar", 1, 2)
    assert report.taken_down == ("Taken over, endorsed",)
    assert report.flagged == ("Taken over, approved here",)

    before = snapshot(ignore=())
    compromise.quarantine_untrusted(here)
    assert snapshot(ignore=()) == before, "a second time it does nothing"


def test_an_item_goes_back_to_its_newest_trusted_version(hub_link, stewards, cedar):
    first = cedar.publish("As it was")
    cedar.publish("As the thief wrote it", after=first)
    hub_link.sync()
    assert Item.objects.get().title == "As the thief wrote it"
    revoke(stewards, cedar, 1)
    hub_link.sync()
    item = Item.objects.get()
    assert (item.title, item.version, item.index) == ("As it was", 1, 0)


def test_what_was_recalled_does_not_go_back_to_anything(hub_link, stewards, cedar):
    first = cedar.publish("As it was")
    second = cedar.publish("As the thief wrote it", after=first)
    hub_link.sync()
    cedar.recall(second)
    hub_link.sync()
    assert Item.objects.get().state == ItemState.RECALLED
    revoke(stewards, cedar, 1)
    hub_link.sync()
    assert Item.objects.get().state == ItemState.RECALLED


def test_what_is_not_trusted_does_not_come_back_with_a_lifted_recall(hub_link, stewards, cedar):
    first = cedar.publish("As it was")
    second = cedar.publish("As the thief wrote it", after=first)
    alone = cedar.publish("The thief's own")
    hub_link.sync()
    recalls = [cedar.recall(second), cedar.recall(alone)]
    hub_link.sync()
    revoke(stewards, cedar, 1)
    hub_link.sync()
    for recall in recalls:
        recalling.carry(cedar.lift_of(recall, *map(load_key, stewards.keys["targets"])))
    item = Item.objects.get()
    assert (item.title, item.version, item.state) == ("As it was", 1, ItemState.STAGED)


def test_the_board_of_recalls_waits_for_no_revoked_node(hub_link, stewards, cedar):
    cedar.recall(cedar.publish("One"))
    hub_link.sync()
    (row,) = board(list(Recall.objects.all()))
    assert "cedar" in row["silent"]
    revoke(stewards, cedar, 2)
    hub_link.sync()
    (row,) = board(list(Recall.objects.all()))
    assert row["silent"] == ["global-hub"]


def test_revoked_without_a_word_nothing_it_said_is_trusted(hub_link, stewards, cedar):
    cedar.publish("One")
    hub_link.sync()
    revoke(stewards, cedar)
    hub_link.sync()
    assert not Item.objects.exists()
    assert Quarantine.objects.get().error == AfterLastTrusted.code


def test_a_history_other_than_the_named_one_is_not_trusted_at_all(hub_link, stewards, cedar):
    cedar.publish("One")
    cedar.publish("Two")
    hub_link.sync()
    last = (1, "ab" * 32)
    stewards.publish(proposals.propose_status(stewards.repository, "cedar", "revoked", last))
    hub_link.sync()
    assert not Item.objects.exists()
    assert Quarantine.objects.count() == 2


def test_an_active_node_with_a_last_trusted_entry_is_read_up_to_it(hub_link, stewards, cedar):
    """The node comes back; what a thief had said is never taken, whenever it arrives."""
    cedar.publish("Trusted")
    cedar.publish("The thief's")
    last = (1, root_of(cedar, 1))
    stewards.publish(proposals.propose_status(stewards.repository, "cedar", "active", last))
    hub_link.sync()
    assert [item.title for item in Item.objects.all()] == ["Trusted"]
    assert Quarantine.objects.get().error == AfterLastTrusted.code
    assert Log.objects.get(node_id="cedar").applied == 2


@pytest.mark.parametrize("heard", ["before", "after"])
def test_a_recall_after_the_last_trusted_entry_holds_and_is_passed_on(
    hub_link, stewards, cedar, here, heard
):
    """Whoever takes a node over cannot make its recalls forgotten: its own word can only hide."""
    item = cedar.publish("It endangers people")
    hub_link.sync()
    if heard == "before":
        cedar.recall(item)
        hub_link.sync()
    last = (1, root_of(cedar, 1))
    stewards.publish(proposals.propose_status(stewards.repository, "cedar", "active", last))
    if heard == "after":
        cedar.recall(item)
    assert hub_link.sync().ok
    assert Item.objects.get().state == ItemState.RECALLED
    assert not Quarantine.objects.exists()
    said = cedar.said[1].address
    assert Record.objects.get(address=said).payload is not None
    log = Log.objects.get(node_id="cedar")
    assert said.encode() in record_bundles.records_bundle(log, 0, 2)


# --- New keys -------------------------------------------------------------------------------------


def rotate(stewards: Stewards, cedar: SimulatedNode, *, vouched: bool) -> Renewed:
    """Let the coalition go on with new keys, from its next entry on."""
    renewed = Renewed(cedar, vouched=vouched)
    change = proposals.propose_rotation(
        stewards.repository, renewed.descriptor, cedar.size, without_old_identity=not vouched
    )
    stewards.publish(change)
    renewed.said = list(cedar.said)
    return renewed


def test_a_node_goes_on_with_new_keys_that_its_old_identity_vouches_for(
    hub_link, stewards, cedar, global_hub, subscribe
):
    subscribe(Policy.PUBLISH)
    cedar.publish("Before")
    hub_link.sync()
    renewed = rotate(stewards, cedar, vouched=True)
    hub_link.feed.logs["cedar"] = renewed
    global_hub.endorse(renewed.publish("After"))
    assert hub_link.sync().ok
    assert Item.objects.get(title="After").state == ItemState.PUBLISHED
    assert Peer.objects.get(node_id="cedar").unconfirmed_key == ""


def word(renewed: Renewed, *signers, named: dict[str, str] | None = None):
    """Let a node say in its log that its keys have changed, signed with these keys."""
    named = named or {each: getattr(renewed.keys, each).public.hex for each in PURPOSES}
    payload = renewed.build("rotate/1", keys=named, day=DAY)
    made = [dsse.Envelope.signed(payload, key).signatures[0] for key in signers]
    return renewed.carry(dsse.Envelope(payload, tuple(made)), "rotate")


def test_the_word_of_the_identity_keys_stands_in_the_log_and_changes_nothing(
    hub_link, stewards, cedar, here
):
    cedar.publish("Before")
    renewed = rotate(stewards, cedar, vouched=True)
    word(renewed, renewed.keys.identity, cedar.keys.identity)
    other = {purpose: key_for("other", purpose).public.hex for purpose in PURPOSES}
    word(renewed, renewed.keys.identity, named=other)
    hub_link.feed.logs["cedar"] = renewed
    renewed.publish("After")
    assert hub_link.sync().ok
    assert not Quarantine.objects.exists()
    assert Record.objects.filter(schema="rotate/1").count() == 2
    member = DescriptorDirectory(here.trust_dir).member("cedar")
    assert member.record_key(renewed.size) == renewed.keys.record.public
    assert member.identity_key == renewed.keys.identity.public
    assert verify_everything().findings == []


@pytest.mark.parametrize("key", ["record", "the old identity", "a thief's"])
def test_a_word_on_keys_by_any_other_key_is_quarantined(hub_link, stewards, cedar, key):
    cedar.publish("Before")
    renewed = rotate(stewards, cedar, vouched=True)
    keys = {
        "record": renewed.keys.record,
        "the old identity": cedar.keys.identity,
        "a thief's": key_for("thief", "identity"),
    }
    word(renewed, keys[key])
    hub_link.feed.logs["cedar"] = renewed
    renewed.publish("After")
    hub_link.sync()
    assert Quarantine.objects.get().error == BadSignature.code
    assert not Record.objects.filter(schema="rotate/1").exists()
    assert Item.objects.filter(title="After").exists()


def test_another_statement_by_the_identity_key_does_not_pass_as_a_word_on_keys(hub_link, cedar):
    cedar.publish("By the wrong key", key=cedar.keys.identity, leaf="rotate")
    hub_link.sync()
    assert Quarantine.objects.get().error == TypeMismatch.code
    assert not Item.objects.exists()


def test_a_word_on_keys_is_always_public(cedar):
    named = {purpose: getattr(cedar.keys, purpose).public.hex for purpose in PURPOSES}
    with pytest.raises(InvalidRecord):
        cedar.build("rotate/1", keys=named, day=DAY, audience="network")
    with pytest.raises(InvalidRecord):
        cedar.build("rotate/1", keys={**named, "log": named["record"]}, day=DAY)


def test_this_node_says_so_itself_once_the_stewards_have_decided(here, tmp_path, shareable):
    rooted(here)
    publishing.share_page(shareable())
    heads.sign_head()
    old = tmp_path / "old"
    shutil.copytree(here.keys_dir, old)
    for path in here.keys_dir.glob("*.pem"):
        if not path.name.startswith("trust-"):
            path.unlink()
    initialise_node(here)
    stewarding.write_descriptor(here, tmp_path / "new.json", old / "identity.pem")
    trusting.follow_current(here)
    assert not Entry.objects.filter(type="rotate").exists(), "not before the stewards"
    change = proposals.propose_rotation(
        trusting.repository_of(here), (tmp_path / "new.json").read_bytes(), 1
    )
    trusting.sign_here(change, trusting.stewards_dir(here))

    trusting.publish_change(change, here)
    rotating.say(here)

    entry = Entry.objects.get(type="rotate")
    assert entry.index == 1
    record = Record.objects.get(address=entry.address)
    assert [signature["keyid"] for signature in record.signatures] == [
        load_keys(here.keys_dir).identity.public.keyid,
        load_key(old / "identity.pem").public.keyid,
    ]
    assert heads.sign_head().head_size == 2
    assert verify_everything().findings == []


def test_the_old_key_signs_nothing_after_the_rotation(hub_link, stewards, cedar):
    cedar.publish("Before")
    hub_link.sync()
    rotate(stewards, cedar, vouched=True)
    cedar.publish("The thief's")
    assert errors_of(hub_link.sync()) == [("cedar", WrongKey)]
    assert [item.title for item in Item.objects.all()] == ["Before"]


def test_what_is_said_again_with_new_keys_is_whole_in_both_places(hub_link, stewards, cedar):
    said = cedar.publish("Said twice")
    hub_link.sync()
    renewed = rotate(stewards, cedar, vouched=True)
    hub_link.feed.logs["cedar"] = renewed
    again = dsse.Envelope.signed(said.envelope.payload, renewed.keys.record)
    signatures = (*said.envelope.signatures, *again.signatures)
    both = dsse.Envelope(again.payload, signatures)
    renewed.said[0] = replace(said, envelope=both)  # as it is handed out by its address
    renewed.carry(both, leaf="publish")
    assert hub_link.sync().ok
    assert Quarantine.objects.get().error == "version.old"
    assert verify_everything().findings == []


def test_new_keys_without_the_old_identity_make_drafts_until_a_person_confirms(
    hub_link, stewards, cedar, global_hub, subscribe, here
):
    subscribe(Policy.PUBLISH)
    cedar.publish("Before")
    hub_link.sync()
    renewed = rotate(stewards, cedar, vouched=False)
    hub_link.feed.logs["cedar"] = renewed
    global_hub.endorse(renewed.publish("After"))
    assert hub_link.sync().ok
    assert Item.objects.get(title="After").state == ItemState.DRAFT
    assert not Provenance.objects.get().page.live
    fingerprint = renewed.keys.identity.public.fingerprint
    assert Peer.objects.get(node_id="cedar").unconfirmed_key == fingerprint
    assert not status.node_status(here)["ok"]

    with pytest.raises(FingerprintMismatch):
        trusting.confirm_keys("cedar", "0" * 64)
    trusting.confirm_keys("cedar", renewed.keys.identity.public.fingerprint_groups)
    global_hub.endorse(renewed.publish("Later"))
    assert hub_link.sync().ok
    assert Item.objects.get(title="Later").state == ItemState.PUBLISHED


def test_a_crash_between_files_and_database_loses_no_warning(
    hub_link, stewards, cedar, here, monkeypatch
):
    """New keys are in force, and the worker dies before it has marked the node."""
    cedar.publish("Before")
    hub_link.sync()
    rotate(stewards, cedar, vouched=False)
    followed = trusting.follow_members

    def dies(before, conf):
        raise KeyboardInterrupt

    monkeypatch.setattr(trusting, "follow_members", dies)
    with pytest.raises(KeyboardInterrupt):
        hub_link.sync()
    assert Peer.objects.get(node_id="cedar").unconfirmed_key == ""
    monkeypatch.setattr(trusting, "follow_members", followed)
    Peer.objects.update(claimed_until=None)
    hub_link.sync()
    assert Peer.objects.get(node_id="cedar").unconfirmed_key != ""
    hub_link.feed.asked.clear()
    hub_link.sync()
    assert not [path for path in hub_link.feed.asked if path.startswith("trust/")]


def test_a_restored_database_follows_what_came_after_it(hub_link, stewards, cedar, here):
    """Files are newer than the rows: what is trusted no longer, and a new key, are known again."""
    cedar.publish("Before")
    cedar.publish("The thief's")
    hub_link.sync()
    backup = transaction.savepoint()
    renewed = rotate(stewards, cedar, vouched=False)
    revoke(stewards, renewed, 1)
    hub_link.sync()
    assert [item.title for item in Item.objects.all()] == ["Before"]
    transaction.savepoint_rollback(backup)
    assert Item.objects.count() == 2
    assert Peer.objects.get(node_id="cedar").unconfirmed_key == ""

    trusting.renew_trust(here)  # as the worker does first when it is started

    assert [item.title for item in Item.objects.all()] == ["Before"]
    assert Peer.objects.get(node_id="cedar").unconfirmed_key != ""


# --- A lost quorum, and the hub's own side --------------------------------------------------------


def test_a_new_root_that_people_compared_is_adopted_with_its_hash(
    hub_link, stewards, cedar, global_hub, here, tmp_path
):
    cedar.publish("Stays")
    hub_link.sync()
    fresh = Stewards(tmp_path / "fresh", global_hub)
    fresh.enrol(cedar, SimulatedNode("newcomer"))
    hub_link.feed.trust = fresh.repository.folder
    assert not hub_link.sync().ok
    pin = fresh.repository.root_pin()
    rows = snapshot()
    trusting.adopt_root(fresh.repository.root_bytes(), pin.version, pin.sha256, here)
    assert snapshot() == rows, "items and logs are untouched"
    assert hub_link.sync().ok
    assert Peer.objects.filter(node_id="newcomer").exists()
    assert Item.objects.get().title == "Stays"


def test_a_hub_whose_stewards_are_elsewhere_writes_the_change_for_them(hub_here, tmp_path):
    keys = tmp_path / "sticks"
    for role in ("root", "targets"):
        for name in ("amal", "bao", "chidi"):
            create_role_key(keys / f"{role}-{name}.pem")
    trusting.start_trust(hub_here, keys, root_threshold=2, targets_threshold=2)
    node = SimulatedNode("cedar")
    change = proposals.propose_member(trusting.repository_of(hub_here), node.descriptor)
    path = trusting.settle(change, hub_here)
    assert path is not None
    assert path.exists()
    assert not DescriptorDirectory(hub_here.trust_dir).store.member("cedar")
    trusting.sign_here(change, keys)
    trusting.publish_change(change, hub_here)
    assert DescriptorDirectory(hub_here.trust_dir).member("cedar").status == "active"
    assert Peer.objects.get(node_id="cedar").status == PeerStatus.ACTIVE


def test_the_caps_of_the_stewards_hold_before_those_of_the_settings(hub_link, stewards, cedar):
    caps = {"entries": 1}
    stewards.publish(proposals.propose_scope(stewards.repository, "cedar", caps=caps))
    cedar.publish("One")
    cedar.publish("Two")
    (error,) = hub_link.sync().errors
    assert error[1].code == "log.too-much-growth"
    assert not Item.objects.exists()


def test_only_a_hub_renews(here):
    assert not trusting.renew_trust(replace(here))


def test_a_log_of_whom_only_stewards_have_told_is_exported_too(hub_link, cedar, here, tmp_path):
    cedar.publish("Carried on")
    assert hub_link.sync().ok
    with (tmp_path / "all.zip").open("wb") as file:
        done = bundle_export.export_bundle(file, conf=here)
    assert "cedar" in [log.node for log in done.logs]
    found = inspect_bundle(tmp_path / "all.zip", here)
    assert found.problems == []
