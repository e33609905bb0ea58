"""Key files: made once, refused when others can read them, named when missing or broken."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import x25519

from federation.errors import KeyFileBroken, KeysMissing, KeysReadable
from federation.trust import create_keys, key_problems, load_keys

PURPOSES = ("identity", "log", "witness", "record", "request")


def other_kind() -> bytes:
    return x25519.X25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def test_five_keys_are_made_for_five_purposes_and_for_no_other_eyes(tmp_path):
    folder = tmp_path / "keys"
    assert not folder.exists()
    keys = create_keys(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{p}.pem" for p in PURPOSES)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert len({getattr(keys, purpose).public.hex for purpose in PURPOSES}) == 5
    assert key_problems(folder) == []
    assert create_keys(folder) == keys == load_keys(folder)


def test_what_is_missing_is_made_and_nothing_else_is_touched(tmp_path):
    keys = create_keys(tmp_path)
    (tmp_path / "witness.pem").unlink()
    again = create_keys(tmp_path)
    assert again.witness != keys.witness
    assert (again.identity, again.log, again.record) == (keys.identity, keys.log, keys.record)


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o620])
def test_a_key_that_others_can_reach_is_refused(tmp_path, purpose: str, mode: int):
    create_keys(tmp_path)
    (tmp_path / f"{purpose}.pem").chmod(mode)
    with pytest.raises(KeysReadable, match=f"{mode:o}") as caught:
        load_keys(tmp_path)
    assert caught.value.item == purpose
    assert [type(problem) for problem in key_problems(tmp_path)] == [KeysReadable]


def test_a_missing_key_is_named(tmp_path):
    create_keys(tmp_path)
    (tmp_path / "log.pem").unlink()
    with pytest.raises(KeysMissing) as caught:
        load_keys(tmp_path)
    assert caught.value.item == "log"


@pytest.mark.parametrize(
    "text",
    [b"", b"not a key", b"\xff\xfe", other_kind()],
    ids=["empty", "no key", "no text", "another kind"],
)
def test_a_file_that_is_no_ed25519_key_is_broken(tmp_path, text: bytes):
    create_keys(tmp_path)
    (tmp_path / "record.pem").write_bytes(text)
    with pytest.raises(KeyFileBroken) as caught:
        load_keys(tmp_path)
    assert caught.value.item == "record"
    with pytest.raises(KeyFileBroken):
        create_keys(tmp_path)
    assert (tmp_path / "record.pem").read_bytes() == text, "it is not replaced by a new one"


def test_every_problem_is_reported_at_once(tmp_path):
    create_keys(tmp_path)
    (tmp_path / "log.pem").unlink()
    (tmp_path / "record.pem").chmod(0o644)
    (tmp_path / "request.pem").write_bytes(b"?")
    assert {type(problem) for problem in key_problems(tmp_path)} == {
        KeysMissing, KeysReadable, KeyFileBroken,
    }  # fmt: skip
