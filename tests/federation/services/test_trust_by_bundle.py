"""What stewards decided, carried as a file to a node that hears from nobody."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from federation.errors import BadTrustMetadata, TrustExpired, UnknownMember
from federation.models import Item, Peer, Policy, Provenance, Quarantine
from federation.services import heads, publishing, trusting
from federation.services.bundle_export import export_to
from federation.services.bundle_import import import_bundle, inspect_bundle
from federation.trust import DescriptorDirectory, TrustStore, proposals, refresh_from_folder
from federation.trust.rolekeys import create_role_key
from tests.federation.carried import members, members_of, write_bundle
from tests.federation.simulated_node import SimulatedNode
from tests.federation.stewards import Stewards, rooted
from tests.federation.trust.test_refresh import files

from .test_trusting import root_of

DAY = timedelta(days=1)


@pytest.fixture
def stewards(tmp_path, global_hub, cedar) -> Stewards:
    stewards = Stewards(tmp_path / "stewards", global_hub)
    stewards.enrol(cedar)
    return stewards


@pytest.fixture
def store(here, stewards) -> TrustStore:
    """Return this node's store, which has taken in what was published when it joined."""
    store = TrustStore(here.trust_dir)
    stewards.pin(store)
    stewards.hand_over(store)
    trusting.follow_current(here)
    return store


@pytest.fixture
def carry(tmp_path, stewards, cedar):
    """Return a function that writes a bundle as another node would, with its trust and a log."""

    def _carry(*, log: SimulatedNode | None = cedar, change=None, name="carried.zip"):
        other = TrustStore(tmp_path / f"other-{name}")
        first = (stewards.repository.folder / "metadata" / "1.root.json").read_bytes()
        other.pin_root(first, 1, hashlib.sha256(first).hexdigest())
        refresh_from_folder(other, stewards.repository.folder)
        found = {f"trust/{path}": data for path, data in other.served()}
        if log is not None:
            found |= dict(_log(log))
        if change:
            change(found)
        return write_bundle(tmp_path / name, found)

    return _carry


def _log(node: SimulatedNode):
    for name, data in members(node, 0, node.size, None):
        if name.startswith("log/"):
            yield name, data


def codes(report) -> list[tuple[str, str]]:
    return [(about, error.code) for about, error in report.errors]


def test_a_revocation_that_arrives_by_bundle_alone(here, store, stewards, carry, cedar, subscribe):
    subscribe(Policy.DRAFT)
    cedar.publish("Before it was taken over")
    bad = cedar.publish("Said by somebody else")
    assert import_bundle(carry(name="first.zip")).ok
    assert Provenance.objects.count() == 2
    last = (1, root_of(cedar, 1))
    stewards.publish(proposals.propose_status(stewards.repository, "cedar", "revoked", last))

    report = import_bundle(carry(log=None))

    assert (report.ok, report.changed) == (True, True)
    member = DescriptorDirectory(here.trust_dir).member("cedar")
    assert (member.status, member.trusted_size) == ("revoked", 1)
    assert Quarantine.objects.get(resolved=False).address == bad.address
    assert not Item.objects.filter(address=bad.address).exists()
    assert Item.objects.get().title == "Before it was taken over"


def test_a_new_member_and_what_it_said_come_in_one_bundle(here, store, stewards, carry):
    newcomer = SimulatedNode("newcomer")
    newcomer.publish("From a new node")
    alone = carry(log=newcomer, change=drop_trust, name="alone.zip")
    assert codes(import_bundle(alone)) == [("newcomer", UnknownMember.code)]
    stewards.enrol(newcomer)

    path = carry(log=newcomer)
    seen = inspect_bundle(path)
    assert seen.newer_trust
    with pytest.raises(UnknownMember):
        DescriptorDirectory(here.trust_dir).member("newcomer")
    report = import_bundle(path)

    assert report.ok
    assert Peer.objects.filter(node_id="newcomer").exists()
    assert Item.objects.get().title == "From a new node"


def drop_trust(found: dict[str, bytes]) -> None:
    for name in [name for name in found if name.startswith("trust/")]:
        del found[name]


def test_a_chain_of_roots_comes_whole(here, store, stewards, carry, tmp_path):
    for number in (1, 2):
        key = tmp_path / f"targets-new-{number}.pem"
        public = create_role_key(key)
        stewards.keys["targets"] = [key]
        stewards.publish(proposals.propose_role(stewards.repository, "targets", [public], 1))
    assert import_bundle(carry()).ok
    assert store.root().version == 3
    names = members_of(carry(name="again.zip"))
    assert {f"trust/metadata/{n}.root.json" for n in (1, 2, 3)} <= set(names)


