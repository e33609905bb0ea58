import json
import struct
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from federation.errors import (
    DuplicateKey,
    InvalidJson,
    JsonError,
    JsonTooLarge,
    NotCanonical,
    NotInIJson,
    TooDeep,
    TruncatedJson,
)
from federation.wire import canonical

from .material import values

# RFC 8259 allows these; RFC 7493 (I-JSON) forbids keys that repeat (2.3) and noncharacters (2.1).
FORBIDDEN_BY_I_JSON = {
    "y_object_duplicated_key.json": DuplicateKey,
    "y_object_duplicated_key_and_value.json": DuplicateKey,
    "y_string_escaped_noncharacter.json": NotInIJson,
    "y_string_last_surrogates_1_and_2.json": NotInIJson,  # U+10FFFF
    "y_string_nonCharacterInUTF-8_U+10FFFF.json": NotInIJson,
    "y_string_nonCharacterInUTF-8_U+FFFF.json": NotInIJson,
    "y_string_unicode_U+10FFFE_nonchar.json": NotInIJson,
    "y_string_unicode_U+1FFFE_nonchar.json": NotInIJson,
    "y_string_unicode_U+FDD0_nonchar.json": NotInIJson,
    "y_string_unicode_U+FFFE_nonchar.json": NotInIJson,
}


def verdict(data: bytes) -> type[JsonError] | None:
    try:
        canonical.loads(data)
    except JsonError as error:
        return type(error)
    return None


def parsing_cases(vectors: Path, kind: str) -> list[Path]:
    return sorted((vectors / "json-parsing").glob(f"{kind}_*.json"))


def test_all_that_is_not_json_is_refused(vectors: Path) -> None:
    cases = parsing_cases(vectors, "n")
    assert len(cases) == 188
    accepted = [case.name for case in cases if verdict(case.read_bytes()) is None]
    assert accepted == []


def test_all_json_is_accepted_but_the_ten_that_i_json_forbids(vectors: Path) -> None:
    cases = parsing_cases(vectors, "y")
    assert len(cases) == 95
    refused = {case.name: verdict(case.read_bytes()) for case in cases}
    assert {name: error for name, error in refused.items() if error} == FORBIDDEN_BY_I_JSON


def test_what_json_leaves_open_is_a_value_or_a_named_error(vectors: Path) -> None:
    verdicts = [verdict(case.read_bytes()) for case in parsing_cases(vectors, "i")]
    assert set(verdicts) == {None, InvalidJson, NotInIJson, TooDeep}
    assert len(verdicts) == 35


def test_rfc_8785_vectors(vectors: Path) -> None:
    cases = sorted((vectors / "jcs" / "input").glob("*.json"))
    assert len(cases) == 6
    for case in cases:
        expected = (vectors / "jcs" / "output" / case.name).read_bytes().rstrip(b"\n")
        assert canonical.dumps(canonical.loads(case.read_bytes())) == expected, case.name
        canonical.loads_canonical(expected)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b'{"a":1,"b":{"c":1,"c":1}}', DuplicateKey),
        (b'{"a":1,"\\u0061":2}', DuplicateKey),
        (b"NaN", NotInIJson),
        (b"[-Infinity]", NotInIJson),
        (b"9007199254740992", NotInIJson),
        (b"-9007199254740992", NotInIJson),
        (b"9" * 100_000, NotInIJson),
        (b"1e400", NotInIJson),
        (b'"\\ud800"', NotInIJson),
        (b'{"\\udc00":1}', NotInIJson),
        ('"\ufdd0"'.encode(), NotInIJson),
        (b'"\xed\xa0\x80"', InvalidJson),
        (b"\xef\xbb\xbf{}", InvalidJson),
        (b"{'a':1}", InvalidJson),
        (b"[1,]", InvalidJson),
        (b"01", InvalidJson),
        (b'"\t"', InvalidJson),
        (b"[1] 2", InvalidJson),
        (b"", TruncatedJson),
        (b'{"a":', TruncatedJson),
        (b'"\xd8', TruncatedJson),
        (b"[" * 33 + b"]" * 33, TooDeep),
        (b"[" * 200_000, TooDeep),
        (b'{"a":' * 100_000, TooDeep),
    ],
    ids=lambda value: value[:30].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_bad_input_has_its_own_error(data: bytes, error: type[JsonError]) -> None:
    with pytest.raises(error):
        canonical.loads(data)


