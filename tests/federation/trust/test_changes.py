"""Changes that stewards carry from hand to hand: who must sign, and what is refused."""

import json

import pytest

from federation.errors import ChangeRefused
from federation.services import stewarding
from federation.trust import (
    Change,
    DescriptorDirectory,
    TrustStore,
    proposals,
    read_target,
    require_publishable,
)
from federation.trust.rolekeys import create_role_key
from federation.wire import canonical, dsse
from tests.federation.simulated_node import SimulatedNode, key_for
from tests.federation.stewards import Stewards


@pytest.fixture
def three(tmp_path) -> Stewards:
    """Return three stewards, of whom two must sign."""
    return Stewards(tmp_path / "hub", SimulatedNode("global-hub"), keys=3, threshold=2)


@pytest.fixture
def cedar() -> SimulatedNode:
    return SimulatedNode("cedar")


def test_two_of_three_must_sign_and_one_alone_does_not_count(three, cedar):
    change = proposals.propose_member(three.repository, cedar.descriptor)
    first, second, _third = three.keys["targets"]
    assert change.sign(first) == ["targets"]
    assert change.sign(first) == ["targets"], "a second time it is the same one signature"
    carried = Change.from_bytes(change.to_bytes())
    assert [(s.by, s.signed, s.needed) for s in carried.standings()] == [("targets", 1, 2)]
    with pytest.raises(ChangeRefused, match="1 of 2"):
        require_publishable(carried, three.repository)

    carried.sign(second)
    three.publish(Change.from_bytes(carried.to_bytes()))
    assert three.repository.target("nodes/cedar.json") is not None


def test_a_signature_over_other_bytes_does_not_count(three, cedar):
    change = proposals.propose_member(three.repository, cedar.descriptor)
    first, second, _third = three.keys["targets"]
    change.sign(first)
    value = canonical.loads(change.to_bytes())
    keyid = next(iter(change.targets.signatures))
    value["targets"]["signatures"][0]["sig"] = "00" * 64
    spoiled = Change.from_bytes(canonical.dumps(value))
    spoiled.sign(second)
    assert keyid in spoiled.targets.signatures
    with pytest.raises(ChangeRefused, match="1 of 2"):
        require_publishable(spoiled, three.repository)
    assert three.repository.target("nodes/cedar.json") is None


def test_a_key_without_a_say_signs_nothing(three, cedar, tmp_path):
    stranger = tmp_path / "stranger.pem"
    create_role_key(stranger)
    change = proposals.propose_member(three.repository, cedar.descriptor)
    for path in (stranger, three.keys["root"][0]):
        with pytest.raises(ChangeRefused, match="no say"):
            change.sign(path)


def test_of_two_changes_from_one_state_only_the_first_is_published(three, cedar):
    one = proposals.propose_member(three.repository, cedar.descriptor)
    other = proposals.propose_member(three.repository, SimulatedNode("olive").descriptor)
    three.publish(one)
    with pytest.raises(ChangeRefused, match="published since"):
        three.publish(other)
    assert three.repository.target("nodes/olive.json") is None


def test_a_file_whose_content_is_not_what_is_signed_cannot_be_read(three, cedar):
    """Who signs sees the contents; so they must be those that the signature covers."""
    value = json.loads(proposals.propose_member(three.repository, cedar.descriptor).to_bytes())
    text = value["contents"]["nodes/cedar.json"]
    value["contents"]["nodes/cedar.json"] = text.replace('"active"', '"revoked"')
    with pytest.raises(ChangeRefused):
        Change.from_bytes(canonical.dumps(value))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"format":"trust-change/1"}', b"\xff"])
def test_what_is_no_change_is_named(data: bytes):
    with pytest.raises(ChangeRefused):
        Change.from_bytes(data)


