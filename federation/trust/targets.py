"""What stewards sign about one node: `nodes/<id>.json`, and what is so for all: `federation.json`.

Source: docs/protocol.md, "Names and keys". Canonical JSON (RFC 8785). Each set of keys comes with
its proof: the descriptor that those keys signed, and after a rotation the old identity key too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from federation.errors import BadSignature, BadTarget, FederationError
from federation.wire import canonical, content, dsse
from federation.wire.content import (
    Place,
    fields,
    integer,
    list_of,
    matching,
    nullable,
    one_of,
    where,
)
from federation.wire.record import whole

from .descriptors import read_descriptor
from .directory import Endpoint, KeyPeriod, LastTrusted, Member

SCHEMA: Final = "member/1"
FEDERATION: Final = "federation.json"
MAX_BYTES: Final = 512 * 1024
STATUSES: Final = ("active", "suspended", "revoked")
MAX_WITNESSES: Final = 50  # their lines and the log's own fit into a note
PURPOSES: Final = ("identity", "log", "witness", "record", "request")
_CAPS: Final = fields({"entries": integer(1), "entries_per_day": integer(1)})


def _proof(value: Any, at: Place) -> None:
    if not isinstance(value, dict):
        raise BadTarget(f"{where(at)} is not an envelope.")


_CHECK: Final = fields(
    {
        "schema": one_of(SCHEMA),
        "node": content.NODE,
        "keys": list_of(
            whole(
                {
                    "start": integer(0),
                    "end": nullable(integer(0)),
                    "proof": _proof,
                    **dict.fromkeys(PURPOSES, content.HEX64),
                }
            ),
            limit=100,
            least=1,
        ),
        "endpoints": list_of(
            whole(
                {
                    "url": matching(r"https?://[A-Za-z0-9.:\[\]/_~-]{1,500}", "an http(s) address"),
                    "kind": one_of("clearnet", "onion", "mirror"),
                    "private": content.boolean,
                }
            ),
            limit=20,
        ),
        "languages": list_of(content.LANG),
        "types": list_of(content.line(100, blank=False)),
        "caps": _CAPS,
        "status": one_of(*STATUSES),
        "last_trusted": whole({"size": integer(0), "root": content.HEX64}),
    },
    required=(
        "schema", "node", "keys", "endpoints", "languages", "types", "caps", "status",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """What holds for all: the nodes that witness, and how many must cosign, by kind of log."""

    witnesses: tuple[str, ...] = ()
    quorum: tuple[tuple[str, int], ...] = ()

    def needed(self, kind: str) -> int:
        """Return how many witnesses must cosign a log of this kind, "node" or "hub"; 0: none."""
        return dict(self.quorum).get(kind, 0)


def target_path(node_id: str) -> str:
    """Return the path of a node's target."""
    return f"nodes/{node_id}.json"


def member_from_descriptor(envelope: bytes, *, start: int = 0) -> dict[str, Any]:
    """Return a new member's file, as a value, from the descriptor that the node signed.

    Raises what `read_descriptor` raises.
    """
    member = read_descriptor(envelope)
    return {
        "schema": SCHEMA,
        "node": member.node_id,
        "keys": [key_set(envelope, start)],
        "endpoints": _endpoints(member),
        "languages": list(member.languages),
        "types": list(member.types),
        "caps": {},
        "status": "active",
    }


def _endpoints(member: Member) -> list[dict[str, Any]]:
    return [
        {"url": point.url, "kind": point.kind, "private": point.private}
        for point in member.endpoints
    ]


def key_set(envelope: bytes, start: int) -> dict[str, Any]:
    """Return the keys of a descriptor as they stand in a member's file, in force from `start`."""
    member = read_descriptor(envelope)
    keys = {
        "identity": member.identity_key, "log": member.log_key, "witness": member.witness_key,
        "record": member.record_keys[-1].key, "request": member.request_key,
    }  # fmt: skip
    named = {purpose: key.hex for purpose, key in keys.items()}
    return {"start": start, "end": None, "proof": canonical.loads(envelope), **named}


def rotated(value: dict[str, Any], envelope: bytes, start: int) -> dict[str, Any]:
    """Return a member's file in which the keys of a new descriptor hold from entry `start` on."""
    keys = [dict(period) for period in value["keys"]]
    keys[-1]["end"] = start
    member = read_descriptor(envelope)
    return {**value, "keys": [*keys, key_set(envelope, start)], "endpoints": _endpoints(member)}


@lru_cache(maxsize=1024)
def read_target(data: bytes) -> Member:
    """Verify a member's file by itself and return the member; raises BadTarget."""
    try:
        value = _read(data)
        return _member(value)
    except BadTarget:
        raise
    except FederationError as error:
        raise BadTarget(f"A member's file does not hold: {error}") from error


def descriptor_of(data: bytes) -> bytes:
    """Return the descriptor that came with a member's newest keys; raises BadTarget."""
    return canonical.dumps(_read(data)["keys"][-1]["proof"])


def _read(data: bytes) -> dict[str, Any]:
    value = canonical.loads(data, max_bytes=MAX_BYTES)
    if not isinstance(value, dict) or canonical.dumps(value) != data:
        raise BadTarget("A member's file is not a canonical JSON object.")
    _CHECK(value, "member")
    return value


