"""Another node, made in memory: its keys, its log, what it says, as if it had been fetched."""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from federation.conf import Conf, get_conf
from federation.models import (
    Blob,
    Endorsement,
    Entry,
    Item,
    Log,
    Peer,
    PeerStatus,
    Provenance,
    Quarantine,
    Review,
)
from federation.services import ingest, judging
from federation.services.follow import followed_log
from federation.services.media import store_bytes
from federation.trust import DescriptorDirectory, create_keys, read_descriptor, sign_descriptor
from federation.wire import checkpoint, dsse, records
from federation.wire.leaf import Leaf

TODAY = "2026-11-20"
PURPOSES = ("identity", "log", "witness", "record", "request")
PLAY = {
    "title": "A false story",
    "outcome": "People have heard the true story from you.",
    "threats": ["media"],
    "phase": "now",
    "steps": [],
    "status": "current",
}
CASE = {
    "title": "One voice",
    "kind": "coalition",
    "summary": "In short.",
    "threats": ["media"],
    "status": "current",
}
CONTENT = {"play/1": PLAY, "case/1": CASE}


def step(do: str, **value: str) -> dict[str, Any]:
    """Return a step as it stands in a record."""
    return {"id": str(uuid.uuid4()), "type": "step", "value": {"do": do, **value}}


class ForeignNode:
    """A node whose log is followed here. Whatever it says is verified and staged at once.

    Nothing is faked: keys are files, records are signed, heads are checkpoints, and the bytes go
    through the same judging as fetched ones. Policy is not applied: call `decide_items` for that.
    """

    def __init__(self, node_id: str, folder: Path, *, enrolled: bool = True, hub: bool = False):
        self.node_id = node_id
        self.keys = create_keys(folder / node_id / "keys")
        self.descriptor = sign_descriptor(self._descriptor(), self.keys).to_json()
        self.member = read_descriptor(self.descriptor)
        if enrolled:
            DescriptorDirectory(self.conf.trust_dir).add(self.descriptor)
            self.peer = Peer.objects.create(
                node_id=node_id, status=PeerStatus.ACTIVE, is_hub=hub, pull=hub
            )

    @property
    def conf(self) -> Conf:
        return get_conf()

    @property
    def log(self) -> Log:
        return followed_log(self.member)

    @property
    def fingerprint(self) -> str:
        return self.member.identity_key.fingerprint

    def _descriptor(self) -> bytes:
        url = f"http://{self.node_id}.invalid"
        return self.build(
            "descriptor/1",
            audience="network",
            node=self.node_id,
            endpoints=[{"url": url, "kind": "clearnet", "private": False}],
            keys={purpose: getattr(self.keys, purpose).public.hex for purpose in PURPOSES},
            log_origin=f"solidarity.example/{self.node_id}",
            languages=[],
            types=[],
            day=TODAY,
        )

    def build(self, schema: str, **fields: Any) -> bytes:
        """Return the payload of a record by this node."""
        common = {"origin": self.node_id, "audience": "public", "salt": records.new_salt()}
        return records.build(schema, {**common, **fields})

    def sign(self, payload: bytes) -> dsse.Envelope:
        return dsse.Envelope.signed(payload, self.keys.record)

    def say(self, payload: bytes, *, body: dsse.Envelope | None = None) -> Entry:
        """Append a record to the log, sign the head and have it taken in here.

        `body` is what came instead of the bytes that the log names.
        """
        envelope = self.sign(payload)
        kind = records.leaf_type_for(records.parse(payload))
        log = self.log
        entry = Entry.objects.create(log=log, index=log.size, type=kind, address=envelope.address)
        grown = log.range.append([Leaf(kind, envelope.address).hash])
        log.size = log.head_size = grown.size
        log.peaks = grown.to_bytes()
        head = checkpoint.Checkpoint(log.origin, grown.size, grown.root)
        log.checkpoint = checkpoint.sign(head, self.keys.log)
        log.head_seen_at = datetime.now(UTC)
        log.save()
        arrival = judging.Arrival(entry, body or envelope)
        ingest.apply_batch(
            log, self.node_id, [judging.judge(arrival, self.member, self.conf)], self.conf
        )
        return entry

    def item_payload(
        self,
        content: dict[str, Any] | None = None,
        *,
        schema: str = "play/1",
        lang: str = "en",
        after: Item | None = None,
        **fields: Any,
    ) -> bytes:
        """Return the payload of an item, or of the version that comes after `after`."""
        values: dict[str, Any] = {
            "id": str(after.item_id) if after else str(uuid.uuid4()),
            "lang": after.lang if after else lang,
            "version": after.version + 1 if after else 1,
            "prev": after.address if after else None,
            "source": None,
            "media": [],
            "licence": "CC-BY-SA-4.0",
            "status_as_of": TODAY,
            "review_due": None,
            "sensitive": False,
            "valid_for_days": 180,
            "content": {**CONTENT.get(schema, {}), **(content or {})},
        }
        return self.build(schema, **{**values, **fields})

    def publish(self, content: dict[str, Any] | None = None, **fields: Any) -> Item:
        """Say an item and return it as staged; fields as in `item_payload`."""
        payload = self.item_payload(content, **fields)
        self.say(payload)
        said = records.parse(payload)
        return Item.objects.get(origin=self.node_id, item_id=said.id, lang=said.lang)

    def quarantined(self, **fields: Any) -> Quarantine:
        """Say an item of which other bytes arrive than those the log names."""
        payload = self.item_payload(**fields)
        changed = self.sign(self.item_payload({"title": "Changed on the way"}))
        entry = self.say(payload, body=changed)
        return Quarantine.objects.get(log=self.log, index=entry.index)

    def endorse(self, item: Item | Provenance, **target: Any) -> Endorsement:
        """Endorse exactly this version, unless `target` says otherwise."""
        entry = self.say(self.build("endorse/1", target={**target_of(item), **target}, day=TODAY))
        return Endorsement.objects.get(address=entry.address)

    def review(self, item: Item | Provenance, note: str, *, decision: str = "return") -> Review:
        """Send a sealed note about an item to its author's node."""
        entry = self.say(
            self.build(
                "review/1",
                audience=[item.origin],
                target=target_of(item),
                decision=decision,
                note=note,
                day=TODAY,
            )
        )
        return Review.objects.get(address=entry.address)

    def retract(self, item: Item, reason: str = "It was wrong.") -> Item:
        """Take an item back."""
        self.say(self.build("retract/1", target=target_of(item), reason=reason, day=TODAY))
        return Item.objects.get(pk=item.pk)


def target_of(item: Item | Provenance) -> dict[str, Any]:
    """Return the target of a statement about exactly this version."""
    return {
        "origin": item.origin,
        "id": str(item.item_id),
        "lang": item.lang,
        "version": item.version,
        "record": item.address,
        "index": item.index,
    }


def media(data: bytes, kind: str = "image/jpeg", alt: str = "A picture") -> dict[str, Any]:
    """Keep a file as if it had arrived; return its entry for a record's `media`."""
    sha256 = store_bytes(data, kind)
    blob = Blob.objects.get(sha256=sha256)
    return {"sha256": sha256, "size": blob.size, "type": kind, "alt": alt}