def test_an_expired_bundle_is_named_and_the_rest_goes_on(here, store, stewards, carry, cedar):
    cedar.publish("Known all the same")
    newcomer = SimulatedNode("newcomer")
    stewards.enrol(newcomer)
    path = carry()
    before = files(store.folder)
    with time_machine.travel(datetime.now(UTC) + 3 * DAY):
        seen = inspect_bundle(path)
        report = import_bundle(path)
    assert TrustExpired.code in [problem.error for problem in seen.problems]
    assert codes(report) == [("trust", TrustExpired.code)]
    assert files(store.folder) == before
    assert Item.objects.get().title == "Known all the same"


def test_an_older_bundle_is_passed_over(here, store, stewards, carry, cedar):
    cedar.publish("Known all the same")
    old = carry(name="old.zip")
    stewards.publish(proposals.propose_status(stewards.repository, "cedar", "suspended"))
    stewards.hand_over(store)
    trusting.follow_current(here)
    before = files(store.folder)
    seen = inspect_bundle(old)
    report = import_bundle(old)
    assert not seen.newer_trust
    assert [about for about, _code in codes(report)] == ["cedar"], "of trust not a word"
    assert DescriptorDirectory(here.trust_dir).member("cedar").status == "suspended"
    assert files(store.folder) == before
    assert not Item.objects.exists()


def tampered(found: dict[str, bytes]) -> None:
    for name in found:
        if name.endswith(".targets.json"):
            year = str(json.loads(found[name])["signed"]["expires"])[:4].encode()
            found[name] = found[name].replace(year, b"2099", 1)


def without_snapshot(found: dict[str, bytes]) -> None:
    for name in [name for name in found if name.endswith(".snapshot.json")]:
        del found[name]


@pytest.mark.parametrize(
    ("change", "code"),
    [(tampered, BadTrustMetadata.code), (without_snapshot, "bundle.incomplete")],
)
def test_bad_metadata_is_named_and_the_rest_goes_on(
    here, store, stewards, carry, cedar, change, code
):
    cedar.publish("Known all the same")
    stewards.enrol(SimulatedNode("newcomer"))
    path = carry(change=change)
    before = files(store.folder)
    report = import_bundle(path)
    assert codes(report) == [("trust", code)]
    assert files(store.folder) == before
    assert Item.objects.get().title == "Known all the same"


def test_the_stewards_of_another_federation_change_nothing(here, store, stewards, tmp_path, cedar):
    others = Stewards(tmp_path / "others", SimulatedNode("global-hub"), keys=2, threshold=2)
    others.enrol(SimulatedNode("intruder"))
    for _again in range(3):
        others.publish(proposals.propose_renewal(others.repository, "targets"))
    foreign = TrustStore(tmp_path / "foreign")
    others.pin(foreign)
    others.hand_over(foreign)
    found = {f"trust/{path}": data for path, data in foreign.served()}
    before = files(store.folder)
    report = import_bundle(write_bundle(tmp_path / "foreign.zip", found))
    assert codes(report) == [("trust", BadTrustMetadata.code)]
    assert files(store.folder) == before


def test_what_is_exported_can_be_taken_in(here, shareable, tmp_path):
    publishing.share_page(shareable())
    heads.sign_head()
    rooted(here)
    path = tmp_path / "made.zip"
    export_to(path)
    names = list(members_of(path))
    assert names[0] == "trust/metadata/1.root.json"
    assert "trust/metadata/timestamp.json" in names
    assert any(name.startswith("trust/targets/nodes/") for name in names)
    again = tmp_path / "again.zip"
    export_to(again)
    assert path.read_bytes() == again.read_bytes()
    store = TrustStore(here.trust_dir)
    node = TrustStore(tmp_path / "node")
    pin = store.pin
    node.pin_root(store.pinned_root(), pin.version, pin.sha256)
    folder = tmp_path / "unpacked"
    for name, data in members_of(path).items():
        if name.startswith(("trust/metadata/", "trust/targets/")):
            place = folder / name.removeprefix("trust/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    assert refresh_from_folder(node, folder)
    assert node.digest() == store.digest()
