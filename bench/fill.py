"""Fill a serving node: items signed and written in bulk, no pages. Run as a node's process.

Takes `count`, `pictures` and `seed`, or `change` for a new version of the first item; writes what
the node then serves as plain files too, for the floor.
"""

import gzip
import hashlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import transaction  # noqa: E402

from bench.material import Writer  # noqa: E402
from federation.conf import Conf, get_conf  # noqa: E402
from federation.models import (  # noqa: E402
    Blob,
    BlobState,
    BlobUse,
    Entry,
    Log,
    Record,
    Tile,
    TileKind,
)
from federation.services import heads, record_bundles  # noqa: E402
from federation.services.enrolment import initialise_node  # noqa: E402
from federation.services.media import blob_path  # noqa: E402
from federation.trust import load_keys  # noqa: E402
from federation.wire import dsse, records  # noqa: E402

_BATCH = 500


def item(writer: Writer, conf: Conf, picture: bytes | None, **fields: Any) -> bytes:
    """The payload of one play."""
    media, content = [], writer.content()
    if picture is not None:
        sha256 = hashlib.sha256(picture).hexdigest()
        media = [{"sha256": sha256, "size": len(picture), "type": "image/jpeg", "alt": "A crowd."}]
        content["picture"] = sha256
    return records.build(
        "play/1",
        {
            "origin": conf.NODE_ID, "audience": "public", "salt": writer.random.randbytes(16).hex(),
            "id": writer.uuid(), "lang": "en", "version": 1, "prev": None, "source": None,
            "content": content, "media": media, "licence": "CC-BY-SA-4.0",
            "status_as_of": "2026-01-01", "review_due": None, "sensitive": False,
            "valid_for_days": 180, **fields,
        },
    )  # fmt: skip


def append(conf: Conf, made: list[tuple[bytes, bytes | None]]) -> None:
    """Sign payloads and put them into the own log, with their pictures."""
    key = load_keys(conf.keys_dir).record
    log = heads.own_log()
    rows: list[Record] = []
    entries: list[Entry] = []
    blobs: list[Blob] = []
    uses: list[BlobUse] = []
    for payload, picture in made:
        envelope = dsse.Envelope.signed(payload, key)
        address = envelope.address
        signatures = [{"keyid": s.keyid, "sig": s.sig.hex()} for s in envelope.signatures]
        rows.append(Record(address=address, origin=conf.NODE_ID, schema="play/1", payload=payload,
                           signatures=signatures))  # fmt: skip
        entries.append(
            Entry(log=log, index=log.size + len(entries), type="publish", address=address)
        )
        if picture is not None:
            sha256 = hashlib.sha256(picture).hexdigest()
            path = blob_path(sha256, conf)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture)
            blobs.append(Blob(sha256=sha256, size=len(picture), type="image/jpeg",
                              state=BlobState.PRESENT))  # fmt: skip
            uses.append(BlobUse(sha256=sha256, address=address))
    with transaction.atomic():
        Record.objects.bulk_create(rows)
        Entry.objects.bulk_create(entries)
        Blob.objects.bulk_create(blobs)
        BlobUse.objects.bulk_create(uses)
        log.size += len(entries)
        log.save(update_fields=["size"])


def fill(conf: Conf, count: int, pictures: bool, seed: int) -> dict[str, Any]:
    """Write `count` items; return their payloads' size, and gzipped as one text."""
    initialise_node(conf)
    writer = Writer(seed)
    packer = gzip.GzipFile("", "wb", 6, counted := _Counter(), mtime=0)
    size = 0
    for start in range(0, count, _BATCH):
        made = []
        for _ in range(min(_BATCH, count - start)):
            picture = writer.picture() if pictures else None
            made.append((item(writer, conf, picture), picture))
        append(conf, made)
        for payload, _picture in made:
            size += packer.write(payload + b"\n")
    packer.close()
    return {"payload_bytes": size, "payload_gzip_bytes": counted.size}


class _Counter:
    """A file that only counts."""

    size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is kept."""


def change(conf: Conf, seed: int) -> None:
    """Append version 2 of the first item."""
    first = Entry.objects.get(log__own=True, index=0)
    payload = Record.objects.get(address=first.address).payload
    assert payload is not None
    raw = records.parse(bytes(payload)).raw
    writer = Writer(seed)
    picture_path = blob_path(raw["media"][0]["sha256"], conf) if raw["media"] else None
    picture = picture_path.read_bytes() if picture_path else None
    newer = item(writer, conf, picture, id=raw["id"], version=2, prev=first.address)
    append(conf, [(newer, None)])
    BlobUse.objects.bulk_create(
        BlobUse(sha256=file["sha256"], address=dsse.address(newer)) for file in raw["media"]
    )


def write_plain(conf: Conf, folder: Path) -> Iterator[str]:
    """Write heads, entries and records as files; yield their names."""
    folder.mkdir(exist_ok=True)
    log = Log.objects.get(own=True)
    checkpoint = bytes(log.checkpoint).decode()
    head = {"counter": log.counter, "directory": "", "heads": [
        {"node": conf.NODE_ID, "checkpoint": checkpoint}
    ]}  # fmt: skip
    (folder / "heads").write_text(json.dumps(head))
    (folder / "nothing").write_text(json.dumps({**head, "heads": []}))
    for kind in (TileKind.ENTRIES, TileKind.RECORDS):
        for tile in Tile.objects.filter(log=log, kind=kind).order_by("index"):
            name = f"{kind.value}-{tile.index}"
            (folder / name).write_bytes(bytes(tile.data))
            yield name
    newest = Record.objects.order_by("pk").last()
    assert newest is not None
    envelope = dsse.Envelope(bytes(newest.payload or b""), record_bundles.signatures_of(newest))
    (folder / "record").write_bytes(envelope.to_json())
    blobs = folder / "blob"
    if not blobs.exists():
        blobs.symlink_to(conf.blobs_dir)


def main() -> None:
    asked = json.loads(sys.argv[1])
    conf = get_conf()
    started = time.perf_counter()
    said: dict[str, Any] = {}
    if asked.get("change"):
        change(conf, asked["seed"])
    else:
        said = fill(conf, asked["count"], asked["pictures"], asked["seed"])
    log = heads.sign_head()
    assert log is not None
    names = list(write_plain(conf, Path(asked["plain"])))
    said["key"] = load_keys(conf.keys_dir).record.public.hex
    seconds = time.perf_counter() - started
    print(json.dumps({**said, "size": log.size, "names": names, "seconds": seconds}))


if __name__ == "__main__":
    main()
