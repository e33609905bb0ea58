from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import AddressMismatch, BadBundle, RecordTooLarge
from federation.wire import bundles, canonical, dsse
from federation.wire.bundles import BadRow, BundleRow, Row
from federation.wire.dsse import Envelope, Signature

from .material import ADDRESS, KEY, envelope_of

START = 512
LIMIT = 10_000


def present(index: int) -> BundleRow:
    envelope = envelope_of("play/1", version=index + 1)
    return BundleRow(index, envelope.address, "present", envelope.signatures, envelope.payload)


ROWS = (
    present(512),
    BundleRow(513, ADDRESS, "retracted", (Signature("k", b"s"),)),
    present(514),
    BundleRow(515, ADDRESS, "sealed"),
    BundleRow(516, ADDRESS, "superseded"),
    BundleRow(517, ADDRESS, "erased"),
    present(518),
    present(519),
)
DATA = bundles.encode_records(ROWS)
LINES = DATA.splitlines(keepends=True)
COUNT = len(ROWS)


def read(source: bytes | Iterable[bytes], count: int = COUNT) -> list[Row]:
    return list(bundles.iter_records(source, start=START, count=count, max_record=LIMIT))


def bad(rows: list[Row]) -> dict[int, type[Exception]]:
    """The indexes of bad rows; every other must be as it was written."""
    assert [row.index for row in rows] == list(range(START, START + len(rows)))
    assert all(row in ROWS for row in rows if isinstance(row, BundleRow))
    return {row.index: type(row.error) for row in rows if isinstance(row, BadRow)}


def test_rows_survive_their_bundle() -> None:
    assert read(DATA) == list(ROWS)
    assert read(iter(LINES)) == list(ROWS)
    assert read(line.rstrip(b"\n") for line in LINES) == list(ROWS)


def test_a_row_is_one_canonical_line_and_then_its_payload() -> None:
    head, payload = LINES[:2]
    value = canonical.loads_canonical(head.removesuffix(b"\n"))
    assert sorted(value) == ["address", "index", "signatures", "state"]
    assert payload == (ROWS[0].payload or b"") + b"\n"
    assert len(LINES) == COUNT + sum(row.payload is not None for row in ROWS)


def test_a_row_gives_the_envelope_that_was_signed() -> None:
    row = read(DATA)[0]
    assert isinstance(row, BundleRow)
    row.envelope.verify(KEY.public)
    with pytest.raises(BadBundle):
        _ = ROWS[1].envelope


def changed(at: int, line: bytes | None) -> list[bytes]:
    return [*LINES[:at], *([] if line is None else [line]), *LINES[at + 1 :]]


@pytest.mark.parametrize(
    ("at", "line", "error"),
    [
        (0, b"not a row\n", BadBundle),
        (0, LINES[0].replace(b":512,", b":99,"), BadBundle),
        (0, LINES[0].replace(b'"present"', b'"gone"'), BadBundle),
        (0, LINES[0].replace(b'{"address"', b'{ "address"'), BadBundle),
        (0, b"[]\n", BadBundle),
        (0, None, BadBundle),
        (1, None, BadBundle),
        (1, b"\n", BadBundle),
        (1, LINES[1].replace(b"lawyer", b"lawyeR"), AddressMismatch),
        (1, LINES[1][:-20] + b"\n", AddressMismatch),
        (1, b"x" * (LIMIT + 1) + b"\n", RecordTooLarge),
        (1, b'{"address":"x"}\n', AddressMismatch),
        (0, b"x" * 100_000 + b"\n", BadBundle),
        (0, LINES[0].replace(b'"signatures":[', b'"signatures":[1,'), BadBundle),
    ],
)
def test_a_bad_row_blocks_nothing_behind_it(
    at: int, line: bytes | None, error: type[Exception]
) -> None:
    assert bad(read(changed(at, line))) == {512: error}


