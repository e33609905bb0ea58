"""The node's five private keys: one purpose a key, PKCS #8 in PEM, mode 0600, outside the database.

Source: docs/protocol.md, "Names and keys"; RFC 8410 for the encoding.
"""

import os
from dataclasses import dataclass, fields
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from federation.errors import KeyFileBroken, KeysMissing, KeysReadable
from federation.wire.keys import SigningKey


@dataclass(frozen=True)
class NodeKeys:
    """This node's signing keys, by purpose."""

    identity: SigningKey
    log: SigningKey
    witness: SigningKey
    record: SigningKey
    request: SigningKey


PURPOSES = tuple(field.name for field in fields(NodeKeys))


def _path(directory: Path, purpose: str) -> Path:
    return directory / f"{purpose}.pem"


def create_keys(directory: Path) -> NodeKeys:
    """Make the keys that are not there yet, never touching one that is, and return all five."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for purpose in PURPOSES:
        path = _path(directory, purpose)
        if path.exists():
            continue
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    return load_keys(directory)


def load_keys(directory: Path) -> NodeKeys:
    """Return the keys in `directory`.

    Raises KeysMissing where one is absent, KeysReadable where somebody else on the machine could
    read one, KeyFileBroken where one is not an Ed25519 private key.
    """
    return NodeKeys(**{purpose: read_key(_path(directory, purpose)) for purpose in PURPOSES})


def read_key(path: Path) -> SigningKey:
    """Return the key in one file; raises KeysMissing, KeysReadable or KeyFileBroken."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise KeysMissing(f"There is no key file {path}.", item=path.stem) from None
    if mode & 0o077:
        raise KeysReadable(f"{path} can be read by others (mode {mode & 0o777:o}).", item=path.stem)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise KeyFileBroken(f"{path} is not a private key: {error}", item=path.stem) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileBroken(f"{path} holds a key that is not Ed25519.", item=path.stem)
    return SigningKey.from_seed(key.private_bytes_raw())


def key_problems(directory: Path) -> list[KeysMissing | KeysReadable | KeyFileBroken]:
    """Return what is wrong with each key file, for a system check; empty when all is well."""
    problems: list[KeysMissing | KeysReadable | KeyFileBroken] = []
    for purpose in PURPOSES:
        try:
            read_key(_path(directory, purpose))
        except (KeysMissing, KeysReadable, KeyFileBroken) as problem:
            problems.append(problem)
    return problems
