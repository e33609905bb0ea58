"""Becoming a member: an invite, a signed descriptor, and two people who compare fingerprints."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from federation.conf import Conf, get_conf
from federation.errors import (
    AddressRefused,
    AlreadyEnrolled,
    BadRequestSignature,
    BadSignature,
    FingerprintMismatch,
    InvalidJson,
    InvalidRecord,
    InviteInvalid,
    TrustNotSet,
    UnknownKey,
    UnsignedRequest,
    WrongRoot,
)
from federation.models import Invite, Nonce, Peer, PeerStatus
from federation.services import enrolment
from federation.services.enrolment import InviteText
from federation.trust import DescriptorDirectory, TrustStore, sign_descriptor
from federation.wire import canonical, dsse
from tests.federation.api.conftest import FEED, Signer
from tests.federation.api.test_signed import problem
from tests.federation.served import ServedHere
from tests.federation.simulated_node import SimulatedNode
from tests.federation.stewards import rooted

ENROL = f"{FEED}/enrol"


@pytest.fixture
def hub_here(hub_here) -> Conf:
    """Start the hub's repository, with the stewards' keys on the hub."""
    return rooted(hub_here)


@pytest.fixture
def newcomer() -> SimulatedNode:
    return SimulatedNode("newcomer")


@pytest.fixture
def signed(client, hub_here, newcomer) -> Signer:
    return Signer(client, hub_here, newcomer.keys.request)


def invite(node_id: str = "newcomer") -> str:
    return InviteText.decode(enrolment.create_invite(node_id)).token


def body(node: SimulatedNode, token: str, descriptor: bytes | None = None) -> bytes:
    said = canonical.loads(descriptor or node.descriptor)
    return canonical.dumps({"token": token, "descriptor": said})


def test_an_invited_node_waits_until_its_fingerprint_was_compared(signed, newcomer, hub_here):
    token = invite()
    assert token not in str(list(Invite.objects.values())), "only the token's hash is kept"

    answer = signed.post(ENROL, body(newcomer, token))

    assert answer.status_code == 200
    assert answer.json() == {"node": "newcomer", "status": "pending"}
    assert "signature" in answer.headers
    peer = Peer.objects.get(node_id="newcomer")
    assert peer.status == PeerStatus.PENDING
    directory = DescriptorDirectory(hub_here.trust_dir)
    assert [member.node_id for member in directory.members()] == ["here"]
    assert problem(signed.get(f"{FEED}/trust/nodes")) == (401, UnknownKey.code)

    with pytest.raises(FingerprintMismatch):
        enrolment.confirm_peer(peer, "0" * 64)
    assert Peer.objects.get(node_id="newcomer").status == PeerStatus.PENDING
    enrolment.confirm_peer(peer, newcomer.member.identity_key.fingerprint_groups.upper())
    assert Peer.objects.get(node_id="newcomer").status == PeerStatus.ACTIVE
    assert signed.get(f"{FEED}/trust/nodes").status_code == 200


def test_a_token_is_good_once(signed, newcomer):
    token = invite()
    assert signed.post(ENROL, body(newcomer, token)).status_code == 200
    assert problem(signed.post(ENROL, body(newcomer, token))) == (403, InviteInvalid.code)
    assert Peer.objects.filter(node_id="newcomer").count() == 1


def test_a_token_expires(signed, newcomer):
    token = invite()
    Invite.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert problem(signed.post(ENROL, body(newcomer, token))) == (403, InviteInvalid.code)
    assert Invite.objects.get().used_at is None
    assert not Peer.objects.exists()


@pytest.mark.parametrize("token", ["", "0" * 32])
def test_a_token_that_was_never_given_is_refused(signed, newcomer, token: str):
    invite()
    assert problem(signed.post(ENROL, body(newcomer, token))) == (403, InviteInvalid.code)
    assert not Peer.objects.exists()


def test_an_invite_is_for_one_node(client, hub_here):
    token = invite("somebody-else")
    other = SimulatedNode("newcomer")
    answer = Signer(client, hub_here, other.keys.request).post(ENROL, body(other, token))
    assert problem(answer) == (403, InviteInvalid.code)
    assert Invite.objects.get().used_at is None


def test_a_descriptor_with_a_changed_word_uses_no_invite_up(signed, newcomer):
    token = invite()
    envelope = dsse.Envelope.from_json(newcomer.descriptor)
    said = canonical.loads(envelope.payload) | {"languages": ["fr"]}
    forged = dsse.Envelope(canonical.dumps(said), envelope.signatures).to_json()
    answer = signed.post(ENROL, body(newcomer, token, forged))
    assert problem(answer)[1] == BadSignature.code
    assert Invite.objects.get().used_at is None


def test_somebody_elses_descriptor_cannot_be_handed_in(client, hub_here, newcomer):
    """Its request key did not sign this request."""
    token = invite()
    thief = Signer(client, hub_here, SimulatedNode("thief").keys.request)
    answer = thief.post(ENROL, body(newcomer, token))
    assert problem(answer) in [(401, UnknownKey.code), (401, BadRequestSignature.code)]
    assert Invite.objects.get().used_at is None
    assert not Nonce.objects.exists()


def test_a_member_is_not_enrolled_twice(signed, newcomer):
    Peer.objects.create(node_id="newcomer", status=PeerStatus.ACTIVE)
    with pytest.raises(AlreadyEnrolled):
        invite()
    Peer.objects.all().delete()
    token = invite()
    Peer.objects.create(node_id="newcomer", status=PeerStatus.ACTIVE)
    assert problem(signed.post(ENROL, body(newcomer, token))) == (409, AlreadyEnrolled.code)


def test_a_public_hub_takes_no_private_address(signed, newcomer, settings, monkeypatch):
    settings.FEDERATION = {**settings.FEDERATION, "PRIVATE_ENDPOINT": False}
    private = SimulatedNode("newcomer")
    private.url = "http://127.0.0.1:1"
    payload = canonical.loads(dsse.Envelope.from_json(newcomer.descriptor).payload)
    payload["endpoints"][0] |= {"url": private.url, "private": True}
    descriptor = sign_descriptor(canonical.dumps(payload), newcomer.keys).to_json()
    token = invite()
    answer = signed.post(ENROL, body(newcomer, token, descriptor))
    assert problem(answer)[1] == AddressRefused.code
    assert Invite.objects.get().used_at is None


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"", InvalidJson),
        (b"not json", InvalidJson),
        (b"[]", InvalidRecord),
        (b"{}", InvalidRecord),
        (b'{"token":1,"descriptor":{}}', InvalidRecord),
    ],
)
def test_a_body_that_is_no_enrolment_is_a_named_problem(signed, sent: bytes, expected: type):
    answer = signed.client.post(ENROL, sent, content_type="application/json")
    status, code = problem(answer)
    assert 400 <= status < 500
    assert code in (expected.code, "json.truncated")


def test_a_body_beyond_all_measure_is_a_problem_document(signed):
    answer = signed.client.post(ENROL, b" " * 3_000_000, content_type="application/json")
    assert problem(answer)[0] == 413


def test_an_unsigned_enrolment_is_refused(signed, newcomer):
    sent = body(newcomer, invite())
    answer = signed.client.post(ENROL, sent, content_type="application/json")
    assert problem(answer) == (401, UnsignedRequest.code)
    assert Invite.objects.get().used_at is None


def test_a_node_that_is_no_hub_enrols_nobody(signed, newcomer, settings):
    token = invite()
    settings.FEDERATION = {**settings.FEDERATION, "ROLE": "node"}
    assert signed.post(ENROL, body(newcomer, token)).status_code == 404


# --- The other side: joining ----------------------------------------------------------------------


def test_joining_compares_the_fingerprint_of_the_invite(hub_here, tmp_path):
    """The invite names another key than the members do: somebody stands in between."""
    said = InviteText.decode(enrolment.create_invite("here"))
    fresh = replace(get_conf(), DATA_DIR=tmp_path / "fresh")
    forged = replace(said, fingerprint="0" * 64).encode()
    with pytest.raises(FingerprintMismatch):
        enrolment.join(forged, fresh, ServedHere())
    assert not Peer.objects.exists()
    assert Invite.objects.get().used_at is None
    assert TrustStore(fresh.trust_dir).pin is None
    assert not TrustStore(fresh.trust_dir).is_set


def test_joining_refuses_another_root_than_that_of_the_invite(hub_here, tmp_path):
    said = InviteText.decode(enrolment.create_invite("here"))
    fresh = replace(get_conf(), DATA_DIR=tmp_path / "fresh")
    with pytest.raises(WrongRoot):
        enrolment.join(replace(said, root_sha256="0" * 64).encode(), fresh, ServedHere())
    assert not fresh.trust_dir.exists(), "not a file was written"
    assert not Peer.objects.exists()
    assert Invite.objects.get().used_at is None


def test_nobody_is_invited_before_stewards_started_a_repository(here, settings):
    settings.FEDERATION = {**settings.FEDERATION, "ROLE": "hub"}
    with pytest.raises(TrustNotSet):
        enrolment.create_invite("cedar")
    assert not Invite.objects.exists()


@pytest.mark.parametrize("text", ["", "spb1.", "spb1.!!!", "hello", "spb1.e30", "spb1.W10"])
def test_a_text_that_is_no_invite_is_named(hub_here, text: str):
    with pytest.raises(InviteInvalid):
        enrolment.join(text, get_conf(), ServedHere())


def test_an_invite_for_another_node_is_named(hub_here):
    with pytest.raises(InviteInvalid, match="is for cedar"):
        enrolment.join(enrolment.create_invite("cedar"), get_conf(), ServedHere())


def test_an_invite_survives_being_written_and_read(hub_here):
    said = InviteText.decode(enrolment.create_invite("cedar"))
    assert (said.hub, said.node, said.url) == ("here", "cedar", hub_here.PUBLIC_URL)
    assert InviteText.decode(f"  {said.encode()}\n".strip()) == said
    assert json.dumps(said.encode()).isascii()
