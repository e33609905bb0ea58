"""Signed responses; and RFC 9421's own example, with and without our policy."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from http_message_signatures import InvalidSignature

from federation.errors import (
    BadRequestSignature,
    DigestMismatch,
    FederationError,
    MissingComponent,
    Stale,
    UnknownKey,
    UnsignedRequest,
    WrongTag,
)
from federation.wire import httpsig, requests
from federation.wire.keys import PublicKey
from federation.wire.requests import Message

from .material import KEY, OTHER_KEY

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
URL = "https://hub.example/federation/v1/log/a/sealed/000"


def asked(nonce: str = "n" * 22) -> Message:
    message = Message("GET", URL, {})
    added = requests.sign_request(message, KEY, KEY.public.keyid, now=NOW, nonce=nonce)
    return replace(message, headers=added)


def answered(request: Message, body: bytes | None = b"answer", status: int = 200) -> Message:
    response = Message("GET", URL, {"Content-Type": "text/plain"}, body, status)
    added = requests.sign_response(response, request, OTHER_KEY, "hub", now=NOW)
    return replace(response, headers={**response.headers, **added})


def verify(response: Message, request: Message, *, now: datetime = NOW) -> str:
    return requests.verify_response(
        response, request, resolve_key={"hub": OTHER_KEY.public}.__getitem__, now=now
    )


@pytest.mark.parametrize("body", [b"answer", b"", None])
def test_a_signed_response_is_known_by_its_key(body: bytes | None) -> None:
    assert verify(answered(asked(), body), asked()) == "hub"


def test_a_response_covers_what_the_protocol_says() -> None:
    covered = '"@status" "content-digest" "signature";req "@method";req "@target-uri";req'
    inputs = answered(asked()).headers["Signature-Input"]
    assert inputs.startswith(f"spb=({covered});created={int(NOW.timestamp())};")


def test_a_response_fits_one_request_only() -> None:
    with pytest.raises(BadRequestSignature):
        verify(answered(asked()), asked("m" * 22))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"status": 404}, BadRequestSignature),
        ({"status": None}, BadRequestSignature),
        ({"body": b"another"}, DigestMismatch),
        ({"body": None}, DigestMismatch),
        ({"headers": {}}, UnsignedRequest),
    ],
)
def test_a_changed_response_is_refused(
    change: dict[str, Any], error: type[FederationError]
) -> None:
    with pytest.raises(error):
        verify(replace(answered(asked()), **change), asked())


def test_a_response_that_moved_to_another_address_is_refused() -> None:
    with pytest.raises(BadRequestSignature):
        verify(answered(asked()), replace(asked(), url=URL + "?x"))


@pytest.mark.parametrize("seconds", [-301, 601])
def test_an_old_response_is_stale(seconds: int) -> None:
    with pytest.raises(Stale):
        verify(answered(asked()), asked(), now=NOW + timedelta(seconds=seconds))


def test_a_response_by_an_unknown_key_is_refused() -> None:
    response = Message("GET", URL, {}, b"answer", 200)
    added = requests.sign_response(response, asked(), KEY, "stranger", now=NOW)
    with pytest.raises(UnknownKey):
        verify(replace(response, headers=added), asked())


def test_a_request_signature_is_no_response_signature() -> None:
    response = Message("GET", URL, asked().headers, b"", 200)
    with pytest.raises(MissingComponent):
        verify(response, asked())


def test_a_response_signed_for_another_protocol_is_refused() -> None:
    response = answered(asked())
    inputs = response.headers["Signature-Input"].replace("spb-fed-1", "other")
    with pytest.raises(WrongTag):
        verify(replace(response, headers={**response.headers, "Signature-Input": inputs}), asked())


# RFC 9421 section B.2.6, with the key test-key-ed25519 of B.1.4.
B26_KEY = PublicKey.from_bytes(base64.b64decode("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="))
B26 = Message(
    "POST",
    "https://example.com/foo?param=Value&Pet=dog",
    {
        "Host": "example.com",
        "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "Content-Type": "application/json",
        "Content-Digest": (
            "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BN"
            "NyealdVLvRwEmTHWXvJwew==:"
        ),
        "Content-Length": "18",
        "Signature-Input": (
            'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
            ';created=1618884473;keyid="test-key-ed25519"'
        ),
        "Signature": (
            "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu"
            "4A0w6vuQv5lIp5WPpBKRCw==:"
        ),
    },
    b'{"hello": "world"}',
)
B26_TIME = datetime.fromtimestamp(1618884473, tz=UTC)


def test_rfc_9421_b_2_6_is_verified_by_the_layer_under_the_policy() -> None:
    view = httpsig.as_request(B26, B26.url)
    (result,) = httpsig.Verifier(B26_KEY, B26_TIME).verify(view)
    assert result.label == "sig-b26"
    view.method = "PUT"
    with pytest.raises(InvalidSignature):
        httpsig.Verifier(B26_KEY, B26_TIME).verify(view)


def test_rfc_9421_b_2_6_is_refused_by_the_policy_with_its_reason() -> None:
    with pytest.raises(MissingComponent, match='does not cover "@target-uri"'):
        requests.verify_request(
            B26,
            resolve_key={"test-key-ed25519": B26_KEY}.__getitem__,
            own_targets=["https://example.com"],
            now=B26_TIME,
            consume_nonce=lambda keyid, nonce, expires: True,
        )
