"""Our checkpoints and inclusion proofs hold for another implementation: Sigstore's client."""

from types import SimpleNamespace

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import verify_checkpoint
from sigstore.errors import VerificationError

from federation.wire import checkpoint, merkle, notes
from federation.wire.checkpoint import Checkpoint
from federation.wire.keys import SigningKey

ORIGIN = "solidarity.example/cedar"
KEY = SigningKey.from_seed(bytes(range(32)))
OTHER = SigningKey.from_seed(bytes(32))
SIZES = [1, 2, 3, 4, 7, 8, 9, 255, 256, 257, 1000]


class Keyring:
    """What Sigstore asks its keyring: does this key's signature fit?"""

    def verify(self, *, key_id, signature, data):
        assert key_id[:4] == notes.key_hash(ORIGIN, notes.ED25519, KEY.public)
        try:
            Ed25519PublicKey.from_public_bytes(KEY.public.raw).verify(signature, data)
        except InvalidSignature as error:
            raise VerificationError("bad") from error


def entry(
    index: int,
    size: int,
    *,
    leaf: bytes | None = None,
    key: SigningKey = KEY,
    witnesses: int = 0,
):
    """An entry of a log of that size, in the shape in which Sigstore's code reads one."""
    leaves = [f"leaf {number}".encode() for number in range(size)]
    hashes = [merkle.leaf_hash(data) for data in leaves]
    root = merkle.root(hashes)
    note = checkpoint.sign(Checkpoint(ORIGIN, size, root), key)
    for number in range(1, witnesses + 1):
        name = f"solidarity.example/w{number}/witness"
        note = checkpoint.cosign(
            note, name, SigningKey.from_seed(bytes([number]) * 32), 1_800_000_000
        )
    key_id = notes.key_hash(ORIGIN, notes.ED25519, KEY.public)
    proof = SimpleNamespace(
        log_index=index,
        tree_size=size,
        hashes=merkle.inclusion_proof(index, size, merkle.node_of(hashes)),
        root_hash=root,
        checkpoint=SimpleNamespace(envelope=note.decode()),
    )
    inner = SimpleNamespace(
        inclusion_proof=proof,
        canonicalized_body=leaves[index] if leaf is None else leaf,
        log_id=SimpleNamespace(key_id=key_id),
    )
    return SimpleNamespace(_inner=inner)


@pytest.mark.parametrize("size", SIZES)
def test_every_inclusion_proof_holds_for_them(size):
    for index in {0, size // 3, size // 2, size - 1}:
        verify_merkle_inclusion(entry(index, size))
        with pytest.raises(VerificationError):
            verify_merkle_inclusion(entry(index, size, leaf=b"another"))


def test_a_checkpoint_holds_for_them():
    verify_checkpoint(Keyring(), entry(5, 9))


def test_a_checkpoint_by_another_key_does_not():
    with pytest.raises(VerificationError):
        verify_checkpoint(Keyring(), entry(5, 9, key=OTHER))


@pytest.mark.parametrize("witnesses", [1, 3])
def test_a_cosigned_checkpoint_holds_for_them_all_the_same(witnesses):
    """Lines of witnesses are none of their business, and do not disturb them."""
    cosigned = entry(5, 9, witnesses=witnesses)
    lines = cosigned._inner.inclusion_proof.checkpoint.envelope.split("\n\n")[1]
    assert lines.count("\u2014") == 1 + witnesses
    verify_checkpoint(Keyring(), cosigned)
