import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import BadProof, RootMismatch
from federation.wire import merkle
from federation.wire.merkle import CompactRange

LEAVES = [merkle.leaf_hash(b"%d" % number) for number in range(600)]
sizes = st.integers(1, len(LEAVES))


def naive_root(leaves: list[bytes]) -> bytes:
    """The recursion of RFC 9162 section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    left, right = naive_root(leaves[:k]), naive_root(leaves[k:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def refuses(verify: Callable[..., None], *arguments: Any) -> bool:
    try:
        verify(*arguments)
    except BadProof:
        return True
    return False


def decoded(hashes: list[str] | None) -> list[bytes]:
    return [base64.b64decode(each) for each in hashes or []]


def test_inclusion_vectors(vectors: Path) -> None:
    cases = json.loads((vectors / "merkle-rfc9162.json").read_text())["inclusion"]
    assert len(cases) == 98
    for name, case in cases.items():
        leaf, root = decoded([case["leafHash"], case["root"]])
        arguments = (leaf, case["leafIdx"], case["treeSize"], decoded(case["proof"]), root)
        assert refuses(merkle.verify_inclusion, *arguments) is case["wantErr"], name


def test_consistency_vectors(vectors: Path) -> None:
    cases = json.loads((vectors / "merkle-rfc9162.json").read_text())["consistency"]
    assert len(cases) == 98
    for name, case in cases.items():
        old, new = decoded([case["root1"], case["root2"]])
        arguments = (case["size1"], old, case["size2"], new, decoded(case["proof"]))
        assert refuses(merkle.verify_consistency, *arguments) is case["wantErr"], name


def test_known_roots() -> None:
    assert merkle.root([]) == merkle.EMPTY_ROOT == CompactRange().root
    assert merkle.EMPTY_ROOT.hex() == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    assert merkle.leaf_hash(b"").hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )


@given(st.integers(0, 140), st.integers(0, 140))
def test_any_way_of_appending_gives_the_root_of_the_standard(first: int, second: int) -> None:
    before = CompactRange().append(LEAVES[:first])
    after = before.append(LEAVES[first : first + second])
    expected = naive_root(LEAVES[: first + second])
    assert after.root == merkle.root(LEAVES[: first + second]) == expected
    assert (before.size, before.root) == (first, naive_root(LEAVES[:first]))


@given(st.integers(0, 600))
def test_a_compact_range_survives_its_bytes(size: int) -> None:
    compact = CompactRange().append(LEAVES[:size])
    assert CompactRange.from_bytes(size, compact.to_bytes()) == compact
    assert len(compact.to_bytes()) == 32 * size.bit_count()


@pytest.mark.parametrize(("size", "data"), [(1, b""), (0, bytes(32)), (3, bytes(63)), (-1, b"")])
def test_bytes_that_do_not_fit_the_size_are_no_compact_range(size: int, data: bytes) -> None:
    with pytest.raises(RootMismatch):
        CompactRange.from_bytes(size, data)


@given(sizes, st.data())
def test_each_leaf_is_proved_at_its_place_and_at_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, merkle.node_of(LEAVES[:size]))
    root = merkle.root(LEAVES[:size])
    merkle.verify_inclusion(LEAVES[index], index, size, proof, root)
    if other != index:
        assert refuses(merkle.verify_inclusion, LEAVES[index], other, size, proof, root)
        assert refuses(merkle.verify_inclusion, LEAVES[other], index, size, proof, root)
    assert refuses(merkle.verify_inclusion, LEAVES[index], index, size, [*proof, root], root)
    if proof:
        assert refuses(merkle.verify_inclusion, LEAVES[index], index, size, proof[:-1], root)


@given(sizes, sizes)
def test_a_tree_is_consistent_with_every_earlier_one(one: int, two: int) -> None:
    old, new = min(one, two), max(one, two)
    proof = merkle.consistency_proof(old, new, merkle.node_of(LEAVES[:new]))
    before, after = merkle.root(LEAVES[:old]), merkle.root(LEAVES[:new])
    merkle.verify_consistency(old, before, new, after, proof)
    rewritten = merkle.root([merkle.leaf_hash(b"rewritten"), *LEAVES[1:old]])
    assert refuses(merkle.verify_consistency, old, rewritten, new, after, proof)
    assert refuses(merkle.verify_consistency, old, before, new, rewritten, proof)
    assert refuses(merkle.verify_consistency, old, before, new, after, [*proof, after])


def test_a_proof_that_goes_on_above_the_root_is_refused() -> None:
    leaf, extra = LEAVES[:2]
    above = merkle.node_hash(extra, leaf)
    assert refuses(merkle.verify_inclusion, leaf, 0, 1, [extra], above)
    proof = merkle.consistency_proof(3, 4, merkle.node_of(LEAVES[:4]))
    old, new = (merkle.node_hash(extra, merkle.root(LEAVES[:size])) for size in (3, 4))
    assert refuses(merkle.verify_consistency, 3, old, 4, new, [*proof, extra])


@given(
    st.integers(-1, 2**65),
    st.integers(-1, 2**65),
    st.lists(st.binary(max_size=33), max_size=70),
)
def test_any_proof_verifies_or_is_bad(one: int, two: int, proof: list[bytes]) -> None:
    root = merkle.EMPTY_ROOT
    assert refuses(merkle.verify_inclusion, LEAVES[0], one, two, proof, root)
    if one != two:
        assert refuses(merkle.verify_consistency, one, LEAVES[0], two, root, proof)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_there_is_no_proof_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(BadProof):
        merkle.inclusion_proof(index, size, merkle.node_of(LEAVES))


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5), (0, 0)])
def test_there_is_no_proof_from_an_empty_or_to_a_smaller_tree(old: int, new: int) -> None:
    with pytest.raises(BadProof):
        merkle.consistency_proof(old, new, merkle.node_of(LEAVES))


def test_appending_does_not_slow_down_as_the_tree_grows() -> None:
    hashed = 0
    original = merkle.node_hash

    def counting(left: bytes, right: bytes) -> bytes:
        nonlocal hashed
        hashed += 1
        return original(left, right)

    compact = CompactRange(2**40 - 1, tuple(LEAVES[:40]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merkle, "node_hash", counting)
        grown = compact.append(LEAVES)
    assert grown.size == 2**40 - 1 + len(LEAVES)
    assert hashed <= len(LEAVES) + 40