def test_a_body_without_signatures_or_a_sealed_row_with_some_is_bad() -> None:
    sealed = bundles.encode_records([BundleRow(515, ADDRESS, "retracted", (Signature("k", b"s"),))])
    lines = changed(5, sealed.replace(b"retracted", b"sealed"))
    head = canonical.loads(LINES[0])
    lines[0] = canonical.dumps({**head, "signatures": []}) + b"\n"
    assert bad(read(lines)) == {512: BadBundle, 515: BadBundle}


def test_rows_out_of_order_are_missed_at_their_place() -> None:
    swapped = [*LINES[:2], *LINES[3:5], LINES[2], *LINES[5:]]
    assert bad(read(swapped)) == {513: BadBundle}
    assert bad(read([*LINES[:3], *LINES])) == {}


@pytest.mark.parametrize("line", range(len(LINES)))
def test_a_bundle_cut_at_any_line_names_each_missing_entry(line: int) -> None:
    rows = read(b"".join(LINES[:line]))
    errors = bad(rows)
    assert len(rows) == COUNT
    assert list(errors) == list(range(START + COUNT - len(errors), START + COUNT))
    assert set(errors.values()) == {BadBundle}
    assert len(errors) >= 1


@given(st.integers(0, len(DATA) - 2))
def test_a_bundle_cut_anywhere_keeps_all_that_came_whole(at: int) -> None:
    came = [
        row for n, row in enumerate(ROWS) if len(bundles.encode_records(ROWS[: n + 1])) <= at + 1
    ]
    rows = read(DATA[:at])
    assert rows[: len(came)] == came
    assert list(bad(rows)) == list(range(START + len(came), START + COUNT))


@given(st.integers(0, len(DATA) - 1), st.binary(max_size=3))
def test_damage_in_one_place_costs_at_most_the_rows_it_touches(at: int, junk: bytes) -> None:
    rows = read(DATA[:at] + junk + DATA[at + 1 :])
    assert [row.index for row in rows] == [row.index for row in ROWS]
    assert sum(row != original for row, original in zip(rows, ROWS, strict=True)) <= 2


def test_an_empty_bundle_says_so_for_each_entry() -> None:
    assert bad(read(b"")) == dict.fromkeys(range(START, START + COUNT), BadBundle)
    assert read(b"", count=0) == []


def test_what_stands_after_the_last_row_is_not_read() -> None:
    assert read(DATA + b"anything\n") == list(ROWS)
    assert read(DATA, count=2) == list(ROWS[:2])


def test_at_most_eight_signatures_of_a_row_are_read() -> None:
    envelope = envelope_of("play/1")
    signatures = envelope.signatures * 12
    row = BundleRow(START, envelope.address, "present", signatures, envelope.payload)
    (found,) = read(bundles.encode_records([row]), count=1)
    assert isinstance(found, BundleRow)
    assert found.signatures == signatures[:8]


@pytest.mark.parametrize(
    "row",
    [
        (-1, ADDRESS, "erased", (), None),
        (0, "xx", "erased", (), None),
        (0, ADDRESS, "gone", (), None),
        (0, ADDRESS, "present", ROWS[0].signatures, None),
        (0, ADDRESS, "present", (), b"{}"),
        (0, ADDRESS, "retracted", (), b"{}"),
        (0, ADDRESS, "sealed", ROWS[0].signatures, None),
    ],
)
def test_no_row_is_made_that_contradicts_itself(row: tuple) -> None:
    with pytest.raises(BadBundle):
        BundleRow(*row)


def test_a_payload_with_a_newline_is_not_written() -> None:
    envelope = Envelope.signed(b"{\n}", KEY)
    row = BundleRow(0, envelope.address, "present", envelope.signatures, envelope.payload)
    assert dsse.address(b"{\n}") == row.address
    with pytest.raises(BadBundle):
        bundles.encode_records([row])


@given(st.binary(), st.integers(0, 5))
def test_any_bytes_give_one_row_for_each_entry(data: bytes, count: int) -> None:
    rows = read(data, count)
    assert len(rows) == count
    assert bad(rows) == dict.fromkeys(range(START, START + count), BadBundle)
