"""What a node takes over of trust metadata. Each lie is refused by name and changes nothing."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, Root, Targets

from federation.errors import (
    BadTarget,
    BadTrustMetadata,
    FederationError,
    TrustExpired,
    TrustNotSet,
    TrustRolledBack,
    WrongRoot,
)
from federation.trust import DescriptorDirectory, TrustStore, proposals, refresh_from_folder
from federation.trust.changes import target_files
from federation.trust.rolekeys import create_role_key, load_signer
from tests.federation.simulated_node import SimulatedNode
from tests.federation.stewards import Stewards


@pytest.fixture
def stewards(tmp_path) -> Stewards:
    stewards = Stewards(tmp_path / "hub", SimulatedNode("global-hub"))
    stewards.enrol(SimulatedNode("cedar"))
    return stewards


@pytest.fixture
def store(tmp_path) -> TrustStore:
    return TrustStore(tmp_path / "node" / "trust")


@pytest.fixture
def trusting(stewards, store) -> TrustStore:
    """Return a node's store that has taken in what the stewards published."""
    stewards.pin(store)
    assert stewards.hand_over(store)
    return store


def files(folder: Path) -> dict[str, bytes]:
    """Return every file of a trust folder, with where its links lead."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def members(store: TrustStore) -> list[str]:
    return [member.node_id for member in DescriptorDirectory(store.folder).members()]


def test_nothing_is_trusted_without_a_pinned_root(stewards, store):
    with pytest.raises(TrustNotSet):
        stewards.hand_over(store)
    assert files(store.folder.parent) == {}
    stewards.pin(store)
    assert stewards.hand_over(store)
    assert members(store) == ["cedar", "global-hub"]


def test_taking_in_the_same_again_changes_nothing(stewards, trusting):
    before = files(trusting.folder)
    assert not stewards.hand_over(trusting)
    assert files(trusting.folder) == before


def test_what_was_verified_is_served_verbatim(stewards, trusting):
    published = files(stewards.repository.folder)
    for name in ("metadata/timestamp.json", "metadata/1.root.json", "metadata/2.targets.json"):
        assert trusting.public(name) == published[name]
    hashed = [name for name in published if name.startswith("targets/nodes/")]
    assert len(hashed) == 2
    assert all(trusting.public(name) == published[name] for name in hashed)
    assert trusting.public("../pin.json") is None
    assert trusting.public("metadata/9.targets.json") is None


def test_a_node_can_be_fetched_from_as_the_hub_can(stewards, trusting, tmp_path):
    other = TrustStore(tmp_path / "other" / "trust")
    stewards.pin(other)
    assert refresh_from_folder(other, trusting.current / "public")
    assert members(other) == members(trusting)


@pytest.mark.parametrize(("version", "sha256"), [(1, "0" * 64), (2, None)])
def test_another_root_than_the_one_compared_is_refused(stewards, store, version, sha256):
    pin = stewards.repository.root_pin()
    with pytest.raises(WrongRoot):
        store.pin_root(stewards.repository.root_bytes(), version, sha256 or pin.sha256)
    assert not store.folder.exists()


# --- Lies -----------------------------------------------------------------------------------------


def later(stewards: Stewards, *names: str) -> None:
    stewards.enrol(*(SimulatedNode(name) for name in names))


def resign(stewards: Stewards, role: str, change: Callable, *keys: Path) -> None:
    """Change the newest metadata of a role and sign it with these keys alone."""
    repository = stewards.repository
    path = repository._newest_path(role)
    metadata = Metadata.from_bytes(path.read_bytes())
    change(metadata.signed)
    metadata.signatures.clear()
    for key in keys:
        metadata.sign(load_signer(key), append=True)
    path.write_bytes(metadata.to_bytes())


def roll_back_timestamp(stewards: Stewards, kept: dict[str, bytes]) -> None:
    """Serve the first timestamp, which fits the first snapshot."""
    first = Metadata.from_bytes(kept["metadata/timestamp.json"])
    first.signed.version = 1
    first.signatures.clear()
    first.sign(load_signer(stewards.repository.online_key("timestamp")))
    path = stewards.repository.folder / "metadata" / "timestamp.json"
    path.write_bytes(first.to_bytes())


def roll_back_snapshot(stewards: Stewards, kept: dict[str, bytes]) -> None:
    """Sign a newer timestamp over an older snapshot."""
    repository = stewards.repository
    for path in (repository.folder / "metadata").glob("*.snapshot.json"):
        if not path.name.startswith("1."):
            path.unlink()
    repository.sign_timestamp()


def roll_back_targets(stewards: Stewards, kept: dict[str, bytes]) -> None:
    """Sign a newer snapshot over older targets."""
    (stewards.repository.folder / "metadata" / "2.targets.json").unlink()
    stewards.repository.sign_snapshot()


def roll_back_root(stewards: Stewards, kept: dict[str, bytes]) -> None:
    """Serve the first root under the name of the second."""
    metadata = stewards.repository.folder / "metadata"
    shutil.copyfile(metadata / "1.root.json", metadata / "2.root.json")


def freeze(stewards: Stewards, kept: dict[str, bytes]) -> None:
    stewards.repository.sign_timestamp(datetime.now(UTC) - timedelta(hours=49))


def mix(stewards: Stewards, kept: dict[str, bytes]) -> None:
    """Serve a newer timestamp and snapshot with the targets of before."""
    later(stewards, "newcomer")
    data = kept["metadata/2.targets.json"]
    (stewards.repository.folder / "metadata" / "3.targets.json").write_bytes(data)


def sign_with_strangers(stewards: Stewards, kept: dict[str, bytes]) -> None:
    stranger = stewards.folder / "stranger.pem"
    create_role_key(stranger)

    def newer(targets: Targets) -> None:
        targets.version += 1

    resign(stewards, "targets", newer, stranger)
    path = stewards.repository.folder / "metadata" / "2.targets.json"
    path.rename(path.with_name("3.targets.json"))
    stewards.repository.sign_snapshot()


def change_a_target(stewards: Stewards, kept: dict[str, bytes]) -> None:
    later(stewards, "newcomer")
    folder = stewards.repository.folder / "targets" / "nodes"
    path = next(folder.glob("*.newcomer.json"))
    path.write_bytes(path.read_bytes().replace(b"active", b"actlve"))


def enrol_anothers_file(stewards: Stewards, kept: dict[str, bytes]) -> None:
    """Sign, with all the keys it takes, a file that describes another node than its name says."""
    contents = stewards.repository.contents()
    contents["nodes/thief.json"] = contents["nodes/cedar.json"]
    _publish_unchecked(stewards, contents)


def enrol_no_member(stewards: Stewards, kept: dict[str, bytes]) -> None:
    contents = stewards.repository.contents()
    _publish_unchecked(stewards, {**contents, "nodes/thief.json": b'{"schema":"member/1"}'})


def write_outside(stewards: Stewards, kept: dict[str, bytes]) -> None:
    contents = stewards.repository.contents()
    _publish_unchecked(stewards, {**contents, "nodes/../../../thief.json": b"{}"})


def remove_a_member(stewards: Stewards, kept: dict[str, bytes]) -> None:
    contents = stewards.repository.contents()
    del contents["nodes/cedar.json"]
    _publish_unchecked(stewards, contents)


def _publish_unchecked(stewards: Stewards, contents: dict[str, bytes]) -> None:
    repository = stewards.repository
    before = repository.newest("targets", Targets).signed
    targets = Targets(before.version + 1, None, before.expires, target_files(contents))
    metadata = Metadata(targets)
    metadata.sign(load_signer(stewards.keys["targets"][0]))
    repository.publish(None, metadata, contents)


def name_one_key_twice(stewards: Stewards, kept: dict[str, bytes]) -> None:
    """A root in which one steward counts as two."""
    repository = stewards.repository
    metadata = repository.newest("root", Root)
    root = metadata.signed
    root.version += 1
    key = root.keys[root.roles["root"].keyids[0]]
    root.add_key(type(key).from_dict("ab" * 32, key.to_dict()), "root")
    root.roles["root"].threshold = 2
    metadata.signatures.clear()
    metadata.sign(load_signer(stewards.keys["root"][0]), append=True)
    signature = next(iter(metadata.signatures.values()))
    metadata.signatures["ab" * 32] = type(signature)("ab" * 32, signature.signature)
    path = repository.folder / "metadata" / "2.root.json"
    path.write_bytes(metadata.to_bytes())


LIES: dict[str, tuple[Callable[[Stewards, dict[str, bytes]], None], type[FederationError]]] = {
    "an older timestamp": (roll_back_timestamp, TrustRolledBack),
    "an older snapshot": (roll_back_snapshot, TrustRolledBack),
    "older targets": (roll_back_targets, TrustRolledBack),
    "an older root": (roll_back_root, TrustRolledBack),
    "a timestamp that has run out": (freeze, TrustExpired),
    "parts of two states": (mix, BadTrustMetadata),
    "targets signed by a stranger": (sign_with_strangers, BadTrustMetadata),
    "a changed target": (change_a_target, BadTarget),
    "a target about another node": (enrol_anothers_file, BadTarget),
    "a target that is no member": (enrol_no_member, BadTarget),
    "a target outside its folder": (write_outside, BadTarget),
    "a member removed": (remove_a_member, BadTrustMetadata),
    "a root that counts one key twice": (name_one_key_twice, BadTrustMetadata),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_refused_by_name_and_changes_no_file(stewards, trusting, name: str):
    lie, expected = LIES[name]
    before = files(trusting.folder)
    lie(stewards, files(stewards.repository.folder))

    with pytest.raises(expected) as caught:
        stewards.hand_over(trusting)

    assert type(caught.value) is expected
    assert files(trusting.folder) == before
    assert "thief" not in members(trusting)


# --- Roots ----------------------------------------------------------------------------------------


def rotate(stewards: Stewards, role: str, number: int) -> None:
    """Replace a role's key by a new one, signed by the old one too."""
    fresh = stewards.folder / "sticks" / f"{role}-new-{number}.pem"
    key = create_role_key(fresh)
    change = proposals.propose_role(stewards.repository, role, [key], 1)
    stewards.publish(change)


