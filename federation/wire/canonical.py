"""Strict JSON in (I-JSON, RFC 7493) and canonical JSON out (JCS, RFC 8785).

The usual case, text that is already canonical and holds neither fractions nor keys beyond ASCII,
goes through orjson: parsed, written again with sorted keys, compared byte for byte. Equality also
proves that no key came twice. Whatever differs takes the slow path, which names what is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

import orjson
import rfc8785

from federation.errors import (
    DuplicateKey,
    InvalidJson,
    JsonTooLarge,
    NotCanonical,
    NotInIJson,
    TooDeep,
    TruncatedJson,
)

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 32
MAX_INTEGER: Final = 2**53 - 1

_FAST_DEPTH: Final = 128  # orjson writes no more than 254 levels
_MISS: Final = object()
_SIMPLE: Final = frozenset({str, bool, type(None)})
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)
)
_FORBIDDEN: Final = re.compile(f"[\ud800-\udfff{_NONCHARACTERS}]")
# The same noncharacters as UTF-8, so that canonical bytes need not be decoded to be checked.
_FORBIDDEN_UTF8: Final = re.compile(
    rb"[\xef-\xf4](?:(?<=\xef)(?:\xb7[\x90-\xaf]|\xbf[\xbe\xbf])"
    rb"|(?<=[\xf0-\xf4])[\x8f\x9f\xaf\xbf]\xbf[\xbe\xbf])"
)
# What may stand at the end of a text that was cut inside a literal, a number or an escape.
_CUT_LITERAL: Final = re.compile(r"(?:t|tr|tru|f|fa|fal|fals|n|nu|nul|-)\Z")
_CUT_NUMBER: Final = re.compile(r"(?:\.|(?:\.[0-9]+)?[eE][+-]?)\Z")
_CUT_ESCAPE: Final = re.compile(r"[^\"]{0,5}\Z")


def dumps(value: Any, *, max_depth: int = MAX_DEPTH) -> bytes:
    """The RFC 8785 form of a value, as UTF-8 bytes.

    Takes None, bool, int, float, str, list, tuple and dict with string keys. Raises NotInIJson for
    what I-JSON cannot hold (a float that would be written as an integer beyond 2^53-1 included,
    for no reader here would take it back) and TooDeep.
    """
    if _are_plain((value,), min(max_depth, _FAST_DEPTH)):
        try:
            data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:  # a lone surrogate, or a key of a kind of string
            data = _dumps_slowly(value, max_depth)
    else:
        data = _dumps_slowly(value, max_depth)
    if _has_noncharacter(data):
        raise NotInIJson("a string holds a Unicode noncharacter (RFC 7493 section 2.1)")
    return data


def _dumps_slowly(value: Any, max_depth: int) -> bytes:
    _check(value, max_depth)
    return rfc8785.dumps(value)


def loads(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """The value of an I-JSON text; raises a JsonError that names what is wrong.

    `max_bytes` counts bytes, `max_depth` nested arrays and objects. Numbers with a fraction or an
    exponent become floats, all others integers of at most 2^53-1 either way.
    """
    value = _load_fast(data, max_bytes, max_depth)
    return _load_strict(data, max_depth) if value is _MISS else value


def loads_canonical(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """As `loads`, and raises NotCanonical for a text that is not its own RFC 8785 form."""
    value = _load_fast(data, max_bytes, max_depth)
    if value is _MISS:
        value = _load_strict(data, max_depth)
        if dumps(value, max_depth=max_depth) != data:
            raise NotCanonical("the text differs from its canonical form (RFC 8785)")
    return value


def _load_fast(data: bytes, max_bytes: int, max_depth: int) -> Any:
    """The value, if the text is plain and canonical for certain; else _MISS."""
    if len(data) > max_bytes:
        raise JsonTooLarge(f"{len(data)} bytes, where at most {max_bytes} are allowed")
    try:
        value = orjson.loads(data)
        if not _are_plain((value,), min(max_depth, _FAST_DEPTH)):
            return _MISS
        if orjson.dumps(value, option=orjson.OPT_SORT_KEYS) != data or _has_noncharacter(data):
            return _MISS
    except ValueError:
        return _MISS
    return value


def _are_plain(members: Iterable[Any], depth: int) -> bool:
    """Whether orjson with sorted keys writes these values exactly as RFC 8785 does.

    Only exact types; no floats (written otherwise); ASCII keys (sorted by UTF-8 in one, by UTF-16
    in the other: the same for ASCII); integers in range; no more than `depth` levels below here.
    """
    for member in members:
        kind = type(member)
        if kind in _SIMPLE:
            continue
        if kind is int:
            if not -MAX_INTEGER <= member <= MAX_INTEGER:
                return False
        elif depth == 0:
            return False
        elif kind is dict:
            try:
                if not "".join(member).isascii() or not _are_plain(member.values(), depth - 1):
                    return False
            except TypeError:  # a key that is no string
                return False
        elif (kind is not list and kind is not tuple) or not _are_plain(member, depth - 1):
            return False
    return True


def _has_noncharacter(data: bytes) -> bool:
    return not data.isascii() and _FORBIDDEN_UTF8.search(data) is not None


def _load_strict(data: bytes, max_depth: int) -> Any:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise TruncatedJson("the text stops in the middle of a UTF-8 character") from error
        raise InvalidJson(f"not UTF-8 at byte {error.start}") from error
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _diagnose(text, error) from error
    except RecursionError as error:
        raise TooDeep(f"nested deeper than {max_depth}") from error
    _check(value, max_depth)
    return value


def _diagnose(text: str, error: json.JSONDecodeError) -> InvalidJson | TruncatedJson:
    rest = text[error.pos :]
    escape = error.msg.startswith("Invalid \\uXXXX escape") and _CUT_ESCAPE.match(rest)
    unterminated = error.msg.startswith("Unterminated string")
    cut = _CUT_LITERAL.match(rest) or _CUT_NUMBER.match(rest)
    if not rest.strip(" \t\n\r") or unterminated or escape or cut:
        return TruncatedJson(f"the text stops at character {len(text)}: {error.msg}")
    return InvalidJson(f"{error.msg} at character {error.pos}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise DuplicateKey(f"the key {key!r} stands twice in one object")
            seen.add(key)
    return value


def _integer(token: str) -> int:
    # The length first: Python refuses, and used to take quadratic time for, very long integers.
    if len(token) > 17 or abs(int(token)) > MAX_INTEGER:
        raise NotInIJson(f"the integer {token[:24]} is beyond 2^53-1 (RFC 7493 section 2.2)")
    return int(token)


def _constant(token: str) -> Any:
    raise NotInIJson(f"{token} is not a JSON number")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant
)


def _check(value: Any, depth: int) -> None:
    """Raises NotInIJson or TooDeep unless RFC 8785 and I-JSON both can hold the value."""
    if isinstance(value, str):
        bad = _FORBIDDEN.search(value)
        if bad:
            raise NotInIJson(f"U+{ord(bad[0]):04X} is not a character (RFC 7493 section 2.1)")
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise NotInIJson("an integer is beyond 2^53-1 (RFC 7493 section 2.2)")
    elif isinstance(value, float):
        _check_float(value)
    elif isinstance(value, (dict, list, tuple)):
        if depth == 0:
            raise TooDeep("nested deeper than allowed")
        for key in value if isinstance(value, dict) else ():
            if not isinstance(key, str):
                raise NotInIJson(f"an object key is a {type(key).__name__}, not a string")
            _check(key, depth)
        for member in value.values() if isinstance(value, dict) else value:
            _check(member, depth - 1)
    else:
        raise NotInIJson(f"JSON has no {type(value).__name__}")


def _check_float(value: float) -> None:
    magnitude = abs(value)
    if not magnitude < float("inf"):
        raise NotInIJson(f"the number {value} has no JSON form")
    # RFC 8785 writes integers up to 10^21 without an exponent.
    if MAX_INTEGER < magnitude < 1e21:
        raise NotInIJson(f"the number {value!r} would be an integer beyond 2^53-1")
