"""Ed25519 keys. Made, used and judged by libsodium (PyNaCl), which is stricter than OpenSSL:
it refuses points of small order and encodings that are not canonical.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from nacl import bindings
from nacl.exceptions import CryptoError

from federation.errors import BadSignature, InvalidKey

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

_HEX: Final = re.compile(r"[0-9a-f]{64}")


@lru_cache(maxsize=4096)
def _is_valid_point(raw: bytes) -> bool:
    return bindings.crypto_core_ed25519_is_valid_point(raw)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that is a valid point; raises InvalidKey when made of anything else."""

    raw: bytes

    def __post_init__(self) -> None:
        if not isinstance(self.raw, bytes) or len(self.raw) != KEY_BYTES:
            raise InvalidKey(f"an Ed25519 public key has {KEY_BYTES} bytes")
        if not _is_valid_point(self.raw):
            raise InvalidKey(f"{self.raw.hex()} is not a valid point of the main subgroup")

    @classmethod
    def from_bytes(cls, raw: bytes) -> PublicKey:
        """The key of these 32 bytes; raises InvalidKey."""
        return cls(raw)

    @classmethod
    def from_hex(cls, text: str) -> PublicKey:
        """The key of 64 lower-case hex digits; raises InvalidKey."""
        if not isinstance(text, str) or not _HEX.fullmatch(text):
            raise InvalidKey("a public key is written as 64 lower-case hex digits")
        return cls(bytes.fromhex(text))

    @property
    def hex(self) -> str:
        """The 32 bytes as lower-case hex, the form records and descriptors use."""
        return self.raw.hex()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key, as hex; the short name under which people compare keys."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def fingerprint_groups(self) -> str:
        """The fingerprint in sixteen groups of four, to be read aloud."""
        whole = self.fingerprint
        return " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))

    @property
    def keyid(self) -> str:
        """The hint that signatures carry: the fingerprint. Only a hint, never an identity."""
        return self.fingerprint

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raises BadSignature unless this key signed the message (RFC 8032, as libsodium judges).

        `signature` is 64 bytes; any other length is a bad signature.
        """
        if not isinstance(signature, bytes) or len(signature) != SIGNATURE_BYTES:
            raise BadSignature(f"an Ed25519 signature has {SIGNATURE_BYTES} bytes")
        try:
            bindings.crypto_sign_open(signature + message, self.raw)
        except CryptoError as error:
            raise BadSignature("the signature is not by this key, or the text changed") from error


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key. Its repr shows the public half only."""

    seed: bytes = field(repr=False)
    public: PublicKey = field(init=False, compare=False)
    _secret: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.seed, bytes) or len(self.seed) != KEY_BYTES:
            raise InvalidKey(f"an Ed25519 seed has {KEY_BYTES} bytes")
        public, secret = bindings.crypto_sign_seed_keypair(self.seed)
        object.__setattr__(self, "public", PublicKey(public))
        object.__setattr__(self, "_secret", secret)

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """The key of this 32-byte seed; raises InvalidKey for any other length."""
        return cls(seed)

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the operating system's randomness."""
        return cls(bindings.randombytes(KEY_BYTES))

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature (RFC 8032) of a message."""
        return bindings.crypto_sign(message, self._secret)[:SIGNATURE_BYTES]
