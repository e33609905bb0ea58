"""C2SP signed-note: a text, a blank line, and signature lines that name their keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from federation.errors import BadSignature, MalformedCheckpoint
from federation.wire.keys import PublicKey, SigningKey

ED25519: Final = 0x01
COSIGNATURE: Final = 0x04
KEY_HASH_BYTES: Final = 4
MAX_NOTE_BYTES: Final = 1_000_000
MAX_SIGNATURES: Final = 100

_NAME: Final = re.compile(r"[^\s+\x00-\x1f\x7f]{1,255}")
_SIGNATURE_LINE: Final = re.compile(r"\u2014 ([^ ]+) ([A-Za-z0-9+/]+={0,2})")
# ASCII control characters other than newline.
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


def key_hash(name: str, kind: int, public: PublicKey) -> bytes:
    """The four bytes that hint at a key: of SHA-256 over name, newline, type and key."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public.raw).digest()[
        :KEY_HASH_BYTES
    ]


def verifier_key(name: str, public: PublicKey, kind: int = ED25519) -> str:
    """The key as other tools take it: `<name>+<hash>+<base64 of type and key>`."""
    encoded = base64.b64encode(bytes([kind]) + public.raw).decode()
    return f"{name}+{key_hash(name, kind, public).hex()}+{encoded}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: the key's name, its four-byte hash, and the signature's bytes."""

    name: str
    key_hash: bytes
    signature: bytes

    def line(self) -> str:
        """The line as it stands in the note, newline included."""
        encoded = base64.b64encode(self.key_hash + self.signature).decode()
        return f"\u2014 {self.name} {encoded}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note's text, which ends with a newline, and its signatures, in their order."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __post_init__(self) -> None:
        if not self.text.endswith("\n") or _CONTROL.search(self.text):
            raise MalformedCheckpoint("a note's text is whole lines without control characters")
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise MalformedCheckpoint(f"a note has 1 to {MAX_SIGNATURES} signatures")
        for signature in self.signatures:
            if not _NAME.fullmatch(signature.name):
                raise MalformedCheckpoint("a key name has neither spaces nor plus signs")
            if len(signature.key_hash) != KEY_HASH_BYTES or not signature.signature:
                raise MalformedCheckpoint("a signature has a four-byte key hash and then bytes")

    def encode(self) -> bytes:
        """The note's bytes."""
        return (self.text + "\n" + "".join(s.line() for s in self.signatures)).encode()

    @classmethod
    def decode(cls, data: bytes) -> Note:
        """Reads a note, verifying nothing; raises MalformedCheckpoint."""
        if len(data) > MAX_NOTE_BYTES:
            raise MalformedCheckpoint(f"a note has at most {MAX_NOTE_BYTES} bytes")
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedCheckpoint("a note is UTF-8") from error
        text, blank, tail = whole.rpartition("\n\n")
        if not blank or not tail.endswith("\n"):
            raise MalformedCheckpoint("a note has a text, a blank line and signature lines")
        # Not splitlines(): that also splits at characters that a note may hold.
        lines = tail[:-1].split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise MalformedCheckpoint(f"a note has at most {MAX_SIGNATURES} signatures")
        return cls(text + "\n", tuple(_read_line(line) for line in lines))

    def signatures_by(self, name: str, hint: bytes) -> list[NoteSignature]:
        """The signatures that name this key; all others are somebody else's business."""
        return [s for s in self.signatures if s.name == name and s.key_hash == hint]


def sign_text(text: str, name: str, key: SigningKey) -> NoteSignature:
    """An Ed25519 signature (type 0x01) over a note's text."""
    return NoteSignature(name, key_hash(name, ED25519, key.public), key.sign(text.encode()))


def sign(text: str, name: str, key: SigningKey) -> bytes:
    """A whole note with one signature."""
    return Note(text, (sign_text(text, name, key),)).encode()


def verify(note: Note, name: str, public: PublicKey) -> None:
    """Raises BadSignature unless the note is signed (type 0x01) by the key of that name.

    As the specification asks, each signature that names the key must be valid.
    """
    found = note.signatures_by(name, key_hash(name, ED25519, public))
    if not found:
        raise BadSignature(f"the note has no signature by the enrolled key of {name}")
    for signature in found:
        public.verify(signature.signature, note.text.encode())


def _read_line(line: str) -> NoteSignature:
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise MalformedCheckpoint(f"not a signature line: {line[:80]!r}")
    try:
        raw = base64.b64decode(match[2], validate=True)
    except binascii.Error as error:
        raise MalformedCheckpoint("a signature line is not base64") from error
    if base64.b64encode(raw).decode() != match[2]:
        raise MalformedCheckpoint("a signature line is not canonical base64")
    return NoteSignature(match[1], raw[:KEY_HASH_BYTES], raw[KEY_HASH_BYTES:])
