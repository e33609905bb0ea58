"""Check again, from the bytes up, all this node holds: logs, heads, records, tiles, files."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from federation.conf import Conf, get_conf
from federation.errors import (
    AddressMismatch,
    BadSignature,
    BadTile,
    BehindMark,
    FederationError,
    MediaHashMismatch,
    RecordWithheld,
    RootMismatch,
)
from federation.models import Blob, BlobState, Entry, Log, Record, RecordState, Tile, TileKind
from federation.trust import DescriptorDirectory, Member, read_mark
from federation.wire import dsse, merkle, records, tiles
from federation.wire.keys import PublicKey

from . import entitlement, record_bundles
from .media import damaged_blobs


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold: what it is about, and the error."""

    about: str
    error: FederationError


@dataclass
class Verification:
    """What was checked, in numbers, and what was found wrong."""

    logs: int = 0
    entries: int = 0
    records: int = 0
    tiles: int = 0
    blobs: int = 0
    findings: list[Finding] = field(default_factory=list)


def verify_everything(conf: Conf | None = None) -> Verification:
    """Verify all that is stored; findings is empty when everything holds. Writes nothing."""
    conf = conf or get_conf()
    directory = DescriptorDirectory(conf.trust_dir)
    done = Verification()
    findings = done.findings
    for log in Log.objects.all():
        done.logs += 1
        try:
            member = directory.member(log.node_id)
            findings.extend(_verify_log(log, member, done))
        except FederationError as error:
            findings.append(Finding(log.node_id, error))
    mark = read_mark(conf.keys_dir)
    own = Log.objects.filter(own=True).first()
    if mark and (own is None or own.head_size < mark.size):
        findings.append(Finding(conf.NODE_ID, BehindMark(f"{mark.size} entries were signed.")))
    done.blobs = Blob.objects.filter(state=BlobState.PRESENT).count()
    for sha256 in damaged_blobs():
        findings.append(
            Finding(sha256, MediaHashMismatch(f"The file {sha256} is missing or changed."))
        )
    return done


def _verify_log(log: Log, member: Member, done: Verification) -> Iterator[Finding]:
    rows = list(Entry.objects.filter(log=log).order_by("index"))
    done.entries += len(rows)
    if [entry.index for entry in rows] != list(range(log.size)):
        yield Finding(log.node_id, RootMismatch("Entries are missing."))
        return
    if log.checkpoint:
        head = member.open_head(bytes(log.checkpoint))
        root = merkle.root([entry.leaf.hash for entry in rows[: head.size]])
        if head.size != log.head_size or root != head.root or root != log.root:
            yield Finding(log.node_id, RootMismatch("The entries are not those of the head."))
    yield from _verify_records(rows, member, done)
    if log.own:
        yield from _verify_bodies(rows)
    yield from _verify_tiles(log, rows, done)


def _verify_records(rows: list[Entry], member: Member, done: Verification) -> Iterator[Finding]:
    places: dict[str, list[Entry]] = {}  # one statement may stand in a log more than once
    for entry in rows:
        places.setdefault(entry.address, []).append(entry)
    addresses = list(places)
    for at in range(0, len(addresses), tiles.TILE_WIDTH):
        part = addresses[at : at + tiles.TILE_WIDTH]
        for record in Record.objects.filter(address__in=part, payload__isnull=False):
            done.records += 1
            try:
                _verify_record(record, places[record.address], member)
            except FederationError as error:
                yield Finding(record.address, error)


def _verify_record(record: Record, entries: list[Entry], member: Member) -> None:
    envelope = dsse.Envelope(bytes(record.payload or b""), record_bundles.signatures_of(record))
    if envelope.address != record.address:
        raise AddressMismatch(f"The stored body of {record.address} was changed.")
    if entries[0].type == "recall":
        entitlement.verified(envelope, get_conf())
        return
    rotates = entries[0].type == "rotate"
    signer = member.identity_key_at if rotates else member.record_key
    _require_signed(envelope, [signer(entry.index) for entry in entries])
    if record.state != RecordState.PARKED:
        records.parse(envelope.payload)


def _require_signed(envelope: dsse.Envelope, keys: list[PublicKey]) -> None:
    """Raise BadSignature unless one of the keys in force where it was said has signed it."""
    for key in keys[:-1]:
        try:
            envelope.verify(key)
            return
        except BadSignature:
            continue
    envelope.verify(keys[-1])


def _verify_bodies(rows: list[Entry]) -> Iterator[Finding]:
    """What this node said itself and did not take back must be here."""
    for at in range(0, len(rows), tiles.TILE_WIDTH):
        part = {entry.address for entry in rows[at : at + tiles.TILE_WIDTH]}
        held = Record.objects.filter(address__in=part)
        excused = held.exclude(payload__isnull=True, state=RecordState.PRESENT)
        for address in sorted(part - set(excused.values_list("address", flat=True))):
            yield Finding(address, RecordWithheld(f"The body of the own entry {address} is gone."))


def _verify_tiles(log: Log, rows: list[Entry], done: Verification) -> Iterator[Finding]:
    """Compare the stored tiles with the entries and records themselves."""
    stored = set(Tile.objects.filter(log=log).values_list("kind", "level", "index"))
    for place in sorted(_expected_tiles(log.carried) - stored):
        about = "/".join(map(str, place))
        yield Finding(about, BadTile(f"{log.node_id}: tile {about} is missing."))
    for tile in Tile.objects.filter(log=log, kind=TileKind.RECORDS):
        done.tiles += 1
        start = tile.index * tiles.TILE_WIDTH
        if _unpacked(tile) != record_bundles.records_bundle(log, start, start + tile.width):
            yield Finding(str(tile), BadTile(f"{log.node_id}: tile {tile} is not what it was."))
    for tile in Tile.objects.filter(log=log).exclude(kind=TileKind.RECORDS):
        done.tiles += 1
        start = tile.index * tiles.TILE_WIDTH
        part = [entry.leaf for entry in rows[start : start + tile.width]]
        if tile.kind == TileKind.ENTRIES:
            fits = _unpacked(tile) == tiles.encode_entries([leaf.data for leaf in part])
        elif tile.level == 0:
            fits = bytes(tile.data) == b"".join(leaf.hash for leaf in part)
        else:
            span = tiles.TILE_WIDTH**tile.level
            hashes = [
                merkle.root([entry.leaf.hash for entry in rows[at : at + span]])
                for at in range(start * span, (start + tile.width) * span, span)
            ]
            fits = bytes(tile.data) == b"".join(hashes)
        if not fits:
            yield Finding(str(tile), BadTile(f"{log.node_id}: tile {tile} is not what it was."))


def _expected_tiles(size: int) -> set[tuple[str, int, int]]:
    """Return kind, level and number of each tile that a log of this size is served from."""
    hashes = {(TileKind.HASH.value, level, n) for level, n, _width in tiles.changed_tiles(0, size)}
    bundles = range(-(-size // tiles.TILE_WIDTH))
    kinds = (TileKind.ENTRIES.value, TileKind.RECORDS.value)
    return hashes | {(kind, 0, n) for kind in kinds for n in bundles}


def _unpacked(tile: Tile) -> bytes | None:
    """Return what a packed tile holds; None where it does not even unpack."""
    try:
        return gzip.decompress(bytes(tile.data))
    except (OSError, EOFError, zlib.error):
        return None
