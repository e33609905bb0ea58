"""`add-checkpoint` bodies (C2SP tlog-witness): one spelling each, bounded, read back as written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import MalformedSubmission
from federation.wire import checkpoint, merkle, notes, witnessing
from federation.wire.checkpoint import Checkpoint
from federation.wire.witnessing import Submission

from .material import KEY

ORIGIN = "solidarity.example/cedar"
WITNESS = "solidarity.example/baobab/witness"
HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple)


def note(size: int = 5) -> bytes:
    root = merkle.root([merkle.leaf_hash(bytes([at])) for at in range(size)])
    return checkpoint.sign(Checkpoint(ORIGIN, size, root), KEY)


@given(st.integers(1, 5), HASHES)
def test_a_submission_is_read_as_it_was_written(old, proof):
    submission = Submission(old, proof, note())
    assert Submission.decode(submission.encode()) == submission
    assert Submission.decode(submission.encode()).checkpoint.size == 5


def test_the_form_is_that_of_the_specification():
    """The example of the specification, in its own order: old, proof, empty line, checkpoint."""
    body = Submission(3, (b"\x00" * 32, b"\xff" * 32), note()).encode()
    lines = body.decode().split("\n")
    assert lines[:4] == ["old 3", "A" * 43 + "=", "/" * 42 + "8=", ""]
    assert lines[4:6] == [ORIGIN, "5"]
    assert body.endswith(b"\n")


@pytest.mark.parametrize("number", [63, 64, 10_000])
def test_at_most_sixty_three_hashes(number):
    body = b"old 5\n" + (b"A" * 43 + b"=\n") * number + b"\n" + note()
    if number == 63:
        assert len(Submission.decode(body).proof) == 63
        return
    with pytest.raises(MalformedSubmission):
        Submission.decode(body)


def test_an_empty_log_can_be_submitted():
    body = Submission(0, (), note(0)).encode()
    assert Submission.decode(body).checkpoint.size == 0


@given(st.integers(0, 2**63 - 1))
def test_a_size_is_read_as_it_was_written(size):
    assert witnessing.decode_size(witnessing.encode_size(size)) == size


@pytest.mark.parametrize(
    "body", [b"", b"5", b"05\n", b"-1\n", b"5\n\n", b" 5\n", b"9" * 30 + b"\n", b"<html>"]
)
def test_what_is_no_size_is_named(body):
    with pytest.raises(MalformedSubmission):
        witnessing.decode_size(body)


def test_cosignatures_are_found_beside_what_others_added():
    text = notes.Note.decode(note()).text
    good = [checkpoint.cosignature(text, WITNESS, KEY, at) for at in (5, 9, 7)]
    spoilt = notes.NoteSignature(WITNESS, good[0].key_hash, bytes(72))
    short = notes.NoteSignature(WITNESS, good[0].key_hash, b"short")
    whole = notes.Note(text, (spoilt, *good, short))
    found = checkpoint.cosignatures(whole, WITNESS, KEY.public)
    assert [at for at, _line in found] == [9, 7, 5]
    assert [line for _at, line in found] == [good[1], good[2], good[0]]
    assert checkpoint.cosignatures(whole, "solidarity.example/elm/witness", KEY.public) == []


def test_a_signature_by_the_same_key_of_another_kind_is_no_cosignature():
    """A note signed as a log, with the time written where a cosignature has it, is none."""
    text = notes.Note.decode(note()).text
    plain = notes.sign_text(text, WITNESS, KEY)
    hint = notes.key_hash(WITNESS, notes.COSIGNATURE, KEY.public)
    dressed = notes.NoteSignature(WITNESS, hint, (5).to_bytes(8, "big") + plain.signature)
    for line in (plain, dressed):
        whole = notes.Note(text, (line,))
        assert checkpoint.cosignatures(whole, WITNESS, KEY.public) == []


def test_an_answer_is_signature_lines_alone():
    text = notes.Note.decode(note()).text
    line = checkpoint.cosignature(text, WITNESS, KEY, 5)
    assert witnessing.decode_cosignatures(line.line().encode(), note()) == (line,)
    for bad in (b"", b"\n", b"old 5\n", line.line().encode().rstrip(), b"\xff\n", note()):
        with pytest.raises(MalformedSubmission):
            witnessing.decode_cosignatures(bad, note())
