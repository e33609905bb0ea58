import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as ReferenceEnvelope

from federation.errors import BadSignature, MalformedEnvelope
from federation.wire import dsse
from federation.wire.dsse import Envelope, Signature

from .material import KEY, OTHER_KEY, envelope_of

ENVELOPE = Envelope.signed(b"payload", KEY)
GOOD = ENVELOPE.signatures[0]
JUNK = Signature(KEY.public.keyid, bytes(64))


@given(st.binary(max_size=2000))
def test_the_encoding_that_is_signed_is_that_of_securesystemslib(payload: bytes) -> None:
    reference = ReferenceEnvelope(payload, dsse.PAYLOAD_TYPE, {}).pae()
    assert dsse.pae(payload) == reference
    assert dsse.address(payload) == hashlib.sha256(reference).hexdigest()


def test_securesystemslib_reads_our_envelope() -> None:
    read = ReferenceEnvelope.from_dict(json.loads(ENVELOPE.to_json()))
    assert (read.payload, read.payload_type) == (b"payload", dsse.PAYLOAD_TYPE)
    assert bytes.fromhex(read.signatures[GOOD.keyid].signature) == GOOD.sig


@given(
    st.binary(max_size=300),
    st.lists(st.tuples(st.text("abc0"), st.binary(max_size=70)), max_size=7),
)
def test_an_envelope_survives_its_json(payload: bytes, extra: list[tuple[str, bytes]]) -> None:
    signatures = (GOOD, *(Signature(keyid, sig) for keyid, sig in extra))
    envelope = Envelope(payload, signatures)
    assert Envelope.from_json(envelope.to_json()) == envelope


def test_one_valid_signature_by_the_required_key_is_enough() -> None:
    other = Envelope.signed(b"payload", OTHER_KEY).signatures[0]
    Envelope(b"payload", (JUNK, other, GOOD)).verify(KEY.public)


def test_a_keyid_is_only_a_hint() -> None:
    Envelope(b"payload", (Signature("somebody-else", GOOD.sig),)).verify(KEY.public)
    renamed = Envelope(b"payload", (Signature(OTHER_KEY.public.keyid, GOOD.sig),))
    with pytest.raises(BadSignature):
        renamed.verify(OTHER_KEY.public)


def test_at_most_eight_signatures_are_read() -> None:
    Envelope(b"payload", (*[JUNK] * 7, GOOD)).verify(KEY.public)
    with pytest.raises(BadSignature):
        Envelope(b"payload", (*[JUNK] * 8, GOOD)).verify(KEY.public)
    assert len(Envelope.from_json(Envelope(b"x", (JUNK,) * 20).to_json()).signatures) == 8


def test_a_changed_payload_or_no_signature_is_refused() -> None:
    for broken in (Envelope(b"Payload", (GOOD,)), Envelope(b"payload", ())):
        with pytest.raises(BadSignature):
            broken.verify(KEY.public)


def test_a_signature_over_another_payload_type_is_refused() -> None:
    foreign = ReferenceEnvelope(b"payload", "application/vnd.in-toto+json", {}).pae()
    with pytest.raises(BadSignature):
        Envelope(b"payload", (Signature("", KEY.sign(foreign)),)).verify(KEY.public)


def test_a_further_signature_does_not_change_the_address() -> None:
    envelope = envelope_of("play/1")
    more = Envelope(envelope.payload, (*envelope.signatures, JUNK))
    assert more.address == envelope.address == dsse.address(envelope.payload)


def standard(**changes: Any) -> bytes:
    return json.dumps(json.loads(ENVELOPE.to_json()) | changes).encode()


def test_both_base64_alphabets_and_unknown_fields_are_read() -> None:
    payload = b"\xfb\xff\xfe" * 5
    url_safe = base64.urlsafe_b64encode(payload).decode()
    assert {"-", "_"} <= set(url_safe)
    read = Envelope.from_json(
        standard(payload=url_safe, later=1, signatures=[{"sig": "AAAA", "more": 2}])
    )
    assert (read.payload, read.signatures) == (payload, (Signature("", bytes(3)),))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        standard(payloadType="application/json"),
        standard(payload=None),
        standard(payload="a"),
        standard(payload="YQ="),
        standard(payload="Y Q=="),
        standard(payload="+_=="),
        standard(payload="YQ==YQ=="),
        standard(signatures=[]),
        standard(signatures={}),
        standard(signatures=["x"]),
        standard(signatures=[{"keyid": "a"}]),
        standard(signatures=[{"keyid": 1, "sig": "AAAA"}]),
        standard(signatures=[{"keyid": "k" * 300, "sig": "AAAA"}]),
        standard(signatures=[{"keyid": "a", "sig": "A" * 4000}]),
        standard()[:-1] + b',"payload":"YQ=="}',
    ],
    ids=lambda data: data[:40].decode(),
)
def test_what_is_not_an_envelope_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedEnvelope):
        Envelope.from_json(data)


@given(st.binary())
def test_any_bytes_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedEnvelope):
        Envelope.from_json(data)
