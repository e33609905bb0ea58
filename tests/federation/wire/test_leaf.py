import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import InvalidLeaf
from federation.wire import canonical
from federation.wire.leaf import LEAF_TYPES, Leaf

from .material import ADDRESS


@pytest.mark.parametrize("kind", LEAF_TYPES)
def test_a_leaf_is_the_canonical_json_of_type_and_record(kind: str) -> None:
    leaf = Leaf(kind, ADDRESS)
    assert leaf.data == canonical.dumps({"type": kind, "record": ADDRESS})
    assert Leaf.parse(leaf.data) == leaf
    assert leaf.hash == hashlib.sha256(b"\x00" + leaf.data).digest()


GOOD = Leaf("publish", ADDRESS).data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD + b"\n",
        b" " + GOOD,
        GOOD.replace(b":", b": "),
        GOOD.replace(b"publish", b"Publish"),
        GOOD.replace(b"publish", b"purge"),
        GOOD.replace(b"5a", b"5A"),
        GOOD[:-1] + b',"x":1}',
        b'{"type":"publish","record":"%b"}' % ADDRESS.encode(),
        GOOD.replace(b"5a5a", b"5a", 1),
    ],
)
def test_anything_else_is_no_leaf(data: bytes) -> None:
    with pytest.raises(InvalidLeaf):
        Leaf.parse(data)


@pytest.mark.parametrize(
    ("kind", "record"), [("purge", ADDRESS), ("publish", "xx"), ("publish", ADDRESS.upper())]
)
def test_no_leaf_is_made_that_could_not_be_read(kind: str, record: str) -> None:
    with pytest.raises(InvalidLeaf):
        Leaf(kind, record)


@given(st.binary())
def test_any_bytes_are_no_leaf(data: bytes) -> None:
    with pytest.raises(InvalidLeaf):
        Leaf.parse(data)
