"""A bundle is a pull by hand: the same bytes, the same checks, and nothing else is believed."""

import io
import zipfile
from pathlib import Path

import pytest

from federation.client import limits_of
from federation.errors import NotInBundle, UnknownMember
from federation.models import (
    Blob,
    BlobState,
    Item,
    ItemState,
    Log,
    Policy,
    Quarantine,
    Record,
    ReviewDecision,
)
from federation.services import bundle_export, heads, publishing, review
from federation.services.bundle_import import import_bundle, inspect_bundle
from federation.trust import DescriptorDirectory
from federation.wire import archive, bundles, merkle, tiles
from tests import factories
from tests.federation.carried import bundle_of, members_of, write_bundle
from tests.federation.simulated_node import SimulatedNode
from tests.federation.snapshot import snapshot


@pytest.fixture
def known(here, cedar):
    """Make Cedar a member; nothing can be fetched from it."""
    DescriptorDirectory(here.trust_dir).add(cedar.descriptor)
    return cedar


def exported(tmp_path: Path, name: str = "out.zip", **how) -> Path:
    path = tmp_path / name
    with path.open("wb") as target:
        bundle_export.export_bundle(target, **how)
    return path


def test_a_bundle_brings_what_a_pull_would(known, tmp_path, subscribe):
    subscribe(Policy.DRAFT)
    picture = factories.picture_bytes()
    said = known.publish("By hand", media=[known.picture(picture)])
    report = import_bundle(bundle_of(tmp_path, known))
    assert report.errors == []
    assert report.applied == {"cedar": 1}
    item = Item.objects.get()
    assert (item.title, item.address, item.state) == ("By hand", said.address, ItemState.DRAFT)
    assert Blob.objects.get().state == BlobState.PRESENT
    log = Log.objects.get(node_id="cedar")
    assert (log.head_size, log.applied) == (1, 1)


def test_a_bundle_by_hand_leaves_what_a_pull_leaves(known, tmp_path, enrol):
    for number in range(6):
        known.publish(f"Play {number}")
    import_bundle(bundle_of(tmp_path, known))
    by_hand = snapshot(ignore=("Quarantine", "Peer", "Log"))
    link = enrol(known)
    report = link.sync()
    assert report.ok
    assert report.applied == {"cedar": 0}
    assert snapshot(ignore=("Quarantine", "Peer", "Log")) == by_hand


def test_an_import_is_repeated_without_effect(known, tmp_path):
    known.publish("Once")
    path = bundle_of(tmp_path, known)
    import_bundle(path)
    before = snapshot()
    again = import_bundle(path)
    assert (again.errors, again.applied) == ([], {"cedar": 0})
    assert snapshot() == before


def test_a_range_continues_what_is_known(known, tmp_path):
    for number in range(300):
        known.publish(f"Play {number}")
    import_bundle(bundle_of(tmp_path, known, at=270))
    assert Log.objects.get(node_id="cedar").applied == 270
    tail = bundle_of(tmp_path, known, since=270)
    assert "log/cedar/tile/entries/000" not in members_of(tail)
    assert import_bundle(tail).applied == {"cedar": 30}
    assert Item.objects.count() == 300


def test_a_range_that_begins_too_late_says_so_and_changes_nothing(known, tmp_path):
    for number in range(300):
        known.publish(f"Play {number}")
    before = snapshot(ignore=("Log", "Quarantine"))
    report = import_bundle(bundle_of(tmp_path, known, since=270))
    assert [error.code for _about, error in report.errors] == [NotInBundle.code]
    assert snapshot(ignore=("Log", "Quarantine")) == before
    assert Log.objects.get(node_id="cedar").error == "", "an old bundle is no fault of the node"


def test_what_was_exported_is_the_same_each_time_and_read_by_common_tools(
    here, shareable, tmp_path
):
    publishing.share_page(shareable(picture=factories.picture(), picture_alt="A door"))
    heads.sign_head()
    first, second = exported(tmp_path), exported(tmp_path, "again.zip")
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as opened:
        assert opened.testzip() is None
        names = opened.namelist()
    sha256 = Blob.objects.get().sha256
    assert names == [
        "trust/nodes/here", "log/here/checkpoint", "log/here/tile/0/000.p/1",
        "log/here/tile/entries/000.p/1", "log/here/records/000.p/1", f"blob/{sha256}",
    ]  # fmt: skip


def test_an_exported_log_of_another_node_is_what_its_node_would_serve(known, tmp_path):
    for number in range(260):
        known.publish(f"Play {number}")
    import_bundle(bundle_of(tmp_path, known))
    mine = members_of(exported(tmp_path, nodes=["cedar"]))
    theirs = members_of(bundle_of(tmp_path, known, name="theirs.zip"))
    assert mine == theirs


def test_a_range_holds_the_tiles_that_prove_it(known, tmp_path):
    for number in range(600):
        known.publish(f"Play {number}")
    import_bundle(bundle_of(tmp_path, known))
    found = members_of(exported(tmp_path, nodes=["cedar"], since={"cedar": 300}))

    def read(level: int, n: int, width: int | None) -> bytes:
        return found[f"log/cedar/{tiles.tile_path(level, n, width)}"]

    hashes = [leaf.hash for leaf in known.leaves]
    proof = merkle.consistency_proof(300, 600, tiles.node_from_tiles(read, 600))
    merkle.verify_consistency(300, merkle.root(hashes[:300]), 600, merkle.root(hashes), proof)


