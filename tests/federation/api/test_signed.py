"""What only members may ask: each wrong request has its own name, and changes nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from federation.errors import (
    BadRequestSignature,
    DigestMismatch,
    MemberSuspended,
    MissingComponent,
    Replayed,
    Stale,
    UnknownKey,
    UnsignedRequest,
    WrongTag,
)
from federation.models import Item, Nonce, Peer, PeerStatus, ReviewDecision
from federation.services import heads, review
from federation.trust import DescriptorDirectory, load_keys
from federation.wire import bundles, requests
from tests.federation.api.conftest import FEED, Signer
from tests.federation.simulated_node import SimulatedNode, key_for

DIRECTORY = f"{FEED}/trust/nodes"
PROBLEM = "application/problem+json"


def problem(answer) -> tuple[int, str]:
    assert answer.headers["content-type"] == PROBLEM
    said = json.loads(answer.content)
    assert said["status"] == answer.status_code
    assert said["title"]
    return answer.status_code, said["type"]


def test_the_directory_is_given_to_members_and_signed(signer, hub_here):
    headers = signer.headers(DIRECTORY)
    answer = signer.client.get(DIRECTORY, headers=headers)
    assert answer.status_code == 200
    assert set(answer.json()) == {"cedar", "here"}
    assert answer.headers["cache-control"] == "no-store, no-transform"
    key = load_keys(hub_here.keys_dir).request.public
    url = hub_here.PUBLIC_URL + DIRECTORY
    requests.verify_response(
        requests.Message("GET", url, dict(answer.items()), answer.content, 200),
        requests.Message("GET", url, headers, None),
        resolve_key={key.keyid: key}.__getitem__,
        now=datetime.now(UTC),
    )
    assert Nonce.objects.count() == 1


def _cut_components(headers: dict[str, str]) -> dict[str, str]:
    return headers | {"Signature-Input": headers["Signature-Input"].replace(' "@target-uri"', "")}


WRONG = {
    "unsigned": (lambda s: {}, UnsignedRequest),
    "of an hour ago": (lambda s: s.headers(DIRECTORY, age=timedelta(hours=1)), Stale),
    "from the future": (lambda s: s.headers(DIRECTORY, age=timedelta(hours=-1)), Stale),
    "for another address here": (lambda s: s.headers(f"{FEED}/status"), BadRequestSignature),
    "for another node": (
        lambda s: s.headers(DIRECTORY, url=f"http://other.example{DIRECTORY}"), BadRequestSignature
    ),
    "by another method": (lambda s: s.headers(DIRECTORY, method="PUT"), BadRequestSignature),
    "covering less": (lambda s: _cut_components(s.headers(DIRECTORY)), MissingComponent),
    "with a short nonce": (lambda s: s.headers(DIRECTORY, nonce="short"), MissingComponent),
    "for another protocol": (
        lambda s: {k: v.replace("spb-fed-1", "other-fed") for k, v in s.headers(DIRECTORY).items()},
        WrongTag,
    ),
    "with a signature of noise": (
        lambda s: s.headers(DIRECTORY) | {"Signature": "spb=:AAAA:"}, BadRequestSignature
    ),
    "with half a field": (
        lambda s: s.headers(DIRECTORY) | {"Signature-Input": 'spb=("@method'}, BadRequestSignature
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request_is_refused_by_name(signer, name: str):
    make, expected = WRONG[name]
    answer = signer.client.get(DIRECTORY, headers=make(signer))
    assert problem(answer) == (401, expected.code)
    assert not Nonce.objects.exists(), "nobody fills the table of nonces without a key"


def test_a_request_by_a_key_that_is_not_enrolled_is_refused(client, hub_here, member):
    stranger = Signer(client, hub_here, key_for("stranger", "request"))
    assert problem(stranger.get(DIRECTORY)) == (401, UnknownKey.code)
    assert not Nonce.objects.exists()


def test_a_request_sent_twice_is_refused_the_second_time(signer):
    headers = signer.headers(DIRECTORY)
    assert signer.client.get(DIRECTORY, headers=headers).status_code == 200
    assert problem(signer.client.get(DIRECTORY, headers=headers)) == (401, Replayed.code)
    assert signer.get(DIRECTORY).status_code == 200, "a new one is answered"
    assert Nonce.objects.count() == 2


def test_nonces_are_kept_as_long_as_a_request_could_be_fresh(signer):
    signer.get(DIRECTORY)
    nonce = Nonce.objects.get()
    left = (nonce.expires_at - datetime.now(UTC)).total_seconds()
    assert 300 < left <= 900
    assert not Nonce.objects.expired().exists()


def test_a_body_where_none_was_signed_is_refused(signer):
    headers = signer.headers(DIRECTORY)
    answer = signer.client.generic(
        "GET", DIRECTORY, b"{}", content_type="application/json", headers=headers
    )
    assert problem(answer) == (401, MissingComponent.code)


def test_a_frozen_member_is_refused(signer):
    Peer.objects.create(node_id="cedar", status=PeerStatus.FROZEN)
    assert problem(signer.get(DIRECTORY)) == (403, MemberSuspended.code)


def test_a_node_that_is_no_hub_hands_out_no_directory(signer, settings):
    settings.FEDERATION = {**settings.FEDERATION, "ROLE": "node"}
    answer = signer.get(DIRECTORY)
    assert answer.status_code == 404


# --- Sealed records ------------------------------------------------------------------------------


@pytest.fixture
def sealed(hub_here, link) -> str:
    """Two notes by this node: to cedar, and to somebody else; return the first one's address."""
    link.node.publish("Theirs")
    assert link.sync().ok
    item = Item.objects.get()
    entry = review.answer_item(item, ReviewDecision.RETURN, "For cedar alone")
    Item.objects.create(
        origin="baobab", item_id=item.item_id, lang="en", schema="play/1", version=1,
        address="ab" * 32, index=0, title="Another's", received_on=item.received_on,
    )  # fmt: skip
    review.answer_item(Item.objects.get(origin="baobab"), ReviewDecision.DECLINE, "For baobab")
    heads.sign_head()
    return entry.address


