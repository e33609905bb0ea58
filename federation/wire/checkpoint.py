"""Log heads: C2SP tlog-checkpoint as a signed note, and tlog-cosignature over it."""

from __future__ import annotations

import base64
import binascii
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from federation.errors import BadSignature, MalformedCheckpoint, WrongKey, WrongLogOrigin
from federation.wire import merkle, notes
from federation.wire.keys import SIGNATURE_BYTES, PublicKey, SigningKey
from federation.wire.notes import Note, NoteSignature

TIMESTAMP_BYTES: Final = 8

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_MAX_SIZE: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: its origin, its size in entries, its 32-byte root.

    `extensions` are further lines that others may write; we write none and give them no meaning.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.origin or "\n" in self.origin:
            raise MalformedCheckpoint("a checkpoint names its log in one line")
        if not 0 <= self.size <= _MAX_SIZE:
            raise MalformedCheckpoint("a log's size is a number below 2^63")
        if len(self.root) != merkle.HASH_BYTES:
            raise MalformedCheckpoint(f"a root has {merkle.HASH_BYTES} bytes")
        if self.size == 0 and self.root != merkle.EMPTY_ROOT:
            raise MalformedCheckpoint("an empty log has the root of the empty tree")
        if any(not line or "\n" in line for line in self.extensions):
            raise MalformedCheckpoint("an extension is one line that is not empty")

    def to_note_text(self) -> str:
        """The text that is signed: origin, size and root, a line each."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode())
        return "".join(f"{line}\n" for line in (*lines, *self.extensions))

    @classmethod
    def from_note_text(cls, text: str) -> Checkpoint:
        """The reverse of `to_note_text`; raises MalformedCheckpoint."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() != "":
            raise MalformedCheckpoint("a checkpoint has three lines: origin, size, root")
        origin, size, encoded, *extensions = lines
        if not _SIZE.fullmatch(size):
            raise MalformedCheckpoint(f"{size[:24]!r} is not the size of a log")
        try:
            root = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise MalformedCheckpoint("the root is not base64") from error
        if base64.b64encode(root).decode() != encoded:
            raise MalformedCheckpoint("the root is not canonical base64")
        return cls(origin, int(size), root, tuple(extensions))


def sign(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """The signed note of a checkpoint; the key's name is the log's origin."""
    return notes.sign(checkpoint.to_note_text(), checkpoint.origin, key)


def parse_checkpoint(data: bytes) -> Checkpoint:
    """Reads a checkpoint without verifying it; raises MalformedCheckpoint."""
    return Checkpoint.from_note_text(Note.decode(data).text)


def open_checkpoint(data: bytes, origin: str, key: PublicKey) -> Checkpoint:
    """The checkpoint, once it is well-formed, of that log, and signed by that key.

    Raises MalformedCheckpoint, WrongLogOrigin or WrongKey, in this order.
    """
    note = Note.decode(data)
    checkpoint = Checkpoint.from_note_text(note.text)
    if checkpoint.origin != origin:
        raise WrongLogOrigin(f"a checkpoint of {checkpoint.origin!r}, not {origin!r}", item=origin)
    try:
        notes.verify(note, origin, key)
    except BadSignature as error:
        raise WrongKey(error.detail, item=origin) from error
    return checkpoint


def cosign(data: bytes, name: str, key: SigningKey, timestamp: int) -> bytes:
    """The note with a witness's cosignature (type 0x04) added; `timestamp` in POSIX seconds."""
    note = Note.decode(data)
    added = cosignature(note.text, name, key, timestamp)
    return Note(note.text, (*note.signatures, added)).encode()


def cosignature(text: str, name: str, key: SigningKey, timestamp: int) -> NoteSignature:
    """A witness's cosignature (type 0x04) over a checkpoint's text; `timestamp` as in `cosign`."""
    stamp = timestamp.to_bytes(TIMESTAMP_BYTES, "big")
    hint = notes.key_hash(name, notes.COSIGNATURE, key.public)
    return NoteSignature(name, hint, stamp + key.sign(_cosigned(timestamp, text)))


def cosignatures(note: Note, name: str, key: PublicKey) -> list[tuple[int, NoteSignature]]:
    """The valid cosignatures by one witness, each with its time in POSIX seconds, newest first.

    What is not valid is passed over: whoever relays a note can add lines to it, and must not be
    able to spoil the good one beside them. Raises nothing.
    """
    found = []
    for line in note.signatures_by(name, notes.key_hash(name, notes.COSIGNATURE, key)):
        with suppress(WrongKey):
            found.append((_cosignature_time(note.text, line, key), line))
    return sorted(found, key=lambda pair: pair[0], reverse=True)


def cosignature_verify(data: bytes, name: str, key: PublicKey) -> int:
    """When the witness of that name and key saw this checkpoint, in POSIX seconds.

    Raises MalformedCheckpoint, or WrongKey if there is no valid cosignature by that key. Of
    several, the newest counts. Whether the time is believable is for the caller to judge.
    """
    note = Note.decode(data)
    Checkpoint.from_note_text(note.text)
    found = note.signatures_by(name, notes.key_hash(name, notes.COSIGNATURE, key))
    if not found:
        raise WrongKey(f"no cosignature by the enrolled key of {name}", item=name)
    return max(_cosignature_time(note.text, signature, key) for signature in found)


def _cosignature_time(text: str, cosignature: NoteSignature, key: PublicKey) -> int:
    raw = cosignature.signature
    if len(raw) != TIMESTAMP_BYTES + SIGNATURE_BYTES:
        raise WrongKey("a cosignature is eight bytes of time and a signature")
    timestamp = int.from_bytes(raw[:TIMESTAMP_BYTES], "big")
    try:
        key.verify(raw[TIMESTAMP_BYTES:], _cosigned(timestamp, text))
    except BadSignature as error:
        raise WrongKey(error.detail, item=cosignature.name) from error
    return timestamp


def _cosigned(timestamp: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()