def test_sealed_bodies_go_only_to_their_audience(here, known, tmp_path, settings):
    settings.FEDERATION = {**settings.FEDERATION, "ROLE": "hub"}
    other = SimulatedNode("baobab")
    DescriptorDirectory(here.trust_dir).add(other.descriptor)
    known.publish("To be reviewed")
    import_bundle(bundle_of(tmp_path, known))
    review.answer_item(Item.objects.get(), ReviewDecision.RETURN, "Please name the source.")
    heads.sign_head()
    sealed = "log/here/sealed/000.p/1"
    found = members_of(exported(tmp_path, audience="cedar"))
    (row,) = bundles.iter_records(found[sealed], start=0, count=1, max_record=10_000)
    assert b"name the source" in row.payload
    for how in ({}, {"audience": "baobab"}):
        whole = exported(tmp_path, **how).read_bytes()
        assert sealed.encode() not in whole
        assert b"name the source" not in whole


def test_an_export_for_nobody_we_know_is_refused(here, tmp_path):
    with pytest.raises(UnknownMember):
        exported(tmp_path, audience="nobody")


def test_a_log_that_is_not_held_is_not_exported(here, tmp_path):
    with pytest.raises(NotInBundle):
        exported(tmp_path, nodes=["elsewhere"])


def test_a_sealed_body_for_this_node_arrives(known, tmp_path, here):
    said = known.publish("A play")
    note = known.build(
        "review/1", audience=[here.NODE_ID], target={**said.target, "origin": here.NODE_ID},
        decision="return", note="Well done.", day="2026-11-20",
    )  # fmt: skip
    sealed = known.say(note)
    report = import_bundle(bundle_of(tmp_path, known, sealed_for=here.NODE_ID))
    assert report.errors == []
    assert Record.objects.get(address=sealed.address).payload == note


def test_an_inspection_says_everything_and_changes_nothing(known, tmp_path, here, subscribe):
    subscribe(Policy.DRAFT)
    first = known.publish("First")
    import_bundle(bundle_of(tmp_path, known))
    known.publish("First, better", after=first)
    known.publish("Second", media=[known.picture(factories.picture_bytes())])
    path = bundle_of(tmp_path, known)
    before = snapshot(ignore=())
    found = inspect_bundle(path)
    assert snapshot(ignore=()) == before
    assert found.ok
    (log,) = found.logs
    assert (log.node, log.start, log.size, log.here, log.records) == ("cedar", 0, 3, 1, 3)
    assert log.newest == "2026-11-20"
    assert found.applied == {"cedar": 2}
    assert [(c.title, c.what, c.version, c.policy) for c in found.changes] == [
        ("First, better", "version", 2, "draft"), ("Second", "new", 1, "draft"),
    ]  # fmt: skip
    assert (found.blobs, found.descriptors) == (1, ["cedar"])


def test_a_bundle_enrols_nobody(here, cedar, tmp_path):
    cedar.publish("From a stranger")
    before = snapshot()
    report = import_bundle(bundle_of(tmp_path, cedar))
    assert [error.code for _about, error in report.errors] == [UnknownMember.code]
    assert snapshot() == before
    with pytest.raises(UnknownMember):
        DescriptorDirectory(here.trust_dir).member("cedar")


def test_a_text_pack_is_taken_in_as_a_bundle(known, tmp_path, here):
    known.publish("In a pack")
    members = {
        "manifest.json": b"{}",
        "text/en/1.md": b"# In a pack",
        **members_of(bundle_of(tmp_path, known)),
    }
    path = write_bundle(tmp_path / "pack.zip", members)
    assert inspect_bundle(path).texts == 1
    assert import_bundle(path).applied == {"cedar": 1}


def test_a_killed_import_goes_on_where_it_stopped(known, tmp_path, monkeypatch):
    for number in range(600):
        known.publish(f"Play {number}")
    path = bundle_of(tmp_path, known)
    from federation.services import ingest

    real, calls = ingest.apply_batch, []

    def killed(*args):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(real(*args))

    monkeypatch.setattr(ingest, "apply_batch", killed)
    with pytest.raises(KeyboardInterrupt):
        import_bundle(path)
    assert Log.objects.get(node_id="cedar").applied == 512
    monkeypatch.undo()
    report = import_bundle(path)
    assert (report.errors, report.applied) == ([], {"cedar": 88})
    assert Item.objects.count() == 600
    assert not Quarantine.objects.exists()


def test_more_than_a_bundle_may_hold_is_not_written(here, shareable, settings):
    publishing.share_page(shareable())
    heads.sign_head()
    settings.FEDERATION = {**settings.FEDERATION, "MAX_BUNDLE": 500}
    with pytest.raises(archive.BundleTooLarge):
        bundle_export.export_bundle(io.BytesIO())


def test_the_limits_are_those_of_the_settings(here, settings):
    settings.FEDERATION = {**settings.FEDERATION, "MAX_BUNDLE": 7, "MAX_BUNDLE_MEMBERS": 8}
    from federation.conf import get_conf

    limits = limits_of(get_conf())
    assert (limits.size, limits.members) == (7, 8)
