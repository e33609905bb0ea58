"""What a log and a witness say to each other: C2SP tlog-witness, `add-checkpoint`.

A submission is a line `old <size>`, up to 63 lines of a consistency proof, an empty line and the
checkpoint. The answer is cosignature lines, or the size that the witness knows.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from federation.errors import MalformedCheckpoint, MalformedSubmission
from federation.wire import merkle
from federation.wire.checkpoint import Checkpoint
from federation.wire.notes import Note, NoteSignature

MAX_PROOF: Final = 63
MAX_BYTES: Final = 64 * 1024
SIZE_TYPE: Final = "text/x.tlog.size"

_OLD: Final = re.compile(rb"old (0|[1-9][0-9]{0,18})")
_HASH: Final = re.compile(rb"[A-Za-z0-9+/]{43}=")
_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n")
_MAX_SIZE: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Submission:
    """A checkpoint for a witness: the size it cosigned last, the proof from there, the note.

    Sizes in entries, hashes of 32 bytes. Raises MalformedSubmission for what tlog-witness forbids
    whatever the witness knows: more than 63 hashes, a proof from nothing, an old size above the
    new one.
    """

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.old <= _MAX_SIZE:
            raise MalformedSubmission("the old size is a number below 2^63")
        if len(self.proof) > MAX_PROOF:
            raise MalformedSubmission(f"a proof has at most {MAX_PROOF} hashes")
        if any(len(each) != merkle.HASH_BYTES for each in self.proof):
            raise MalformedSubmission(f"a hash has {merkle.HASH_BYTES} bytes")
        if self.old == 0 and self.proof:
            raise MalformedSubmission("a proof from nothing is empty")
        try:
            size = self.checkpoint.size
        except MalformedCheckpoint as error:
            raise MalformedSubmission(str(error)) from error
        if self.old > size:
            raise MalformedSubmission(f"the old size {self.old} is above the new one, {size}")

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint in the note; nothing of it is verified."""
        return Checkpoint.from_note_text(Note.decode(self.note).text)

    def encode(self) -> bytes:
        """The body of the request."""
        lines = [b"old %d" % self.old, *(base64.b64encode(each) for each in self.proof)]
        return b"".join(line + b"\n" for line in lines) + b"\n" + self.note

    @classmethod
    def decode(cls, data: bytes) -> Submission:
        """Reads the body of a request; raises MalformedSubmission, also above 64 KiB."""
        if len(data) > MAX_BYTES:
            raise MalformedSubmission(f"a submission has at most {MAX_BYTES} bytes")
        head, blank, note = data.partition(b"\n\n")
        if not blank:
            raise MalformedSubmission("an empty line stands before the checkpoint")
        first, *lines = head.split(b"\n", MAX_PROOF + 1)
        old = _OLD.fullmatch(first)
        if old is None:
            raise MalformedSubmission("the first line is the word old and a size")
        if len(lines) > MAX_PROOF:
            raise MalformedSubmission(f"a proof has at most {MAX_PROOF} hashes")
        return cls(int(old[1]), tuple(_read_hash(line) for line in lines), note)


def _read_hash(line: bytes) -> bytes:
    if not _HASH.fullmatch(line):
        raise MalformedSubmission("a line of the proof is not one hash in base64")
    try:
        raw = base64.b64decode(line, validate=True)
    except binascii.Error as error:
        raise MalformedSubmission("a line of the proof is not base64") from error
    if base64.b64encode(raw) != line:
        raise MalformedSubmission("a line of the proof is not canonical base64")
    return raw


def encode_size(size: int) -> bytes:
    """The body of a 409: the size that the witness knows, in entries."""
    return b"%d\n" % size


def decode_size(data: bytes) -> int:
    """The size in a 409; raises MalformedSubmission."""
    match = _SIZE.fullmatch(data)
    if match is None or int(match[1]) > _MAX_SIZE:
        raise MalformedSubmission("the witness did not answer with a size")
    return int(match[1])


def decode_cosignatures(data: bytes, note: bytes) -> tuple[NoteSignature, ...]:
    """The signature lines that a witness answered, read but not verified.

    Raises MalformedSubmission. `note` is the checkpoint that was submitted.
    """
    if len(data) > MAX_BYTES:
        raise MalformedSubmission(f"an answer has at most {MAX_BYTES} bytes")
    text = Note.decode(note).text
    try:
        answered = Note.decode(text.encode() + b"\n" + data)
    except MalformedCheckpoint as error:
        raise MalformedSubmission(f"the answer is no cosignature: {error}") from error
    if answered.text != text:
        raise MalformedSubmission("the answer is more than signature lines")
    return answered.signatures
