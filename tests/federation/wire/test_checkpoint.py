import base64
import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from federation.errors import BadSignature, MalformedCheckpoint, WrongKey, WrongLogOrigin
from federation.wire import checkpoint, merkle, notes
from federation.wire.checkpoint import Checkpoint
from federation.wire.keys import PublicKey
from federation.wire.notes import Note, NoteSignature

from .material import KEY, OTHER_KEY

ORIGIN = "playbook.example/coalition-a"
WITNESS = "playbook.example/hub/witness"
HEAD = Checkpoint(ORIGIN, 1234, hashlib.sha256(b"root").digest())
SIGNED = checkpoint.sign(HEAD, KEY)


def test_the_example_of_the_note_specification_verifies() -> None:
    # The key and note of C2SP signed-note's own example (golang.org/x/mod/sumdb/note).
    verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    name, hint, encoded = verifier.split("+", 2)
    raw = base64.b64decode(encoded)
    public = PublicKey.from_bytes(raw[1:])
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    line = (
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
        "qdngotpRZb6KE6RyyBwJnAM=\n"
    )
    note = Note.decode(f"{text}\n{line}".encode())
    assert note.text == text
    notes.verify(note, name, public)
    assert notes.key_hash(name, notes.ED25519, public).hex() == hint
    assert notes.verifier_key(name, public) == verifier
    with pytest.raises(BadSignature):
        notes.verify(Note(text.upper(), note.signatures), name, public)


def test_a_checkpoint_is_three_lines_and_a_signature() -> None:
    text, _, signature = SIGNED.decode().rpartition("\n\n")
    assert text.split("\n") == [ORIGIN, "1234", base64.b64encode(HEAD.root).decode()]
    dash, name, encoded = signature.rstrip("\n").split(" ")
    raw = base64.b64decode(encoded)
    hint = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + KEY.public.raw).digest()[:4]
    assert (dash, name, raw[:4], len(raw)) == ("\u2014", ORIGIN, hint, 68)


def test_a_signed_checkpoint_is_opened() -> None:
    assert checkpoint.open_checkpoint(SIGNED, ORIGIN, KEY.public) == HEAD
    assert checkpoint.parse_checkpoint(SIGNED) == HEAD


def test_a_checkpoint_by_another_key_is_refused() -> None:
    with pytest.raises(WrongKey):
        checkpoint.open_checkpoint(SIGNED, ORIGIN, OTHER_KEY.public)


def test_a_signature_that_names_the_key_but_is_not_by_it_is_refused() -> None:
    text = HEAD.to_note_text()
    forged = NoteSignature(
        ORIGIN, notes.key_hash(ORIGIN, 1, KEY.public), OTHER_KEY.sign(text.encode())
    )
    good = notes.sign_text(text, ORIGIN, KEY)
    for signatures in ((forged,), (good, forged)):
        data = Note(text, signatures).encode()
        with pytest.raises(WrongKey):
            checkpoint.open_checkpoint(data, ORIGIN, KEY.public)


def test_a_changed_size_is_refused() -> None:
    with pytest.raises(WrongKey):
        checkpoint.open_checkpoint(SIGNED.replace(b"1234", b"1235"), ORIGIN, KEY.public)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    with pytest.raises(WrongLogOrigin):
        checkpoint.open_checkpoint(SIGNED, ORIGIN + "/2", KEY.public)


def test_other_signatures_are_ignored_whatever_they_are() -> None:
    stranger = NoteSignature("stranger.example", b"abcd", b"any bytes")
    same_name = NoteSignature(ORIGIN, b"abcd", b"any bytes")
    note = Note.decode(SIGNED)
    data = Note(note.text, (stranger, same_name, *note.signatures)).encode()
    assert checkpoint.open_checkpoint(data, ORIGIN, KEY.public) == HEAD


def test_a_cosignature_is_no_log_signature_and_the_other_way_round() -> None:
    cosigned_only = checkpoint.cosign(
        notes.sign(HEAD.to_note_text(), "somebody", OTHER_KEY), ORIGIN, KEY, 1_700_000_000
    )
    with pytest.raises(WrongKey):
        checkpoint.open_checkpoint(cosigned_only, ORIGIN, KEY.public)
    with pytest.raises(WrongKey):
        checkpoint.cosignature_verify(SIGNED, ORIGIN, KEY.public)