def test_a_member_is_not_added_twice_and_who_is_none_is_not_changed(three, cedar):
    three.enrol(cedar)
    with pytest.raises(ChangeRefused, match="already"):
        proposals.propose_member(three.repository, cedar.descriptor)
    with pytest.raises(ChangeRefused, match="not a member"):
        proposals.propose_status(three.repository, "olive", "revoked")
    with pytest.raises(ChangeRefused, match="how it stands"):
        proposals.propose_status(three.repository, "cedar", "active")


def test_new_root_keys_need_the_old_quorum_and_their_own(three, tmp_path):
    fresh = [tmp_path / "new" / f"root-{n}.pem" for n in range(3)]
    keys = [create_role_key(path) for path in fresh]
    change = proposals.propose_role(three.repository, "root", keys, 2)
    for path in fresh[:2]:
        change.sign(path)
    with pytest.raises(ChangeRefused, match="root before: 0 of 2"):
        require_publishable(change, three.repository)
    for path in three.keys["root"][:2]:
        change.sign(path)
    require_publishable(change, three.repository)


def test_what_would_change_is_said_before_it_is_signed(three, cedar):
    three.enrol(cedar)
    change = proposals.propose_status(three.repository, "cedar", "revoked", (3, "ab" * 32))
    told = "\n".join(stewarding.describe(Change.from_bytes(change.to_bytes())))
    assert "- status: active" in told
    assert "+ status: revoked" in told
    assert f"+ last trusted: 3 entries, root {'ab' * 32}" in told
    assert "0 of 2" in told
    assert cedar.member.identity_key.fingerprint_groups not in told, "what stays is not repeated"


# --- Keys over time -------------------------------------------------------------------------------


class Renewed(SimulatedNode):
    """A node after it made new keys; `vouched`: its old identity key signed them too."""

    def __init__(self, before: SimulatedNode, *, vouched: bool, name: str = "new") -> None:
        super().__init__(before.node_id)
        fresh = {p: key_for(name, before.node_id, p) for p in vars(self.keys)}
        self.keys = type(self.keys)(**fresh)
        self.descriptor = self._descriptor([], [])
        if vouched:
            envelope = dsse.Envelope.from_json(self.descriptor)
            old = dsse.Envelope.signed(envelope.payload, before.keys.identity).signatures
            both = dsse.Envelope(envelope.payload, (*envelope.signatures, *old))
            self.descriptor = both.to_json()


def test_each_entry_is_checked_with_the_key_in_force_there(three, cedar, tmp_path):
    three.enrol(cedar)
    renewed = Renewed(cedar, vouched=True)
    three.publish(proposals.propose_rotation(three.repository, renewed.descriptor, 40))
    store = TrustStore(tmp_path / "trust")
    three.pin(store)
    three.hand_over(store)
    member = DescriptorDirectory(store.folder).member("cedar")
    assert member.record_key(39) == cedar.keys.record.public
    assert member.record_key(40) == renewed.keys.record.public
    assert [(p.key, p.start, p.end) for p in member.log_keys] == [
        (cedar.keys.log.public, 0, 40),
        (renewed.keys.log.public, 40, None),
    ]
    assert member.request_key == renewed.keys.request.public


def test_new_keys_need_the_old_identity_key_or_an_express_word(three, cedar):
    three.enrol(cedar)
    lost = Renewed(cedar, vouched=False)
    with pytest.raises(ChangeRefused, match="old identity key"):
        proposals.propose_rotation(three.repository, lost.descriptor, 4)
    change = proposals.propose_rotation(
        three.repository, lost.descriptor, 4, without_old_identity=True
    )
    member = read_target(change.contents["nodes/cedar.json"])
    assert member.identity_key == lost.keys.identity.public


def test_new_keys_for_another_log_are_not_proposed(three, cedar):
    three.enrol(cedar)
    second = Renewed(cedar, vouched=False)
    second.log_origin = f"{cedar.log_origin}/2"
    descriptor = second._descriptor([], [])
    with pytest.raises(ChangeRefused, match="another log"):
        proposals.propose_rotation(three.repository, descriptor, 40, without_old_identity=True)
