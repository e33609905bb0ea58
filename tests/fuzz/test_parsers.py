"""Whatever bytes come, a parser of the wire gives a value or one of our own errors."""

import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.errors import FederationError

from .parsers import PARSERS

# What structured formats are made of, to get past the first checks.
_PIECES = st.sampled_from(
    [b"{", b"}", b"[", b'"', b",", b":", b"\\u0000", b"null", b"1e999", b"\n", b"\xe2\x80\x94 ",
     b"==", b"\x00", b"\xff\xff\xff\xff", b"9" * 30, b"-", b"/", b"x001/", b".p/0", b";", b"sig1="]
)  # fmt: skip
_LARGE = 4 * 1024 * 1024


@st.composite
def damaged(draw: st.DrawFn, example: bytes) -> bytes:
    """A sound text with a few places cut out, doubled or replaced."""
    data = example
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        to = draw(st.integers(at, min(len(data), at + 40)))
        data = data[:at] + draw(_PIECES | st.binary(max_size=8)) + data[to:]
    return data


@pytest.mark.parametrize("name", PARSERS)
def test_the_example_is_read(name: str) -> None:
    parser = PARSERS[name]
    parser.read(parser.example)


@pytest.mark.parametrize("name", PARSERS)
def test_only_our_own_errors_come_out(name: str) -> None:
    parser = PARSERS[name]

    @settings(max_examples=150, deadline=None)
    @given(damaged(parser.example) | st.binary(max_size=300))
    def any_bytes(data: bytes) -> None:
        with suppress(FederationError):
            parser.read(data)

    any_bytes()


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize("fill", [b"\x00", b"[", b'{"a":', b"9", b"\n", b"a,"])
def test_four_megabytes_of_one_thing_cost_no_more_than_a_few_times_that(
    name: str, fill: bytes
) -> None:
    data = (fill * (_LARGE // len(fill) + 1))[:_LARGE]
    tracemalloc.start()
    try:
        with suppress(FederationError):
            PARSERS[name].read(data)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 * _LARGE
