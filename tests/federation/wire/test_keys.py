import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings
from nacl.exceptions import CryptoError

from federation.errors import BadSignature, InvalidKey
from federation.wire.keys import PublicKey, SigningKey

from .material import KEY, OTHER_KEY


def accepts(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        PublicKey(key).verify(signature, message)
    except (InvalidKey, BadSignature):
        return False
    return True


def libsodium_accepts(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        bindings.crypto_sign_open(signature + message, key)
    except CryptoError:
        return False
    return True


def test_wycheproof_is_judged_as_stated(vectors: Path) -> None:
    groups = json.loads((vectors / "ed25519-wycheproof.json").read_text())["testGroups"]
    cases = [(group["publicKey"]["pk"], case) for group in groups for case in group["tests"]]
    assert len(cases) == 151
    for pk, case in cases:
        judged = accepts(*(bytes.fromhex(text) for text in (pk, case["sig"], case["msg"])))
        assert judged is (case["result"] == "valid"), case


# What libsodium refuses, by the flags of the vectors: a key or an R of small order or in another
# than its canonical encoding; and, since it does not multiply by the cofactor, an equation that
# holds only up to a point of small order (the residue). A small-order *component* of the key or of
# R alone is not refused in verifying.
REFUSED = {"low_order_A", "low_order_R", "non_canonical_A", "non_canonical_R", "low_order_residue"}


def cctv(vectors: Path) -> list[tuple[set[str], tuple[bytes, bytes, bytes]]]:
    cases = json.loads((vectors / "ed25519-cctv.json").read_text())
    assert len(cases) == 914
    return [
        (
            set(case["flags"] or []),
            (bytes.fromhex(case["key"]), bytes.fromhex(case["sig"]), case["msg"].encode()),
        )
        for case in cases
    ]


def test_cctv_signatures_are_judged_as_libsodium_does(vectors: Path) -> None:
    judged = [(libsodium_accepts(*case), not flags & REFUSED) for flags, case in cctv(vectors)]
    assert all(actual is expected for actual, expected in judged)
    assert sum(expected for _, expected in judged) == 43


def test_cctv_keys_with_a_small_order_component_are_refused_as_well(vectors: Path) -> None:
    # The point check of enrolment wants the main subgroup: a stricter rule, for keys alone.
    refused = REFUSED | {"low_order_component_A"}
    judged = [(accepts(*case), not flags & refused) for flags, case in cctv(vectors)]
    assert all(actual is expected for actual, expected in judged)
    assert sum(expected for _, expected in judged) == 1


def test_rfc_8032_test_1() -> None:
    key = SigningKey.from_seed(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )
    assert key.public.hex == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign(b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
        "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"\x01" + bytes(31),  # the identity, which OpenSSL accepts
        bytes(32),
        b"\xff" * 32,
        b"\x02" + bytes(31),  # not on the curve
        bytes(31),
        b"",
    ],
    ids=lambda raw: raw[:4].hex(),
)
def test_what_is_not_a_valid_point_is_no_key(raw: bytes) -> None:
    with pytest.raises(InvalidKey):
        PublicKey.from_bytes(raw)


@pytest.mark.parametrize("change", [str.upper, lambda h: h[:-1], lambda h: h + "\n", lambda h: 7])
def test_a_key_in_hex_has_one_spelling(change) -> None:
    assert PublicKey.from_hex(KEY.public.hex) == KEY.public
    with pytest.raises(InvalidKey):
        PublicKey.from_hex(change(KEY.public.hex))


@given(st.binary(max_size=100), st.integers(0, 64 * 8 - 1))
def test_one_changed_bit_breaks_a_signature(message: bytes, bit: int) -> None:
    signature = bytearray(KEY.sign(message))
    KEY.public.verify(bytes(signature), message)
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadSignature):
        KEY.public.verify(bytes(signature), message)
    with pytest.raises(BadSignature):
        KEY.public.verify(KEY.sign(message), message + b"x")


@given(st.binary(max_size=80), st.binary(max_size=40))
def test_any_bytes_are_a_bad_signature(signature: bytes, message: bytes) -> None:
    with pytest.raises(BadSignature):
        KEY.public.verify(signature, message)


@given(st.binary(max_size=40))
def test_any_bytes_are_a_key_or_an_invalid_key(raw: bytes) -> None:
    try:
        assert PublicKey.from_bytes(raw).raw == raw
    except InvalidKey:
        return


def test_a_seed_of_another_length_is_no_key() -> None:
    with pytest.raises(InvalidKey):
        SigningKey.from_seed(bytes(31))


def test_a_fingerprint_can_be_read_aloud() -> None:
    groups = KEY.public.fingerprint_groups.split()
    assert [len(group) for group in groups] == [4] * 16
    assert "".join(groups) == KEY.public.fingerprint != OTHER_KEY.public.fingerprint


def test_keys_are_equal_by_their_bytes_and_show_no_secret() -> None:
    assert len({KEY, SigningKey.from_seed(KEY.seed), OTHER_KEY}) == 2
    assert KEY.public == PublicKey(KEY.public.raw) != OTHER_KEY.public
    assert KEY.seed.hex() not in repr(KEY)
    assert repr(KEY.seed) not in repr(KEY)
    assert SigningKey.generate() != SigningKey.generate()