SEALED = f"{FEED}/log/here/sealed/000.p/2"


def rows(answer) -> list[bundles.BundleRow]:
    found = bundles.iter_records(answer.content, start=0, count=2, max_record=2**20)
    return [row for row in found if isinstance(row, bundles.BundleRow)]


def test_sealed_records_are_given_to_their_audience_alone(sealed, client, hub_here):
    mine = Signer(client, hub_here, SimulatedNode("cedar").keys.request).get(SEALED)
    assert mine.status_code == 200
    assert mine.headers["cache-control"] == "no-store, no-transform"
    assert "signature" in mine.headers
    assert [row.address for row in rows(mine)] == [sealed]
    assert b"For cedar alone" in mine.content
    assert b"For baobab" not in mine.content


def test_a_member_that_is_not_meant_gets_an_empty_bundle(sealed, client, hub_here):
    outsider = SimulatedNode("outsider")
    DescriptorDirectory(hub_here.trust_dir).add(outsider.descriptor)
    answer = Signer(client, hub_here, outsider.keys.request).get(SEALED)
    assert (answer.status_code, answer.content) == (200, b"")
    one = Signer(client, hub_here, outsider.keys.request).get(f"{FEED}/record/{sealed}")
    assert one.status_code == 404


def test_sealed_records_are_not_given_to_anybody(sealed, client):
    assert problem(client.get(SEALED)) == (401, UnsignedRequest.code)
    public = client.get(f"{FEED}/log/here/records/000.p/2")
    assert b"For cedar alone" not in public.content
    assert [row.state for row in rows(public)] == ["sealed", "sealed"]


def test_one_sealed_record_is_given_to_its_audience_and_kept_by_no_cache(sealed, client, hub_here):
    path = f"{FEED}/record/{sealed}"
    signed = Signer(client, hub_here, SimulatedNode("cedar").keys.request)
    answer = signed.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store, no-transform"
    headers = signed.headers(path)
    assert client.get(path, headers=headers).status_code == 200
    assert client.get(path, headers=headers).status_code == 404, "a replay learns nothing"


def test_a_swapped_body_is_refused(client, hub_here, member):
    signer = Signer(client, hub_here, member.keys.request)
    path = f"{FEED}/enrol"
    body = b'{"descriptor":' + member.descriptor + b',"token":"x"}'
    other = body.replace(b'"token":"x"', b'"token":"y"')
    assert problem(signer.post(path, body, sent=other)) == (401, DigestMismatch.code)
    assert not Nonce.objects.exists()