@pytest.mark.parametrize(
    "data",
    [
        b"9007199254740991",
        b"-9007199254740991",
        b"1e+21",
        b"0.000001",
        b"[" * 32 + b"]" * 32,
        '"\U0001f602\ue000\u00e9"'.encode(),
    ],
)
def test_the_edges_of_what_is_allowed_are_canonical(data: bytes) -> None:
    assert canonical.dumps(canonical.loads_canonical(data)) == data


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b"[1.0]",
        b"1E2",
        b"-0",
        b'"\\u00e9"',
        b'"\\/"',
        b"[]\n",
        '{"\U0001f602":1,"\ufb33":2}'.encode()[:-1] + b',"a":3}',
        # By code point U+FB33 comes before U+1F602, by UTF-16 code unit (RFC 8785 3.2.3) after it.
        '{"\ufb33":2,"\U0001f602":1}'.encode(),
    ],
)
def test_another_spelling_of_the_same_value_is_not_canonical(data: bytes) -> None:
    canonical.loads(data)
    with pytest.raises(NotCanonical):
        canonical.loads_canonical(data)


def test_keys_are_sorted_by_utf_16_code_units() -> None:
    assert canonical.dumps({"\ufb33": 2, "\U0001f602": 1, "b": 3}) == (
        '{"b":3,"\U0001f602":1,"\ufb33":2}'.encode()
    )


def test_a_limit_counts_bytes() -> None:
    assert canonical.loads(b'"abc"', max_bytes=5) == "abc"
    with pytest.raises(JsonTooLarge):
        canonical.loads(b'"abcd"', max_bytes=5)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 2**53, 1e20, "\ud800", "\uffff", {1: 2}, {"a"}, b"", ...],
    ids=repr,
)
def test_nothing_is_written_that_could_not_be_read(value: Any) -> None:
    for wrapped in (value, [value], {"k": value}):
        with pytest.raises(NotInIJson):
            canonical.dumps(wrapped)


def test_a_value_that_holds_itself_is_too_deep() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(TooDeep):
        canonical.dumps(loop)


# RFC 8785 appendix B. Those without a text would be integers beyond 2^53-1, which I-JSON forbids.
APPENDIX_B = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": None,
    "c340000000000000": None,
    "4430000000000000": None,
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": None,
    "444b1ae4d6e2ef4f": None,
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
    "7fffffffffffffff": None,
    "7ff0000000000000": None,
}


@pytest.mark.parametrize(("bits", "text"), APPENDIX_B.items())
def test_numbers_are_written_as_rfc_8785_appendix_b_says(bits: str, text: str | None) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    if text is None:
        with pytest.raises(NotInIJson):
            canonical.dumps([number])
    else:
        assert canonical.dumps([number]) == f"[{text}]".encode()


def test_a_higher_limit_of_depth_is_kept_to() -> None:
    deep = b"[" * 300 + b"]" * 300
    value = canonical.loads_canonical(deep, max_depth=300)
    assert canonical.dumps(value, max_depth=300) == deep
    with pytest.raises(TooDeep):
        canonical.loads(deep, max_depth=299)


@given(values)
@example({"a": 1e21, "b": -0.0, "c": 5e-324, "d": [1e-7, 123456.789]})
@example({"\ufb33": 1, "\U0001f602": 2, "\u20ac": 3, "\r": 4})
@example({"": '\x7f\u2028\x00\x1f"\\/'})
def test_both_paths_write_what_rfc_8785_says(value: Any) -> None:
    data = canonical.dumps(value)
    assert data == rfc8785.dumps(value)
    assert canonical.dumps(canonical.loads_canonical(data)) == data


@given(values)
def test_reading_gives_what_the_standard_library_reads(value: Any) -> None:
    spaced = json.dumps(value, indent=1).encode()
    assert canonical.loads(spaced) == json.loads(spaced)


@given(values, st.data())
def test_a_cut_text_is_called_truncated(value: Any, data: st.DataObject) -> None:
    whole = canonical.dumps({"": value})
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(TruncatedJson):
        canonical.loads(whole[:cut])


@given(st.binary())
@example(b"\xff")
def test_any_bytes_are_a_value_or_a_named_error(data: bytes) -> None:
    try:
        value = canonical.loads_canonical(data)
    except JsonError:
        return
    assert canonical.dumps(value) == data


@given(st.text('[]{}",:\\u0123dD8cC9aftrnule.eE+- \n', max_size=30))
def test_any_json_like_text_is_read_as_the_standard_library_reads_it(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(JsonError):
            canonical.loads(text.encode())
        return
    try:
        assert canonical.loads(text.encode()) == expected
    except (DuplicateKey, NotInIJson):
        assert '"' in text or len(text) > 4  # a string, or a number out of range