def test_a_cosignature_tells_when_the_witness_saw_it() -> None:
    data = checkpoint.cosign(SIGNED, WITNESS, OTHER_KEY, 1_700_000_000)
    assert checkpoint.cosignature_verify(data, WITNESS, OTHER_KEY.public) == 1_700_000_000
    assert checkpoint.open_checkpoint(data, ORIGIN, KEY.public) == HEAD
    raw = Note.decode(data).signatures[-1]
    signed = b"cosignature/v1\ntime 1700000000\n" + HEAD.to_note_text().encode()
    OTHER_KEY.public.verify(raw.signature[8:], signed)
    assert (
        raw.key_hash
        == hashlib.sha256(WITNESS.encode() + b"\n\x04" + OTHER_KEY.public.raw).digest()[:4]
    )


def test_a_cosignature_whose_time_was_changed_is_refused() -> None:
    note = Note.decode(checkpoint.cosign(SIGNED, WITNESS, OTHER_KEY, 1_700_000_000))
    last = note.signatures[-1]
    later = (1_800_000_000).to_bytes(8, "big") + last.signature[8:]
    for changed in (later, last.signature[:-1]):
        moved = Note(note.text, (NoteSignature(WITNESS, last.key_hash, changed),)).encode()
        with pytest.raises(WrongKey):
            checkpoint.cosignature_verify(moved, WITNESS, OTHER_KEY.public)


def test_extension_lines_are_kept_and_signed() -> None:
    extended = Checkpoint(ORIGIN, 1234, HEAD.root, ("more",))
    assert (
        checkpoint.open_checkpoint(checkpoint.sign(extended, KEY), ORIGIN, KEY.public) == extended
    )


ROOT = base64.b64encode(HEAD.root).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n1234\n",
        f"\n1234\n{ROOT}\n",
        f"{ORIGIN}\n01234\n{ROOT}\n",
        f"{ORIGIN}\n-1\n{ROOT}\n",
        f"{ORIGIN}\n+1\n{ROOT}\n",
        f"{ORIGIN}\n١٢\n{ROOT}\n",
        f"{ORIGIN}\n{2**63}\n{ROOT}\n",
        f"{ORIGIN}\n1234\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n1234\n{ROOT} \n",
        f"{ORIGIN}\n1234\n{base64.b64encode(bytes(31)).decode()}\n",
        f"{ORIGIN}\n1234\né\n",
        f"{ORIGIN}\n0\n{ROOT}\n",
        f"{ORIGIN}\n1234\n{ROOT}\n\nmore\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_malformed(text: str) -> None:
    with pytest.raises(MalformedCheckpoint):
        checkpoint.open_checkpoint(notes.sign(text, ORIGIN, KEY), ORIGIN, KEY.public)


def test_the_bits_that_base64_leaves_over_are_zero() -> None:
    assert ROOT.endswith("=")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twin = ROOT[:-2] + last[last.index(ROOT[-2]) + 1] + "="
    assert base64.b64decode(twin) == HEAD.root
    with pytest.raises(MalformedCheckpoint):
        Checkpoint.from_note_text(f"{ORIGIN}\n1234\n{twin}\n")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        HEAD.to_note_text().encode(),
        SIGNED[:-1],
        SIGNED + b"\n",
        SIGNED.replace(b"\n\n", b"\n"),
        SIGNED.replace("\u2014".encode(), b"-"),
        SIGNED + b"more\n",
        SIGNED + "\u2014 a+b AAAAAAAA\n".encode(),
        SIGNED + "\u2014 name AAAA\n".encode(),
        SIGNED + "\u2014 name AAAAAAA\n".encode(),
        SIGNED + "\u2014 name AAAAAAAB=\n".encode(),
        SIGNED.replace(b"1234", b"12\r34"),
        b"\xff" + SIGNED,
        SIGNED + "\u2014 n AAAAAAAA\n".encode() * 101,
        b"a" * 1_000_001,
    ],
)
def test_what_is_not_a_signed_note_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedCheckpoint):
        checkpoint.open_checkpoint(data, ORIGIN, KEY.public)


def test_an_empty_log_has_a_head() -> None:
    empty = Checkpoint(ORIGIN, 0, merkle.EMPTY_ROOT)
    assert checkpoint.open_checkpoint(checkpoint.sign(empty, KEY), ORIGIN, KEY.public) == empty


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40).map(
    lambda text: text + "\n"
)


@given(texts, st.lists(st.tuples(st.text("ab./-", min_size=1), st.binary(min_size=1)), min_size=1))
@example("\u2028\n", [("a", b"x")])
def test_a_note_survives_its_bytes(text: str, signers: list[tuple[str, bytes]]) -> None:
    note = Note(text, tuple(NoteSignature(name, b"hash", raw) for name, raw in signers[:100]))
    assert Note.decode(note.encode()) == note


@given(st.binary() | st.text().map(lambda text: (text + "\n\n\u2014 a ").encode(errors="replace")))
def test_any_bytes_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedCheckpoint):
        checkpoint.parse_checkpoint(data)
