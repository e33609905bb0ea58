"""DSSE envelopes (protocol v1.0.2): the signature that a statement keeps for ever."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, Final

from federation.errors import BadSignature, JsonError, MalformedEnvelope
from federation.wire import canonical
from federation.wire.keys import PublicKey, SigningKey

PAYLOAD_TYPE: Final = "application/vnd.solidarity-playbook.record+json"
MAX_SIGNATURES: Final = 8
MAX_KEYID: Final = 256
MAX_SIGNATURE_BYTES: Final = 1024
# A record of the full 1 MiB in base64, with room for its signatures.
MAX_ENVELOPE_BYTES: Final = 2 * 1024 * 1024

_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}|[A-Za-z0-9_-]*={0,2}")


def pae(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """The pre-authentication encoding of a payload: the bytes that are signed."""
    return _before(len(payload), payload_type) + payload


def _before(size: int, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """What the encoding puts before a payload of `size` bytes."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d " % (len(kind), kind, size)


def address(payload: bytes) -> str:
    """The name of a record: SHA-256, as hex, of its pre-authentication encoding."""
    hashed = hashlib.sha256(_before(len(payload)))
    hashed.update(payload)
    return hashed.hexdigest()


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature: a hint of the key that made it, and its bytes."""

    keyid: str
    sig: bytes

    def to_dict(self) -> dict[str, str]:
        """As it stands in an envelope and in a records bundle: keyid, and sig in base64."""
        return {"keyid": self.keyid, "sig": base64.b64encode(self.sig).decode()}

    @classmethod
    def from_dict(cls, value: Any) -> Signature:
        """The reverse of `to_dict`; a missing keyid is an empty one. Raises MalformedEnvelope."""
        if not isinstance(value, dict):
            raise MalformedEnvelope("a signature is not an object")
        keyid = value.get("keyid", "")
        if not isinstance(keyid, str) or len(keyid) > MAX_KEYID:
            raise MalformedEnvelope("a keyid is not a short string")
        sig = _from_base64(value.get("sig"), "sig")
        if len(sig) > MAX_SIGNATURE_BYTES:
            raise MalformedEnvelope("a signature is too long")
        return cls(keyid, sig)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload, as the exact bytes that were signed, and its signatures."""

    payload: bytes
    signatures: tuple[Signature, ...]
    _address: str = field(default="", init=False, repr=False, compare=False)

    @classmethod
    def signed(cls, payload: bytes, key: SigningKey) -> Envelope:
        """An envelope with one signature by this key."""
        return cls(payload, (Signature(key.public.keyid, key.sign(pae(payload))),))

    @property
    def address(self) -> str:
        """The payload's address; it does not depend on the signatures. Hashed once."""
        if not self._address:
            object.__setattr__(self, "_address", address(self.payload))
        return self._address

    def verify(self, public: PublicKey) -> None:
        """Raises BadSignature unless one of the first eight signatures is by this key.

        Keyids are hints: the signature that names the key is tried first, then all others.
        """
        message = pae(self.payload)
        signatures = self.signatures[:MAX_SIGNATURES]
        if len(signatures) > 1:
            keyid = public.keyid
            signatures = tuple(sorted(signatures, key=lambda one: one.keyid != keyid))
        for signature in signatures:
            try:
                public.verify(signature.sig, message)
            except BadSignature:
                continue
            return
        raise BadSignature(f"no valid signature by the key {public.keyid[:16]}", item=self.address)

    def to_json(self) -> bytes:
        """The standard JSON form, as canonical JSON."""
        return canonical.dumps(
            {
                "payload": base64.b64encode(self.payload).decode(),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [signature.to_dict() for signature in self.signatures],
            }
        )

    @classmethod
    def from_json(cls, data: bytes, *, max_bytes: int = MAX_ENVELOPE_BYTES) -> Envelope:
        """Reads the standard JSON form; raises MalformedEnvelope.

        Both base64 alphabets are taken and unknown fields ignored, as DSSE asks. Signatures after
        the eighth are not read. Nothing is verified yet.
        """
        try:
            value = canonical.loads(data, max_bytes=max_bytes)
        except JsonError as error:
            raise MalformedEnvelope(f"not strict JSON: {error.detail}") from error
        if not isinstance(value, dict):
            raise MalformedEnvelope("an envelope is an object")
        if value.get("payloadType") != PAYLOAD_TYPE:
            raise MalformedEnvelope(f"the payloadType is not {PAYLOAD_TYPE}")
        signatures = value.get("signatures")
        if not isinstance(signatures, list) or not signatures:
            raise MalformedEnvelope("an envelope has a list of at least one signature")
        return cls(
            _from_base64(value.get("payload"), "payload"),
            tuple(Signature.from_dict(item) for item in signatures[:MAX_SIGNATURES]),
        )


def _from_base64(value: Any, name: str) -> bytes:
    """Decodes standard or URL-safe base64, padded; raises MalformedEnvelope."""
    if not isinstance(value, str) or not _BASE64.fullmatch(value):
        raise MalformedEnvelope(f"{name} is not base64")
    try:
        return base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise MalformedEnvelope(f"{name} is not base64: {error}") from error
