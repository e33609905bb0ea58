"""The directory of members: descriptors that prove their keys, and never other ones later."""

import pytest

from federation.errors import (
    BadSignature,
    InvalidKey,
    InvalidRecord,
    MalformedEnvelope,
    UnknownKey,
    UnknownMember,
    WrongOrigin,
)
from federation.trust import DescriptorDirectory, read_descriptor, sign_descriptor
from federation.wire import canonical, dsse
from tests.federation.simulated_node import PURPOSES, SimulatedNode, key_for


@pytest.fixture
def directory(tmp_path) -> DescriptorDirectory:
    return DescriptorDirectory(tmp_path / "trust")


def changed(by: SimulatedNode, **fields) -> bytes:
    """Return the node's own descriptor with other fields, signed again by its keys."""
    said = canonical.loads(dsse.Envelope.from_json(by.descriptor).payload)
    return sign_descriptor(canonical.dumps(said | fields), by.keys).to_json()


def with_keys(by: SimulatedNode, **changes: str) -> bytes:
    """Return its descriptor with other public keys, in hex, for some purposes."""
    keys = {purpose: getattr(by.keys, purpose).public.hex for purpose in PURPOSES}
    return changed(by, keys=keys | changes)


def test_a_member_is_what_its_descriptor_proves(directory, cedar):
    assert list(directory.members()) == []
    directory.add(cedar.descriptor)
    member = directory.member("cedar")
    assert (member.node_id, member.log_origin) == ("cedar", "solidarity.example/cedar")
    assert member.log_key == cedar.keys.log.public
    assert directory.by_request_key(cedar.keys.request.public.keyid) == member
    assert directory.envelope("cedar") == cedar.descriptor


@pytest.mark.parametrize("purpose", ["identity", "record", "log", "witness"])
def test_each_key_must_have_signed_the_descriptor(directory, cedar, purpose: str):
    envelope = dsse.Envelope.from_json(cedar.descriptor)
    keyid = getattr(cedar.keys, purpose).public.keyid
    kept = tuple(signature for signature in envelope.signatures if signature.keyid != keyid)
    assert len(kept) == 3
    with pytest.raises(BadSignature):
        directory.add(dsse.Envelope(envelope.payload, kept).to_json())
    assert list(directory.members()) == []


@pytest.mark.parametrize("purpose", ["identity", "log", "record", "request"])
def test_other_keys_than_those_enrolled_are_refused(directory, cedar, purpose: str):
    directory.add(cedar.descriptor)
    other = SimulatedNode("cedar")
    keys = {name: getattr(cedar.keys, name) for name in cedar.keys.__dataclass_fields__}
    other.keys = type(cedar.keys)(**{**keys, purpose: key_for("thief", purpose)})
    with pytest.raises(InvalidRecord, match="other keys"):
        directory.add(other._descriptor([], []))
    assert directory.envelope("cedar") == cedar.descriptor


def test_a_new_address_is_taken_over(directory, cedar):
    directory.add(cedar.descriptor)
    endpoints = [{"url": "https://new.example", "kind": "clearnet", "private": False}]
    directory.add(changed(cedar, endpoints=endpoints))
    assert directory.member("cedar").endpoints[0].url == "https://new.example"


WRONG = {
    "not an envelope": (lambda node: b"{}", MalformedEnvelope),
    "another record": (
        lambda node: dsse.Envelope.signed(
            canonical.dumps(node.item()), node.keys.record
        ).to_json(),
        InvalidRecord,
    ),
    "of another node": (lambda node: changed(node, node="baobab"), WrongOrigin),
    "with another's log": (
        lambda node: changed(node, log_origin="solidarity.example/baobab"), WrongOrigin
    ),
    "with a key of small order": (
        lambda node: with_keys(node, witness="01" + "00" * 31), InvalidKey
    ),
    "with one key for two purposes": (
        lambda node: with_keys(node, request=node.keys.record.public.hex), InvalidRecord
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_descriptor_is_named_and_not_kept(directory, cedar, name: str):
    make, expected = WRONG[name]
    with pytest.raises(expected):
        read_descriptor(make(cedar))
    with pytest.raises(expected):
        directory.add(make(cedar))
    assert list(directory.members()) == []


@pytest.mark.parametrize("name", ["nobody", "../keys/log", "", "a/b", "x" * 64])
def test_an_unknown_name_never_leaves_the_folder(directory, cedar, name: str):
    directory.add(cedar.descriptor)
    with pytest.raises(UnknownMember):
        directory.member(name)


def test_an_unknown_key_is_named(directory, cedar):
    directory.add(cedar.descriptor)
    with pytest.raises(UnknownKey):
        directory.by_request_key(cedar.keys.record.public.keyid)


def test_two_directories_with_the_same_members_have_the_same_digest(tmp_path, cedar):
    one, other = (DescriptorDirectory(tmp_path / name) for name in "ab")
    baobab = SimulatedNode("baobab")
    for node in (cedar, baobab):
        one.add(node.descriptor)
    other.add(baobab.descriptor)
    assert one.digest() != other.digest()
    other.add(cedar.descriptor)
    assert one.digest() == other.digest()
