"""The Merkle tree of RFC 9162 section 2.1, with SHA-256.

A tree is never held whole: a log keeps the compact range (one hash for each full subtree, at most
one a bit of its size) and its tiles, and proofs are made from a function that finds a node.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from federation.errors import BadProof, RootMismatch

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

NodeFinder = Callable[[int, int], bytes]
"""`node(height, index)` is the hash over the 2^height leaves from `index << height` on."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256 of 0x00 and its data."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 of 0x01 and its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; EMPTY_ROOT for none."""
    level = list(hashes)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]


@dataclass(frozen=True, slots=True)
class CompactRange:
    """All that appending needs: the size, and the hashes of the full subtrees, largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise RootMismatch(f"a tree of size {self.size} does not have {len(self.peaks)} peaks")
        if any(len(peak) != HASH_BYTES for peak in self.peaks):
            raise RootMismatch(f"a hash has {HASH_BYTES} bytes")

    def append(self, hashes: Iterable[bytes]) -> CompactRange:
        """The range with these leaf hashes added; this one stays as it is."""
        peaks, size = list(self.peaks), self.size
        for leaf in hashes:
            peak, carry = leaf, size
            while carry & 1:
                peak = node_hash(peaks.pop(), peak)
                carry >>= 1
            peaks.append(peak)
            size += 1
        return CompactRange(size, tuple(peaks))

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        if not self.peaks:
            return EMPTY_ROOT
        total = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            total = node_hash(peak, total)
        return total

    def to_bytes(self) -> bytes:
        """The peaks one after the other; the size is kept beside them."""
        return b"".join(self.peaks)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> CompactRange:
        """The reverse of `to_bytes`; raises RootMismatch if the size needs other peaks."""
        peaks = tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))
        return cls(size, peaks)


def node_of(hashes: Sequence[bytes]) -> NodeFinder:
    """A node finder over all leaf hashes of a small tree."""

    def node(height: int, index: int) -> bytes:
        return root(hashes[index << height : (index + 1) << height])

    return node


def subtree_root(node: NodeFinder, begin: int, end: int) -> bytes:
    """The root over leaves [begin, end), a subtree of RFC 9162's recursion."""
    size = end - begin
    if size == 0:
        return EMPTY_ROOT
    if size & (size - 1) == 0:
        height = size.bit_length() - 1
        return node(height, begin >> height)
    split = begin + _split(size)
    return node_hash(subtree_root(node, begin, split), subtree_root(node, split, end))


def inclusion_proof(index: int, size: int, node: NodeFinder) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` (RFC 9162 section 2.1.3.1).

    Raises BadProof if there is no such leaf.
    """
    if not 0 <= index < size:
        raise BadProof(f"a tree of size {size} has no leaf {index}")
    proof: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        split = begin + _split(end - begin)
        if index < split:
            proof.append(subtree_root(node, split, end))
            end = split
        else:
            proof.append(subtree_root(node, begin, split))
            begin = split
    return proof[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raises BadProof unless the leaf hash stands at `index` (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        raise BadProof(f"a tree of size {size} has no leaf {index}")
    _check_hashes((leaf, root, *proof))
    place, last, total = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise BadProof("the inclusion proof is too long")
        if place & 1 or place == last:
            total = node_hash(sibling, total)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            total = node_hash(total, sibling)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise BadProof("the inclusion proof is too short")
    if total != root:
        raise BadProof("the inclusion proof leads to another root")


def consistency_proof(old: int, new: int, node: NodeFinder) -> list[bytes]:
    """The proof that the tree of size `new` begins with that of `old` (RFC 9162 section 2.1.4.1).

    Raises BadProof unless 0 < old <= new.
    """
    if not 0 < old <= new:
        raise BadProof(f"there is no consistency proof from {old} to {new}")
    proof: list[bytes] = []
    begin, end, whole = 0, new, True
    while old != end:
        split = begin + _split(end - begin)
        if old <= split:
            proof.append(subtree_root(node, split, end))
            end = split
        else:
            proof.append(subtree_root(node, begin, split))
            begin, whole = split, False
    if not whole:
        proof.append(subtree_root(node, begin, end))
    return proof[::-1]


def verify_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raises BadProof unless the second tree begins with the first (RFC 9162 section 2.1.4.2)."""
    if not 0 < old <= new:
        raise BadProof(f"there is no consistency proof from {old} to {new}")
    _check_hashes(proof)
    if old == new:
        if proof or old_root != new_root:
            raise BadProof("two trees of one size differ")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise BadProof("the consistency proof is empty")
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise BadProof("the consistency proof is too long")
        if place & 1 or place == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise BadProof("the consistency proof is too short")
    if first != old_root or second != new_root:
        raise BadProof("the consistency proof leads to other roots")


def _split(size: int) -> int:
    """The largest power of two below `size` (> 1)."""
    return 1 << (size - 1).bit_length() - 1


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if any(len(value) != HASH_BYTES for value in hashes):
        raise BadProof(f"a hash has {HASH_BYTES} bytes")
