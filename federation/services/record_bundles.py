"""The records of a log as they are served: one bundle for each tile of entries, kept compressed.

Source: docs/protocol.md, "Endpoints", `records` and `sealed`.
"""

import gzip
from collections.abc import Iterator, Sequence

from federation.models import Entry, Log, Quarantine, Record, RecordState, Tile, TileKind
from federation.wire import bundles, dsse, tiles

_GZIP_LEVEL = 6


def store(log: Log, numbers: Sequence[int]) -> None:
    """Write the record bundles of these numbers, as far as the head goes."""
    made = []
    for n in numbers:
        start = n * tiles.TILE_WIDTH
        end = min(start + tiles.TILE_WIDTH, log.head_size)
        if end > start:
            data = packed(records_bundle(log, start, end))
            made.append(Tile(log=log, kind=TileKind.RECORDS, index=n, width=end - start, data=data))
    save_tiles(made)


def records_bundle(log: Log, start: int, end: int) -> bytes:
    """Return the records bundle of entries [start, end) as what is stored makes it now."""
    return bundles.encode_records(_rows(log, start, end))


def sealed_bundle(log: Log, start: int, end: int, node_id: str) -> bytes:
    """Return the sealed records of entries [start, end) that admit a node, as a records bundle."""
    entries = Entry.objects.filter(log=log, index__gte=start, index__lt=end, type="sealed")
    places = {entry.address: entry.index for entry in entries.order_by("index")}
    rows = [
        bundles.BundleRow(
            places[record.address],
            record.address,
            "present",
            signatures_of(record),
            bytes(record.payload),
        )
        for record in Record.objects.filter(address__in=places)
        if record.payload is not None and record.admits(node_id)
    ]
    return bundles.encode_records(sorted(rows, key=lambda row: row.index))


def rewrite_records(log: Log, indexes: Sequence[int]) -> None:
    """Write anew the bundles that hold these entries: a body went, or one has arrived."""
    carried = {index // tiles.TILE_WIDTH for index in indexes if index < log.carried}
    store(log, sorted(carried))


def _rows(log: Log, start: int, end: int) -> Iterator[bundles.BundleRow]:
    entries = list(Entry.objects.filter(log=log, index__gte=start, index__lt=end).order_by("index"))
    records = {
        record.address: record
        for record in Record.objects.filter(address__in=[entry.address for entry in entries])
    }
    for entry in entries:
        record = records.get(entry.address)
        if entry.type == "sealed":
            yield bundles.BundleRow(entry.index, entry.address, "sealed", (), None)
        elif record is None or record.payload is None or not record.public:
            gone = record is not None and record.state == RecordState.RETRACTED
            state = "retracted" if gone else "erased"
            yield bundles.BundleRow(entry.index, entry.address, state, (), None)
        else:
            yield bundles.BundleRow(
                entry.index,
                entry.address,
                "present",
                signatures_of(record),
                bytes(record.payload),
            )


def signatures_of(record: Record | Quarantine) -> tuple[dsse.Signature, ...]:
    """Return the signatures of a stored record, or of a quarantined body, as values."""
    return tuple(
        dsse.Signature(signature["keyid"], bytes.fromhex(signature["sig"]))
        for signature in record.signatures
    )


def packed(data: bytes) -> bytes:
    """Return bytes as they are kept and served: gzip, the same for the same."""
    return gzip.compress(data, _GZIP_LEVEL, mtime=0)


def save_tiles(made: list[Tile]) -> None:
    """Keep tiles in place of what was there before."""
    Tile.objects.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=["log", "kind", "level", "index"],
        update_fields=["width", "data"],
    )
