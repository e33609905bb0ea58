"""Our canonical JSON is what another implementation of RFC 8785 writes."""

import json
import random
from typing import Any

from federation.wire import canonical

from .node import run_script

DOCUMENTS = 10_000
_LETTERS = [
    "a",
    "Z",
    "é",
    "ß",
    "ع",
    "ق",
    "中",
    "😀",
    "\u2028",
    '"',
    "\\",
    "/",
    "\x1f",
    "\n",
    "ﬁ",
    "\U0001f469",
]


def _text(chance: random.Random) -> str:
    return "".join(chance.choice(_LETTERS) for _ in range(chance.randrange(8)))


def _number(chance: random.Random) -> int | float:
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randint(-(2**53) + 1, 2**53 - 1)
    if kind == 1:
        value = chance.uniform(-1, 1) * 10.0 ** chance.randint(-300, 300)
        return value if abs(value) < 2**53 or abs(value) >= 1e21 else 1.5  # I-JSON has no such
    if kind == 2:
        return float(chance.randint(-1000, 1000))
    return chance.choice([0, -0.0, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 333333333.33333329])


def _value(chance: random.Random, depth: int) -> Any:
    kind = chance.randrange(7 if depth else 5)
    if kind < 2:
        return _text(chance)
    if kind == 2:
        return _number(chance)
    if kind < 5:
        return chance.choice([None, True, False, {}, []])
    if kind == 5:
        return [_value(chance, depth - 1) for _ in range(chance.randrange(4))]
    return {_text(chance): _value(chance, depth - 1) for _ in range(chance.randrange(5))}


def test_ten_thousand_documents_are_written_alike():
    chance = random.Random(8785)  # noqa: S311 the same documents in every run
    values = [{"v": _value(chance, 4)} for _ in range(DOCUMENTS)]
    theirs = run_script("canonicalize.js", [json.dumps(value) for value in values])
    assert len(theirs) == DOCUMENTS
    assert len(set(theirs)) > DOCUMENTS // 2
    for value, written in zip(values, theirs, strict=True):
        assert canonical.dumps(value).decode() == written
