"""A node that exists only in memory: keys, a log, the bodies and files behind it, what it says."""

import hashlib
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from federation.trust import NodeKeys, read_descriptor, sign_descriptor
from federation.wire import bundles, canonical, checkpoint, dsse, merkle, records, tiles
from federation.wire.keys import SigningKey
from federation.wire.leaf import Leaf
from federation.wire.witnessing import Submission

DOMAIN = "solidarity.example"
DAY = "2026-11-20"
PURPOSES = ("identity", "log", "witness", "record", "request")
PLAY: dict[str, Any] = {
    "title": "A false story",
    "outcome": "People have heard the true story from you.",
    "threats": ["media"],
    "phase": "now",
    "steps": [
        {
            "id": "11111111-2222-4333-8444-555555555555",
            "type": "step",
            "value": {"do": "<p>Write it down.</p>", "who": "", "by_when": "", "dont": ""},
        }
    ],
}
CASE = {"title": "One voice", "kind": "coalition", "summary": "In short.", "threats": ["media"]}
TERM = {"kind": "threat", "code": "media.deepfake", "parent": "media", "name": "A false video"}
CONTENT = {"play/1": PLAY, "case/1": CASE, "term/1": TERM}


@dataclass(frozen=True)
class Said:
    """One statement and its place in the log of the node that made it."""

    index: int
    leaf: Leaf
    envelope: dsse.Envelope

    @property
    def address(self) -> str:
        return self.leaf.record

    @property
    def raw(self) -> dict[str, Any]:
        return canonical.loads(self.envelope.payload)

    @property
    def id(self) -> str:
        return self.raw["id"]

    @property
    def target(self) -> dict[str, Any]:
        """Return what a statement about this item names."""
        raw = self.raw
        named = {name: raw[name] for name in ("origin", "id", "lang", "version")}
        return {**named, "record": self.address, "index": self.index}


def key_for(*names: str) -> SigningKey:
    """Return the same key for the same names."""
    return SigningKey.from_seed(hashlib.sha256("/".join(names).encode()).digest())