def _member(value: dict[str, Any]) -> Member:
    node_id, at = value["node"], 0
    periods: list[tuple[int, int | None, Member]] = []
    for number, period in enumerate(value["keys"], 1):
        proved = read_descriptor(canonical.dumps(period["proof"]))
        if key_set_names(period) != key_set_names(key_set(canonical.dumps(period["proof"]), 0)):
            raise BadTarget(f"{node_id}: a set of keys is not the one that its proof names.")
        is_last = number == len(value["keys"])
        end = period["end"]
        if proved.node_id != node_id or period["start"] != at or (end is None) != is_last:
            raise BadTarget(f"{node_id}: the periods of its keys do not follow one another.")
        if end is not None and end < at:
            raise BadTarget(f"{node_id}: a period of its keys ends before it starts.")
        periods.append((at, end, proved))
        at = end if end is not None else at
    now = periods[-1][2]
    trusted = value.get("last_trusted")
    return Member(
        node_id=node_id,
        log_origin=now.log_origin,
        log_key=now.log_key,
        witness_key=now.witness_key,
        identity_key=now.identity_key,
        request_key=now.request_key,
        record_keys=tuple(KeyPeriod(m.record_keys[-1].key, a, b) for a, b, m in periods),
        log_keys=tuple(KeyPeriod(m.log_key, a, b) for a, b, m in periods),
        identity_keys=tuple(KeyPeriod(m.identity_key, a, b) for a, b, m in periods),
        endpoints=tuple(
            Endpoint(point["url"].rstrip("/"), point["kind"], point["private"])
            for point in value["endpoints"]
        ),
        languages=tuple(value["languages"]),
        types=tuple(value["types"]),
        status=value["status"],
        last_trusted=LastTrusted(trusted["size"], trusted["root"]) if trusted else None,
        max_entries=value["caps"].get("entries"),
        max_entries_per_day=value["caps"].get("entries_per_day"),
    )


def key_set_names(period: dict[str, Any]) -> tuple[str, ...]:
    """Return the five keys of a period, as hex, in a fixed order."""
    return tuple(period[purpose] for purpose in PURPOSES)


def is_vouched_for(before: bytes, after: bytes) -> bool:
    """Did each set of keys since `before` come with the signature of the identity key before it?

    True too where no key changed. A change of what was in force earlier is vouched for by nobody.
    """
    old, new = _read(before)["keys"], _read(after)["keys"]
    known = len(old)
    if len(new) < known:
        return False
    for mine, theirs in zip(old, new, strict=False):
        if key_set_names(mine) != key_set_names(theirs) or mine["start"] != theirs["start"]:
            return False
        if mine["end"] not in (theirs["end"], None):
            return False
    for earlier, later in zip(new[known - 1 :], new[known:], strict=False):
        identity = read_descriptor(canonical.dumps(earlier["proof"])).identity_key
        try:
            dsse.Envelope.from_json(canonical.dumps(later["proof"])).verify(identity)
        except BadSignature:
            return False
    return True


def active_members(contents: Mapping[str, bytes]) -> list[str]:
    """Return the ids of the active members among targets, in order."""
    members = [read_target(data) for path, data in contents.items() if path != FEDERATION]
    return sorted(member.node_id for member in members if member.status == "active")


def require_rules_kept(data: bytes, contents: Mapping[str, bytes]) -> None:
    """Raise BadTarget for rules that name a witness twice, one that is no active member, or ask
    for more cosignatures than there are witnesses."""
    rules = read_rules(data)
    strangers = sorted(set(rules.witnesses) - set(active_members(contents)))
    if strangers:
        raise BadTarget(f"No active members, so no witnesses: {', '.join(strangers)}.")
    if len(set(rules.witnesses)) < len(rules.witnesses):
        raise BadTarget("A witness is named twice.")
    for kind, needed in rules.quorum:
        if needed > len(rules.witnesses):
            raise BadTarget(
                f"A quorum of {needed} for a log of the kind {kind} needs more witnesses than "
                f"the {len(rules.witnesses)} that are named."
            )


def rules_document(witnesses: list[str], quorum: dict[str, int]) -> bytes:
    """Return `federation.json`: the witnesses, and the quorum by kind of log ("node", "hub")."""
    return canonical.dumps({"schema": "federation/1", "witnesses": witnesses, "quorum": quorum})


_RULES: Final = fields(
    {
        "schema": one_of("federation/1"),
        "witnesses": list_of(content.NODE, limit=MAX_WITNESSES),
        "quorum": fields({"node": integer(0, 100), "hub": integer(0, 100)}),
    },
    required=("schema", "witnesses", "quorum"),
)


def read_rules(data: bytes) -> Rules:
    """Return what `federation.json` says; raises BadTarget."""
    try:
        value = canonical.loads(data, max_bytes=MAX_BYTES)
        _RULES(value, "federation")
    except FederationError as error:
        raise BadTarget(f"federation.json does not hold: {error}") from error
    return Rules(tuple(value["witnesses"]), tuple(sorted(value["quorum"].items())))