def test_roots_are_followed_one_after_the_other(stewards, trusting):
    """Three rotations happen while the node is away: the key it knows vouches for none but the
    first of them."""
    for number in range(3):
        rotate(stewards, "root", number)
    later(stewards, "newcomer")
    assert stewards.hand_over(trusting)
    assert trusting.root().version == 4
    assert "newcomer" in members(trusting)
    assert trusting.public("metadata/3.root.json") is not None


def test_a_gap_in_the_chain_of_roots_is_not_jumped(stewards, trusting):
    for number in range(3):
        rotate(stewards, "root", number)
    (stewards.repository.folder / "metadata" / "3.root.json").unlink()
    stewards.hand_over(trusting)
    assert trusting.root().version == 2


def test_a_targets_key_that_was_replaced_signs_nothing_any_more(stewards, trusting):
    old = stewards.keys["targets"][0]
    rotate(stewards, "targets", 1)
    assert stewards.hand_over(trusting)
    before = files(trusting.folder)

    def newer(targets: Targets) -> None:
        targets.version += 1

    resign(stewards, "targets", newer, old)
    path = stewards.repository._newest_path("targets")
    path.rename(path.with_name("4.targets.json"))
    stewards.repository.sign_snapshot()
    with pytest.raises(BadTrustMetadata):
        stewards.hand_over(trusting)
    assert files(trusting.folder) == before


