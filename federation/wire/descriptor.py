"""What a node says about itself: its descriptor, and that its keys have changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from federation.errors import InvalidRecord, WrongOrigin
from federation.wire import content
from federation.wire.content import Check, fields, list_of, one_of
from federation.wire.keys import PublicKey
from federation.wire.record import COMMON, PUBLIC, SCHEMA_PATTERN, Record, whole


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a node can be reached. `private`: on loopback or a private network, on purpose."""

    url: str
    kind: Literal["clearnet", "onion", "mirror"]
    private: bool


_REQUIRED: Final = ("node", "endpoints", "keys", "log_origin", "languages", "types", "day")
KEY_PURPOSES: Final = ("identity", "log", "witness", "record", "request")


def _five_keys(named: dict[str, str]) -> dict[str, PublicKey]:
    keys = {purpose: PublicKey.from_hex(named[purpose]) for purpose in KEY_PURPOSES}
    if len(set(keys.values())) != len(keys):
        raise InvalidRecord("keys: one key has two purposes")
    return keys


@dataclass(frozen=True, slots=True)
class Rotate(Record):
    """`rotate/1`: the node's word, by its identity key, that these are its keys now.

    Evidence for people and nothing more: whose signature counts is for the stewards to say.
    """

    keys: dict[str, PublicKey] = field(hash=False)
    day: str

    leaf_type: ClassVar[str | None] = "rotate"
    check: ClassVar[Check] = staticmethod(
        whole(
            {
                **COMMON,
                "audience": one_of(PUBLIC),
                "keys": whole(dict.fromkeys(KEY_PURPOSES, content.HEX64)),
                "day": content.day,
            }
        )
    )

    @classmethod
    def values(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """As in Record; raises InvalidKey, or InvalidRecord for a key used twice."""
        return {**Record.values(raw), "keys": _five_keys(raw["keys"]), "day": raw["day"]}


@dataclass(frozen=True, slots=True)
class Descriptor(Record):
    """`descriptor/1`: a node's keys, addresses and scope. It stands in no log."""

    node: str
    name: str
    endpoints: tuple[Endpoint, ...]
    keys: dict[str, PublicKey] = field(hash=False)
    log_origin: str
    languages: tuple[str, ...]
    types: tuple[str, ...]
    day: str

    check: ClassVar[Check] = staticmethod(
        fields(
            {
                **COMMON,
                "node": content.NODE,
                "name": content.line(200),
                "endpoints": list_of(
                    whole(
                        {
                            "url": content.matching(
                                r"https?://[a-z0-9.:\[\]-]{1,255}(?:/[A-Za-z0-9._~/-]{0,200})?",
                                "an http(s) address",
                            ),
                            "kind": one_of("clearnet", "onion", "mirror"),
                            "private": content.boolean,
                        }
                    ),
                    limit=20,
                ),
                "keys": whole(dict.fromkeys(KEY_PURPOSES, content.HEX64)),
                "log_origin": content.matching(
                    r"[a-z0-9.-]{1,253}/[a-z0-9-]{1,63}(?:/[2-9]|/[1-9][0-9]{1,3})?",
                    "a log origin",
                ),
                "languages": list_of(content.LANG),
                "types": list_of(content.matching(SCHEMA_PATTERN, "a schema")),
                "day": content.day,
            },
            required=(*COMMON, *_REQUIRED),
        )
    )

    @classmethod
    def values(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """As in Record; raises WrongOrigin, InvalidKey, or InvalidRecord for a key used twice."""
        if raw["node"] != raw["origin"] or raw["log_origin"].split("/")[1] != raw["node"]:
            raise WrongOrigin("a descriptor describes the node that signs it, and its own log")
        keys = _five_keys(raw["keys"])
        endpoints = (Endpoint(e["url"], e["kind"], e["private"]) for e in raw["endpoints"])
        return {
            **Record.values(raw),
            "node": raw["node"],
            "name": raw.get("name", ""),
            "endpoints": tuple(endpoints),
            "keys": keys,
            "log_origin": raw["log_origin"],
            "languages": tuple(raw["languages"]),
            "types": tuple(raw["types"]),
            "day": raw["day"],
        }