class SimulatedNode:
    """One node. Everything it says is signed and appended at once; its head covers all of it."""

    def __init__(self, node_id: str, *, languages: Iterable[str] = (), types: Iterable[str] = ()):
        self.node_id = node_id
        self.url = f"http://{node_id}.example"
        self.keys = NodeKeys(**{purpose: key_for(node_id, purpose) for purpose in PURPOSES})
        self.log_origin = f"{DOMAIN}/{node_id}"
        self.said: list[Said] = []
        self.blobs: dict[str, bytes] = {}
        self.descriptor = self._descriptor(list(languages), list(types))
        self.member = read_descriptor(self.descriptor)

    def _descriptor(self, languages: list[str], types: list[str]) -> bytes:
        payload = self.build(
            "descriptor/1",
            audience="network",
            node=self.node_id,
            endpoints=[{"url": self.url, "kind": "clearnet", "private": False}],
            keys={purpose: getattr(self.keys, purpose).public.hex for purpose in PURPOSES},
            log_origin=self.log_origin,
            languages=languages,
            types=types,
            day=DAY,
        )
        return sign_descriptor(payload, self.keys).to_json()

    # --- What it says ---------------------------------------------------------------------------

    def build(self, schema: str, **fields: Any) -> bytes:
        """Return the payload of a well-formed record by this node."""
        return records.build(schema, self._common(fields))

    def _common(self, fields: dict[str, Any]) -> dict[str, Any]:
        salt = records.new_salt()
        return {"origin": self.node_id, "audience": "public", "salt": salt, **fields}

    def say(
        self, payload: bytes, *, leaf: str | None = None, key: SigningKey | None = None
    ) -> Said:
        """Sign any payload, good or bad, and append it to the log."""
        envelope = dsse.Envelope.signed(payload, key or self.keys.record)
        kind = leaf or records.leaf_type_for(records.parse(payload))
        said = Said(len(self.said), Leaf(kind, envelope.address), envelope)
        self.said.append(said)
        return said

    def item(
        self,
        content: dict[str, Any] | None = None,
        *,
        schema: str = "play/1",
        after: Said | None = None,
        media: Iterable[dict[str, Any]] = (),
        **fields: Any,
    ) -> dict[str, Any]:
        """Return the fields of an item, or of the version that follows `after`."""
        before = after.raw if after else None
        values: dict[str, Any] = {
            "schema": schema,
            "id": before["id"] if before else str(uuid.uuid4()),
            "lang": before["lang"] if before else "en",
            "version": before["version"] + 1 if before else 1,
            "prev": after.address if after else None,
            "source": None,
            "licence": "CC-BY-SA-4.0",
            "status_as_of": DAY,
            "review_due": None,
            "sensitive": False,
            "valid_for_days": 180,
            "media": list(media),
            "content": {**CONTENT.get(schema, {}), **(content or {})},
        }
        return self._common({**values, **fields})

    def publish(self, title: str = "A false story", **fields: Any) -> Said:
        """Say an item; fields as in `item`, `key` and `leaf` as in `say`."""
        how = {name: fields.pop(name) for name in ("leaf", "key") if name in fields}
        content = {"title": title, **fields.pop("content", {})}
        return self.say(canonical.dumps(self.item(content, **fields)), **{"leaf": "publish", **how})

    def endorse(self, item: Said, **changes: Any) -> Said:
        target = {**item.target, **changes.pop("target", {})}
        return self.say(self.build("endorse/1", target=target, day=DAY, **changes))

    def retract(self, item: Said, *, reason: str = "It was wrong.", **fields: Any) -> Said:
        values = {"target": item.target, "records": [item.address], **fields}
        return self.say(self.build("retract/1", reason=reason, day=DAY, **values))

    def withdraw(self, endorsement: Said) -> Said:
        target = {"origin": self.node_id, "record": endorsement.address}
        return self.say(self.build("retract/1", target=target, reason="No longer.", day=DAY))

    def recall(
        self, item: Said, *, lang: str | None = None, keys: Iterable[SigningKey] = (), **fields: Any
    ) -> Said:
        """Say a recall, signed by the record key unless `keys` are given."""
        return self.carry(self.recall_of(item, lang=lang, keys=keys, **fields))

    def recall_of(
        self, item: Said, *, lang: str | None = None, keys: Iterable[SigningKey] = (), **fields: Any
    ) -> dsse.Envelope:
        """Return the recall of an item, in one language or all, as it could stand in a file."""
        target = {"origin": item.raw["origin"], "id": item.id, **({"lang": lang} if lang else {})}
        values = {"target": target, "records": [], "reason": "It endangers people.", "day": DAY}
        values |= fields
        return self.signed("recall/1", list(keys) or [self.keys.record], **values)

    def lift_of(self, recall: Said, *keys: SigningKey) -> dsse.Envelope:
        target = {**recall.raw["target"], "record": recall.address}
        return self.signed("lift/1", list(keys), target=target, reason="A mistake.", day=DAY)

    def signed(self, schema: str, keys: list[SigningKey], **fields: Any) -> dsse.Envelope:
        payload = self.build(schema, **fields)
        made = [dsse.Envelope.signed(payload, key).signatures[0] for key in keys]
        return dsse.Envelope(payload, tuple(made))

    def carry(self, envelope: dsse.Envelope, leaf: str = "recall") -> Said:
        """Append what somebody signed, who need not be this node."""
        said = Said(len(self.said), Leaf(leaf, envelope.address), envelope)
        self.said.append(said)
        return said

    def acknowledge(self, recall: Said) -> Said:
        return self.say(self.build("ack/1", target={"record": recall.address}, day=DAY))

    def review(self, item: Said, note: str, **fields: Any) -> Said:
        values = {"audience": [item.raw["origin"]], "decision": "return", **fields}
        return self.say(self.build("review/1", target=item.target, note=note, day=DAY, **values))

    def picture(self, data: bytes, kind: str = "image/jpeg", **changes: Any) -> dict[str, Any]:
        """Keep a file and return how a record names it."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.blobs[sha256] = data
        return {"sha256": sha256, "size": len(data), "type": kind, "alt": "A door", **changes}

    # --- What can be fetched of it --------------------------------------------------------------

    @property
    def size(self) -> int:
        return len(self.said)

    @property
    def leaves(self) -> list[Leaf]:
        return [said.leaf for said in self.said]

    def head(self, size: int | None = None, **changes: Any) -> bytes:
        """Return the signed head over the first `size` entries; changes: key, origin, root."""
        size = self.size if size is None else size
        root = merkle.root([leaf.hash for leaf in self.leaves[:size]])
        head = checkpoint.Checkpoint(
            changes.get("origin", self.log_origin), size, changes.get("root", root)
        )
        return checkpoint.sign(head, changes.get("key", self.keys.log))

    def cosigned(
        self, *witnesses: "SimulatedNode", size: int | None = None, at: float | None = None
    ) -> bytes:
        """Return a head with the cosignatures of these witnesses; `at` in POSIX seconds, or now."""
        note, seconds = self.head(size), int(time.time() if at is None else at)
        for witness in witnesses:
            note = witness.cosign(note, at=seconds)
        return note

    def cosign(self, note: bytes, *, at: float, **changes: Any) -> bytes:
        """Return a note with this node's cosignature; changes: name, key."""
        name = changes.get("name", self.member.witness_name)
        return checkpoint.cosign(note, name, changes.get("key", self.keys.witness), int(at))

    def submission(self, old: int, size: int | None = None, **changes: Any) -> bytes:
        """Return the body that submits a head to a witness; changes: proof, and those of `head`."""
        size = self.size if size is None else size
        hashes = [leaf.hash for leaf in self.leaves]
        honest = old and merkle.consistency_proof(old, size, merkle.node_of(hashes))
        proof = changes.pop("proof", honest or ())
        return Submission(old, tuple(proof), self.head(size, **changes)).encode()

    def entries(self, n: int, width: int | None) -> bytes:
        return tiles.encode_entries([leaf.data for leaf in self._part(self.leaves, n, width)])

    def hash_tile(self, level: int, n: int, width: int | None) -> bytes:
        span = tiles.TILE_WIDTH**level
        hashes = [leaf.hash for leaf in self.leaves]
        starts = range(0, len(hashes) // span * span, span)
        return b"".join(
            self._part([merkle.root(hashes[at : at + span]) for at in starts], n, width)
        )

    def rows(self, n: int, width: int | None) -> list[bundles.BundleRow]:
        """Return the honest rows of a records bundle."""
        return [_row(said) for said in self._part(self.said, n, width)]

    def _part(self, whole: list[Any], n: int, width: int | None) -> list[Any]:
        start = n * tiles.TILE_WIDTH
        part = whole[start : start + (width or tiles.TILE_WIDTH)]
        return part if len(part) == (width or tiles.TILE_WIDTH) else []

    def twin(self, at: int) -> Self:
        """Return the same node as it was after `at` entries: from there it may say other things."""
        twin = type(self)(self.node_id)
        twin.said, twin.blobs = self.said[:at], dict(self.blobs)
        return twin


def _row(said: Said) -> bundles.BundleRow:
    if said.leaf.type == "sealed":
        return bundles.BundleRow(said.index, said.address, "sealed")
    return bundles.BundleRow(
        said.index, said.address, "present", said.envelope.signatures, said.envelope.payload
    )
