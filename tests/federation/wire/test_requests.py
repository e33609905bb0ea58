from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from http_message_signatures import HTTPMessageSigner, InvalidSignature
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import (
    BadRequestSignature,
    DigestMismatch,
    FederationError,
    MissingComponent,
    Replayed,
    Stale,
    UnknownKey,
    UnsignedRequest,
    WrongTag,
    WrongTarget,
)
from federation.wire import httpsig, requests
from federation.wire.keys import PublicKey
from federation.wire.requests import Message

from .material import KEY, OTHER_KEY

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HUB = "https://hub.example"
ONION = "http://hubhubhub.onion"
KEYID = KEY.public.keyid
POST = Message(
    "POST", f"{HUB}/federation/v1/inbox?x=1", {"Content-Type": "application/zip"}, b"bundle"
)
GET = Message("GET", f"{HUB}/federation/v1/heads?since=4", {"Accept": "application/json"})


class Nonces:
    """Remembers nonces the way the database does, and until when."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], datetime] = {}

    def __call__(self, keyid: str, nonce: str, expires: datetime) -> bool:
        new = (keyid, nonce) not in self.seen
        self.seen[keyid, nonce] = expires
        return new


def verify(message: Message, *, now: datetime = NOW, nonces: Nonces | None = None) -> str:
    return requests.verify_request(
        message,
        resolve_key={KEYID: KEY.public}.__getitem__,
        own_targets=[ONION, HUB],
        now=now,
        consume_nonce=Nonces() if nonces is None else nonces,
    )


def signed(message: Message, *, now: datetime = NOW, keyid: str = KEYID) -> Message:
    added = requests.sign_request(message, KEY, keyid, now=now)
    return replace(message, headers={**message.headers, **added})


def headers(message: Message, **changes: str | None) -> Message:
    """The message with headers replaced; underscores stand for hyphens, None removes."""
    names = {name.replace("_", "-"): value for name, value in changes.items()}
    kept = {k.lower(): v for k, v in message.headers.items() if k.lower() not in names}
    return replace(message, headers=kept | {k: v for k, v in names.items() if v is not None})


def handmade(message: Message, covered: tuple[str, ...], **options: Any) -> Message:
    """A message signed by the right key, but not by our rules."""
    view = httpsig.as_request(message, message.url)
    signer = HTTPMessageSigner(
        signature_algorithm=httpsig.Ed25519, key_resolver=httpsig.OneKey(private=KEY)
    )
    defaults = {
        "created": NOW,
        "expires": NOW + timedelta(seconds=300),
        "nonce": "n" * 22,
        "tag": requests.TAG,
        "key_id": KEYID,
        "label": "other",
    }
    signer.sign(view, covered_component_ids=covered, **{**defaults, **options})
    return replace(message, headers=view.headers)


TARGET = ("@method", "@authority", "@target-uri")


@pytest.mark.parametrize("message", [GET, POST, replace(POST, body=b"")], ids=["get", "post", "0"])
def test_a_signed_request_is_known_by_its_key(message: Message) -> None:
    assert verify(signed(message)) == KEYID


def test_what_is_signed_is_what_the_protocol_says() -> None:
    added = requests.sign_request(POST, KEY, KEYID, now=NOW, nonce="n" * 22)
    created = int(NOW.timestamp())
    assert added["Content-Digest"] == requests.content_digest(b"bundle")
    assert added["Signature-Input"] == (
        'spb=("@method" "@authority" "@target-uri" "content-type" "content-digest")'
        f';created={created};keyid="{KEYID}";alg="ed25519";expires={created + 300}'
        f';nonce="{"n" * 22}";tag="spb-fed-1"'
    )


def test_content_digest_is_that_of_rfc_9530() -> None:
    assert requests.content_digest(b'{"hello": "world"}\n') == (
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    )


def test_each_request_has_its_own_nonce_of_128_bits() -> None:
    nonces = Nonces()
    for _ in range(20):
        verify(signed(GET), nonces=nonces)
    assert len(nonces.seen) == 20
    assert {len(nonce) for _, nonce in nonces.seen} == {22}


def test_a_path_alone_is_tried_under_each_own_address() -> None:
    for target in (HUB, ONION):
        path = "/federation/v1/heads?since=4"
        message = replace(signed(replace(GET, url=target + path)), url=path)
        verified = requests.verify_request_at(
            message,
            resolve_key={KEYID: KEY.public}.__getitem__,
            own_targets=[ONION, HUB],
            now=NOW,
            consume_nonce=Nonces(),
        )
        assert verified == (KEYID, target + path)
    elsewhere = signed(replace(GET, url="https://elsewhere.example/federation/v1/heads?since=4"))
    with pytest.raises(BadRequestSignature):
        verify(replace(elsewhere, url="/federation/v1/heads?since=4"))


def test_an_unsigned_request_says_so() -> None:
    for message in (GET, headers(signed(GET), signature=None)):
        with pytest.raises(UnsignedRequest):
            verify(message)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signature", "spb=:AAAA:"),
        ("signature", "spb"),
        ("signature", "spb=1"),
        ("signature", "other=:AAAA:"),
        ("signature", ""),
        ("signature", "\u00e9"),
        ("signature", "spb=:" + "A" * 20_000 + ":"),
        ("signature_input", "spb"),
        ("signature_input", "spb=("),
        ("signature_input", "spb=1;created=5"),
        ("signature_input", 'spb=("@method");created="now"'),
        ("signature_input", 'spb=("@method");nonce=5'),
        ("signature_input", "spb=(), spb=()"),
        ("signature_input", ""),
    ],
)
def test_a_malformed_signature_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadRequestSignature):
        verify(headers(signed(GET), **{name: value}))


@pytest.mark.parametrize(
    "change",
    [
        {"method": "DELETE"},
        {"url": f"{HUB}/federation/v1/heads?since=5"},
        {"url": f"{ONION}/federation/v1/heads?since=4"},
    ],
)
def test_a_changed_request_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadRequestSignature):
        verify(replace(signed(GET), **change))


def test_a_signature_by_another_key_is_refused() -> None:
    added = requests.sign_request(GET, OTHER_KEY, KEYID, now=NOW)
    with pytest.raises(BadRequestSignature):
        verify(replace(GET, headers=added))


@pytest.mark.parametrize("left_out", TARGET)
def test_a_signature_covers_method_authority_and_target(left_out: str) -> None:
    covered = tuple(name for name in TARGET if name != left_out)
    with pytest.raises(MissingComponent, match=left_out):
        verify(handmade(GET, covered))


def test_a_signature_over_the_method_alone_is_not_enough_though_the_library_takes_it() -> None:
    message = handmade(GET, ("@method",))
    view = httpsig.as_request(message, message.url)
    httpsig.Verifier(KEY.public, NOW).verify(view, expect_tag=requests.TAG)
    with pytest.raises(MissingComponent):
        verify(message)


DIGEST = {"Content-Digest": requests.content_digest(b"bundle")}


@pytest.mark.parametrize("left_out", ["content-type", "content-digest", "content-encoding"])
def test_a_signature_covers_what_describes_the_body(left_out: str) -> None:
    message = replace(POST, headers={**POST.headers, **DIGEST, "Content-Encoding": "gzip"})
    body = ("content-type", "content-digest", "content-encoding")
    covered = TARGET + tuple(name for name in body if name != left_out)
    whole = handmade(message, TARGET + body, use_existing_digest=True)
    assert verify(whole) == KEYID
    with pytest.raises(MissingComponent, match=left_out):
        verify(handmade(message, covered, use_existing_digest=True))


def test_a_body_that_was_not_signed_is_refused() -> None:
    with pytest.raises(MissingComponent):
        verify(replace(signed(GET), body=b"{}"))
    smuggled = headers(signed(GET), content_type="x/y", content_digest=DIGEST["Content-Digest"])
    with pytest.raises(MissingComponent):
        verify(replace(smuggled, body=b"bundle"))


def test_part_of_a_digest_does_not_cover_it() -> None:
    message = replace(POST, headers={**POST.headers, **DIGEST})
    covered = (*TARGET, "content-type", '"content-digest";key="sha-256"')
    with pytest.raises(MissingComponent):
        verify(handmade(message, covered, use_existing_digest=True))


@pytest.mark.parametrize("parameter", ["expires", "nonce"])
def test_a_signature_has_an_end_and_a_nonce(parameter: str) -> None:
    with pytest.raises(MissingComponent, match=parameter):
        verify(handmade(GET, TARGET, **{parameter: None}))


@pytest.mark.parametrize("parameter", ["created", "keyid"])
def test_a_signature_has_a_beginning_and_a_key(parameter: str) -> None:
    message = signed(GET)
    parts = message.headers["Signature-Input"].split(";")
    kept = ";".join(part for part in parts if not part.startswith(parameter))
    with pytest.raises(MissingComponent, match=parameter):
        verify(headers(message, signature_input=kept))


@pytest.mark.parametrize("nonce", ["short", "n" * 65])
def test_a_nonce_has_128_bits(nonce: str) -> None:
    with pytest.raises(MissingComponent, match="nonce"):
        verify(handmade(GET, TARGET, nonce=nonce))


@pytest.mark.parametrize("tag", ["other", None, "SPB-FED-1"])
def test_a_signature_for_another_protocol_is_refused(tag: str | None) -> None:
    with pytest.raises(WrongTag):
        verify(handmade(GET, TARGET, tag=tag))


@pytest.mark.parametrize("seconds", [-300, 0, 300, 600])
def test_clocks_may_differ_by_300_seconds(seconds: int) -> None:
    assert verify(signed(GET), now=NOW + timedelta(seconds=seconds)) == KEYID


@pytest.mark.parametrize("seconds", [-301, 601, 86_400, -86_400])
def test_a_signature_from_another_time_is_stale(seconds: int) -> None:
    with pytest.raises(Stale):
        verify(signed(GET), now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [301, -1, 10**9])
def test_a_signature_lives_300_seconds_at_most(seconds: int) -> None:
    with pytest.raises(Stale):
        verify(handmade(GET, TARGET, expires=NOW + timedelta(seconds=seconds)))


def test_an_unknown_key_is_refused_before_anything_is_verified() -> None:
    with pytest.raises(UnknownKey):
        verify(signed(GET, keyid="https://evil.example/key"))
    with pytest.raises(UnknownKey):
        verify(signed(GET, keyid="k" * 300))


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/x", "http://hub.example/x", f"{HUB}.evil.example/", "x", "http://["],
)
def test_a_request_to_somebody_else_is_refused(url: str) -> None:
    with pytest.raises(WrongTarget):
        verify(replace(signed(GET), url=url))


def test_a_swapped_body_is_refused() -> None:
    for body in (b"bundlE", b"", None):
        with pytest.raises((DigestMismatch, MissingComponent)):
            verify(replace(signed(POST), body=body))
    with pytest.raises(DigestMismatch):
        verify(replace(signed(POST), body=b"bundlE"))


def test_a_replay_is_refused_and_its_nonce_kept_as_long_as_it_could_pass() -> None:
    nonces, message = Nonces(), signed(GET)
    assert verify(message, nonces=nonces) == KEYID
    (kept_until,) = nonces.seen.values()
    assert kept_until == NOW + timedelta(seconds=600)
    with pytest.raises(Replayed):
        verify(message, now=kept_until, nonces=nonces)
    with pytest.raises(Stale):
        verify(message, now=kept_until + timedelta(seconds=1), nonces=Nonces())


def test_a_refused_request_uses_up_no_nonce() -> None:
    nonces, message = Nonces(), signed(POST)
    for broken in (replace(message, body=b"other"), replace(message, method="PUT")):
        with pytest.raises(FederationError):
            verify(broken, nonces=nonces)
    assert nonces.seen == {}
    assert verify(message, nonces=nonces) == KEYID


def test_the_policy_is_checked_in_its_order() -> None:
    wrong = {
        "tag": "other",
        "created": NOW - timedelta(days=1),
        "key_id": "stranger",
        "nonce": "seen" * 6,
    }
    nonces = Nonces()
    nonces(KEYID, "seen" * 6, NOW)
    digest = {"Content-Digest": requests.content_digest(b"another")}
    message = replace(POST, url="https://evil.example/x", headers={**POST.headers, **digest})
    covered: tuple[str, ...] = ("@method",)
    met = []
    for mend in ("covered", "tag", "created", "key_id", "url", "body", "nonce", None):
        made = handmade(message, covered, use_existing_digest=True, **wrong)
        try:
            verify(made, nonces=nonces)
        except FederationError as error:
            met.append(type(error))
        if mend == "covered":
            covered = (*TARGET, "content-type", "content-digest")
        elif mend == "url":
            message = replace(message, url=POST.url)
        elif mend == "body":
            message = replace(message, body=b"another")
        elif mend is not None:
            del wrong[mend]
    assert met == [
        MissingComponent,
        WrongTag,
        Stale,
        UnknownKey,
        WrongTarget,
        DigestMismatch,
        Replayed,
    ]


def test_a_proxy_may_add_its_own_signature() -> None:
    ours = signed(GET)
    theirs = handmade(GET, ("@method",), tag="proxy", label="proxy")
    both = {
        name: f"{theirs.headers[name]}, {ours.headers[name]}"
        for name in ("Signature-Input", "Signature")
    }
    assert verify(replace(ours, headers=both)) == KEYID


def test_two_signatures_for_us_are_one_too_many() -> None:
    one, two = signed(GET), handmade(GET, TARGET)
    both = {
        name: f"{one.headers[name]}, {two.headers[name]}"
        for name in ("Signature-Input", "Signature")
    }
    with pytest.raises(BadRequestSignature):
        verify(replace(one, headers=both))


def test_the_small_order_key_that_openssl_accepts_verifies_nothing() -> None:
    with pytest.raises(FederationError):
        PublicKey.from_bytes(b"\x01" + bytes(31))
    with pytest.raises(InvalidSignature):
        httpsig.Ed25519(public_key=KEY.public).verify(b"\x01" + bytes(63), b"any")


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (replace(GET, method="get"), BadRequestSignature),
        (replace(GET, url="/relative"), BadRequestSignature),
        (replace(POST, headers={}), MissingComponent),
    ],
)
def test_what_could_not_be_verified_is_not_signed(
    message: Message, error: type[FederationError]
) -> None:
    with pytest.raises(error):
        requests.sign_request(message, KEY, KEYID, now=NOW)


texts = st.text(st.characters(max_codepoint=300), max_size=60)


@given(texts, texts, texts, texts, st.none() | st.binary())
def test_any_request_is_refused_by_name(
    inputs: str, signature: str, url: str, method: str, body: bytes | None
) -> None:
    with pytest.raises(FederationError):
        verify(Message(method, url, {"Signature-Input": inputs, "Signature": signature}, body))


def mutated(whole: Mapping[str, str], name: str, at: int, junk: str) -> dict[str, str]:
    value = whole[name]
    at %= len(value)
    return {**whole, name: value[:at] + junk + value[at + 1 :]}


@given(st.sampled_from(["Signature-Input", "Signature"]), st.integers(0, 500), texts)
def test_any_damage_to_the_signature_is_refused_by_name(name: str, at: int, junk: str) -> None:
    message = signed(GET)
    damaged = mutated(message.headers, name, at, junk)
    try:
        verify(replace(message, headers=damaged))
    except FederationError:
        return
    # Only another spelling of the very same signature may pass.
    view = httpsig.Verifier(None, NOW).signatures(damaged["Signature-Input"], damaged["Signature"])
    assert view[0].components == [f'"{name}"' for name in TARGET]
