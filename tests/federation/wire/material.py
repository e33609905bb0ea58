"""What the tests of the wire are made of: keys, and the fields of valid records."""

import copy
from typing import Any

from hypothesis import strategies as st

from federation.wire import dsse, records
from federation.wire.keys import SigningKey

KEY = SigningKey.from_seed(bytes(range(32)))
OTHER_KEY = SigningKey.from_seed(bytes(range(1, 33)))
ITEM_ID = "3f0e1c62-8a5f-4c8e-9c39-0b3f3f7e5a11"
CASE_ID = "0c8a3f52-19be-4b77-8d4e-7f3d2f1b6c20"
SALT = "00112233445566778899aabbccddeeff"
ADDRESS = "5a" * 32
PICTURE = "ab" * 32

_COMMON = {"origin": "coalition-a", "audience": "public", "salt": SALT}
_ITEM = {
    **_COMMON,
    "id": ITEM_ID,
    "lang": "ar",
    "version": 1,
    "prev": None,
    "source": None,
    "media": [{"sha256": PICTURE, "size": 37_000, "type": "image/jpeg", "alt": "باب مغلق"}],
    "licence": "CC-BY-SA-4.0",
    "status_as_of": "2026-11-01",
    "review_due": "2027-05-01",
    "sensitive": False,
    "valid_for_days": 365,
}
_PLAY = {
    "title": "مداهمة في الصباح",
    "outcome": "The office is safe and everyone knows whom to call.",
    "threats": ["coercive"],
    "phase": "now",
    "who_leads": "Duty officer",
    "effort": "low",
    "time": "1 hour",
    "cost": "none",
    "preconditions": "<p>A lawyer on call.</p>",
    "steps": [
        {
            "id": "11111111-2222-4333-8444-555555555555",
            "type": "step",
            "value": {
                "do": "<p>Call the lawyer before you open.</p>",
                "who": "Whoever stands at the door",
                "by_when": "at once",
                "dont": "Do not sign anything.",
            },
        }
    ],
    "worse": "<p>Arguing.</p>",
    "stop_conditions": "<p>Somebody is hurt.</p>",
    "visibility": "closed_group",
    "mechanisms": ["legal-support"],
    "dimensions": ["digital"],
    "sectors": ["human-rights"],
    "evidence": [{"origin": "coalition-b", "id": CASE_ID, "lang": "sw", "stance": "for"}],
    "picture": PICTURE,
    "status": "current",
}
_CASE = {
    "title": "A rotating crisis desk",
    "kind": "coalition",
    "summary": "Five organisations took turns.",
    "threats": ["media", "upheaval"],
    "sectors": ["media"],
    "mechanisms": ["crisis-desk"],
    "region": "East Africa",
    "period": "2024-03/2024-09",
    "trigger": "<p>An election.</p>",
    "response": "<p>A desk.</p>",
    "worked": "<p>Trust.</p>",
    "did_not_work": "<p>Nights.</p>",
    "trade_offs": "<p>Money.</p>",
    "lessons": [
        {
            "id": "99999999-2222-4333-8444-555555555555",
            "type": "lesson",
            "value": {
                "lesson": "<p>Write it down.</p>",
                "applies_when": "There are several of you",
            },
        }
    ],
    "transfers_if": "<p>People know each other.</p>",
    "unsafe_if": "<p>Phones are watched.</p>",
    "authors": "",
    "composite": True,
    "status": "current",
}
_TERM = {
    "kind": "threat",
    "code": "coercive.raid",
    "parent": "coercive",
    "name": "Raid",
    "sign": "Officers at the door",
    "first_hour": "<p>Call.</p>",
}
TARGET = {
    "origin": "coalition-b",
    "id": CASE_ID,
    "lang": "sw",
    "version": 2,
    "record": ADDRESS,
    "index": 41,
}
KEYS = {
    purpose: SigningKey.from_seed(bytes([number]) * 32).public.hex
    for number, purpose in enumerate(("identity", "log", "witness", "record", "request"))
}

FIELDS: dict[str, dict[str, Any]] = {
    "play/1": {**_ITEM, "content": _PLAY},
    "case/1": {**_ITEM, "content": _CASE, "media": []},
    "term/1": {**_ITEM, "content": _TERM, "media": []},
    "endorse/1": {**_COMMON, "target": TARGET, "day": "2026-11-02"},
    "review/1": {
        **_COMMON,
        "audience": ["coalition-b"],
        "target": TARGET,
        "decision": "return",
        "note": "Say who calls.",
        "day": "2026-11-02",
    },
    "retract/1": {
        **_COMMON,
        "target": {"origin": "coalition-a", "id": ITEM_ID, "lang": "ar"},
        "reason": "Out of date",
        "day": "2026-11-03",
    },
    "recall/1": {
        **_COMMON,
        "target": {"origin": "coalition-b", "id": CASE_ID, "lang": "sw"},
        "records": [ADDRESS],
        "reason": "A name in it gives people away",
        "day": "2026-11-03",
    },
    "lift/1": {
        **_COMMON,
        "target": {"origin": "coalition-b", "id": CASE_ID, "record": ADDRESS},
        "reason": "It was another item",
        "day": "2026-11-03",
    },
    "ack/1": {**_COMMON, "target": {"record": ADDRESS}, "day": "2026-11-03"},
    "rotate/1": {**_COMMON, "keys": KEYS, "day": "2026-11-03"},
    "descriptor/1": {
        **_COMMON,
        "node": "coalition-a",
        "name": "",
        "endpoints": [{"url": "http://127.0.0.1:8001", "kind": "clearnet", "private": True}],
        "keys": KEYS,
        "log_origin": "playbook.example/coalition-a",
        "languages": ["ar", "fr", "en"],
        "types": ["play/1", "case/1"],
        "day": "2026-11-01",
    },
}


def fields_of(schema: str, **changes: Any) -> dict[str, Any]:
    """The fields of a valid record, with some of them changed."""
    return {**copy.deepcopy(FIELDS[schema]), **changes}


def payload_of(schema: str, **changes: Any) -> bytes:
    return records.build(schema, fields_of(schema, **changes))


def envelope_of(schema: str, **changes: Any) -> dsse.Envelope:
    return dsse.Envelope.signed(payload_of(schema, **changes), KEY)


# Every value that I-JSON can hold: characters that are neither surrogates nor noncharacters.
characters = st.characters(exclude_categories=("Cs",)).filter(
    lambda c: not (0xFDD0 <= ord(c) <= 0xFDEF or ord(c) & 0xFFFE == 0xFFFE)
)
strings = st.text(characters)
integers = st.integers(-(2**53) + 1, 2**53 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda f: not 2**53 - 1 < abs(f) < 1e21
)
scalars = st.none() | st.booleans() | integers | floats | strings
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(strings, inner, max_size=5),
    max_leaves=25,
)
