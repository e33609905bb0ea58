"""The keys of the TUF roles: Ed25519 in files of mode 0600, as the node's own keys are.

Source: docs/protocol.md, "Names and keys"; the TUF specification, sections 4.2 and 4.3.
"""

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Root

from federation.errors import BadTrustMetadata, FederationError, KeyFileBroken
from federation.wire.keys import PublicKey

from .keyfiles import create_key, load_key

ROLES: Final = ("root", "targets", "snapshot", "timestamp")
OFFLINE: Final = ("root", "targets")
ONLINE: Final = ("snapshot", "timestamp")


def create_role_key(path: Path) -> SSlibKey:
    """Make a role's key in a new file, and beside it `<name>.pub`, which may be handed out."""
    create_key(path)
    key = load_signer(path).public_key
    path.with_suffix(".pub").write_text(f"{key.keyval['public']}\n", encoding="ascii")
    return key


def load_signer(path: Path) -> CryptoSigner:
    """Return who signs with the key in a file; raises KeyFileError's kinds."""
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(load_key(path).seed))


def read_public(path: Path) -> SSlibKey:
    """Return the key of a `.pub` file: 64 hex digits. Raises KeyFileBroken."""
    try:
        return public_key(PublicKey.from_hex(path.read_text(encoding="ascii").strip()))
    except (OSError, ValueError, FederationError) as error:
        raise KeyFileBroken(f"{path} is not a public key: {error}", item=path.stem) from error


def public_key(key: PublicKey) -> SSlibKey:
    """Return a key as TUF writes it, under the keyid that its content gives."""
    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(key.raw))


def require_sound_root(root: Root) -> None:
    """Raise BadTrustMetadata for a root whose thresholds do not mean what they say.

    Every key must be a valid Ed25519 point and stand once: one key under two keyids would count
    as two people.
    """
    seen: dict[str, str] = {}
    for keyid, key in root.keys.items():
        public = str(key.keyval.get("public"))
        if key.keytype != "ed25519":
            raise BadTrustMetadata(f"The root names a {key.keytype} key.")
        try:
            PublicKey.from_hex(public)
        except FederationError as error:
            raise BadTrustMetadata(f"The root names a key that is none: {error}") from error
        if seen.setdefault(public, keyid) != keyid:
            raise BadTrustMetadata("The root names one key under two ids.")
    if not root.consistent_snapshot:
        raise BadTrustMetadata("The root does not ask for consistent snapshots.")
    for name, role in root.roles.items():
        if role.threshold > len(set(role.keyids)):
            raise BadTrustMetadata(f"The role {name} asks for more signatures than it has keys.")


def public_keys_in(folder: Path, role: str) -> list[SSlibKey]:
    """Return the keys `<role>-<name>` in a folder, from `.pem` or `.pub`, in order of name.

    Raises KeyFileError's kinds.
    """
    pems = {path.stem: path for path in folder.glob(f"{role}-*.pem")}
    pubs = {path.stem: path for path in folder.glob(f"{role}-*.pub")}
    return [
        load_signer(pems[name]).public_key if name in pems else read_public(pubs[name])
        for name in sorted({*pems, *pubs})
    ]