def test_a_verified_root_counts_even_where_the_rest_does_not_verify(stewards, trusting):
    rotate(stewards, "root", 1)
    freeze(stewards, {})
    with pytest.raises(TrustExpired):
        stewards.hand_over(trusting)
    assert trusting.root().version == 2
    assert members(trusting) == ["cedar", "global-hub"]


def test_a_lost_root_quorum_is_replaced_by_a_root_that_people_compared(
    stewards, trusting, tmp_path
):
    """The keys are gone: another repository starts, and nothing of the old one vouches for it."""
    rotate(stewards, "root", 1)
    stewards.hand_over(trusting)
    assert trusting.public("metadata/2.root.json") is not None
    fresh = Stewards(tmp_path / "new-hub", SimulatedNode("global-hub"))
    fresh.enrol(SimulatedNode("cedar"), SimulatedNode("newcomer"))
    before = files(trusting.folder)
    with pytest.raises(FederationError):
        fresh.hand_over(trusting)
    assert files(trusting.folder) == before

    fresh.pin(trusting)
    assert members(trusting) == ["cedar", "global-hub"], "until the new targets are fetched"
    assert fresh.hand_over(trusting)
    assert members(trusting) == ["cedar", "global-hub", "newcomer"]
    assert trusting.public("metadata/2.root.json") is None, "the lost chain is not served"


# --- Running out ----------------------------------------------------------------------------------


def test_what_ran_out_is_named_and_members_stay(trusting):
    assert trusting.expired() == ()
    soon = datetime.now(UTC) + timedelta(days=3)
    assert trusting.expired(soon) == ("timestamp",)
    assert trusting.expired(soon + timedelta(days=7)) == ("snapshot", "timestamp")
    assert members(trusting) == ["cedar", "global-hub"]


def test_the_beat_signs_the_online_roles_anew_when_half_their_life_is_over(stewards):
    repository, now = stewards.repository, datetime.now(UTC)
    assert not repository.renew(now)
    version = json.loads((repository.folder / "metadata/timestamp.json").read_bytes())["signed"]
    assert repository.renew(now + timedelta(hours=25))
    renewed = json.loads((repository.folder / "metadata/timestamp.json").read_bytes())["signed"]
    assert renewed["version"] == version["version"] + 1
    assert repository.renew(now + timedelta(days=4))
    assert len(list((repository.folder / "metadata").glob("*.snapshot.json"))) == 3
