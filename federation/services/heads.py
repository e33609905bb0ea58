"""Sign the own log's head, and keep the tiles of every log that this node serves.

Source: C2SP tlog-tiles and tlog-checkpoint; docs/protocol.md, "Log" and "Endpoints".
"""

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F, Max

from federation.conf import Conf, get_conf
from federation.errors import (
    BehindMark,
    Equivocation,
    FederationError,
    IdChanged,
    KeysMissing,
)
from federation.models import Entry, Log, Tile, TileKind
from federation.trust import Mark, load_keys, read_mark, write_mark
from federation.wire import checkpoint, merkle, tiles

from . import record_bundles, testimony

_AT_ONCE = ("recall", "ack")
_BEYOND = 2**32  # heads that no node signs in its life, and a fraction of what JSON can count


def own_log(*, lock: bool = False) -> Log:
    """Return the row of this node's own log, locked for the transaction if asked.

    Raises KeysMissing before `federation_init` has run, IdChanged when the node was given another
    id since: nothing is said in the log of one id under the name of another.
    """
    logs = Log.objects.select_for_update() if lock else Log.objects
    log = logs.filter(own=True).first()
    if log is None:
        raise KeysMissing("This node has no log yet.", item=get_conf().NODE_ID)
    require_own_id(log, get_conf())
    return log


def require_own_id(log: Log, conf: Conf) -> None:
    """Raise IdChanged unless the own log is that of the id which the settings name."""
    if log.node_id != conf.NODE_ID:
        raise IdChanged(
            f"The database holds the log of {log.node_id}; the settings say {conf.NODE_ID}.",
            item=log.node_id,
        )


def sign_head(now: datetime | None = None) -> Log | None:
    """Sign a head over every entry of the own log; return the log, or None if nothing is new.

    The mark is written before the signature exists. Raises BehindMark where the database knows
    less than this node once signed, or another history of the same size, and BehindWitness and
    WitnessesSilent as `testimony.require_asked`; why no head could be signed then stands on the
    log's row for the operator.
    """
    try:
        log = _sign_head(get_conf(), now or datetime.now(UTC))
    except FederationError as error:
        _note_own(error.code, str(error))
        raise
    _note_own("", "")
    return log


def _note_own(code: str, detail: str) -> None:
    rows = Log.objects.filter(own=True).exclude(error=code, error_detail=detail)
    rows.update(error=code, error_detail=detail)


def _sign_head(conf: Conf, now: datetime) -> Log | None:
    keys = load_keys(conf.keys_dir)
    with transaction.atomic():
        log = own_log(lock=True)
        mark = read_mark(conf.keys_dir)
        _require_not_behind(log, mark)
        if log.checkpoint and log.size == log.head_size:
            return None
        testimony.require_asked(log, max(log.head_size, mark.size if mark else 0), conf)
        grown = log.range.append(leaf_hashes(log, log.head_size, log.size))
        write_mark(conf.keys_dir, Mark(grown.size, grown.root))
        log.checkpoint = checkpoint.sign(
            checkpoint.Checkpoint(log.origin, grown.size, grown.root), keys.log
        )
        log.head_size, log.peaks = grown.size, grown.to_bytes()
        log.applied = log.size
        log.head_seen_at = now
        carry(log)
        return log


def _require_not_behind(log: Log, mark: Mark | None) -> None:
    if mark is None:
        return
    if log.size < mark.size:
        raise BehindMark(
            f"The database holds {log.size} entries of this node's log; {mark.size} were signed.",
            item=log.origin,
        )
    if log.head_size == mark.size:
        known = log.root
    elif log.head_size > mark.size:  # the mark, not the database, came from a backup
        known = log.range_at(leaf_hashes(log, 0, mark.size)).root
    else:
        known = log.range.append(leaf_hashes(log, log.head_size, mark.size)).root
    if known != mark.root:
        raise BehindMark(
            f"The first {mark.size} entries here are not those that this node signed.",
            item=log.origin,
        )


def leaf_hashes(log: Log, start: int, end: int) -> list[bytes]:
    """Return the leaf hashes of entries [start, end) that are held, in order."""
    rows = Entry.objects.filter(log=log, index__gte=start, index__lt=end).order_by("index")
    return [entry.leaf.hash for entry in rows]


def carry(log: Log) -> None:
    """Store the tiles up to the head and tell followers by a new counter. Saves the log.

    Call inside a transaction. The own log's row is locked, so that counters become visible in
    the order in which they were given out.
    """
    if not log.own:
        own_log(lock=True)
    if log.carried < log.head_size:
        _store_entries_and_hashes(log, log.carried, log.head_size)
        record_bundles.store(
            log, range(log.carried // tiles.TILE_WIDTH, _last_tile(log.head_size) + 1)
        )
        log.carried = log.head_size
    log.counter = _next_counter()
    log.save()


def show_all_again() -> None:
    """Move every counter beyond what anybody can have seen before this node was restored.

    Others would take no notice of a lower one, and no clock is relied on.
    """
    Log.objects.carried().update(counter=F("counter") + _BEYOND)


def _next_counter() -> int:
    """Return a counter above all that were given out, also by what was here before a restore.

    Counted on from the highest alone, a restored database would give out again what a follower
    has seen already, and that one would never ask for what changed there. So it is milliseconds.
    """
    top = Log.objects.aggregate(top=Max("counter"))["top"] or 0
    return max(top + 1, int(datetime.now(UTC).timestamp() * 1000))


@transaction.atomic
def carry_in_transaction(log: Log) -> None:
    """`carry` for a followed log, once all its entries are applied."""
    carry(log)


def _last_tile(size: int) -> int:
    return max(size - 1, 0) // tiles.TILE_WIDTH


def _store_entries_and_hashes(log: Log, start: int, end: int) -> None:
    first = start - start % tiles.TILE_WIDTH
    rows = Entry.objects.filter(log=log, index__gte=first, index__lt=end).order_by("index")
    leaves = [entry.leaf for entry in rows]
    made: list[Tile] = []
    for offset in range(0, len(leaves), tiles.TILE_WIDTH):
        part = leaves[offset : offset + tiles.TILE_WIDTH]
        n = (first + offset) // tiles.TILE_WIDTH
        packed = record_bundles.packed(tiles.encode_entries([leaf.data for leaf in part]))
        made.append(Tile(log=log, kind=TileKind.ENTRIES, index=n, width=len(part), data=packed))
    made += _hash_tiles(log, [leaf.hash for leaf in leaves], first)
    record_bundles.save_tiles(made)


def _hash_tiles(log: Log, hashes: list[bytes], place: int) -> list[Tile]:
    """Return the tiles of every level that leaf hashes from `place` on (a tile's start) change."""
    made: list[Tile] = []
    level = 0
    while hashes:
        above: list[bytes] = []
        for offset in range(0, len(hashes), tiles.TILE_WIDTH):
            part = hashes[offset : offset + tiles.TILE_WIDTH]
            made.append(
                Tile(
                    log=log,
                    kind=TileKind.HASH,
                    level=level,
                    index=(place + offset) // tiles.TILE_WIDTH,
                    width=len(part),
                    data=b"".join(part),
                )
            )
            if len(part) == tiles.TILE_WIDTH:
                above.append(merkle.root(part))
        first_above = place // tiles.TILE_WIDTH
        level, place = level + 1, first_above - first_above % tiles.TILE_WIDTH
        hashes = _hashes_held(log, level, place, first_above) + above if above else []
    return made


def _hashes_held(log: Log, level: int, start: int, end: int) -> list[bytes]:
    """Return the hashes [start, end) of one level, all of which lie in one stored tile."""
    if start == end:
        return []
    tile = Tile.objects.get(
        log=log, kind=TileKind.HASH, level=level, index=start // tiles.TILE_WIDTH
    )
    data = bytes(tile.data)
    return [data[at : at + 32] for at in range(0, (end - start) * 32, 32)]


def head_due(conf: Conf, now: datetime) -> bool:
    """Is it time for the beat to sign? On a beat, so that a log does not tell who works when.

    A recall, and the word that one was applied, wait for no beat. A log that must be recovered
    first is left alone.
    """
    log = Log.objects.filter(own=True).first()
    if log is None or (log.checkpoint and log.size == log.head_size):
        return False
    if log.error in (BehindMark.code, Equivocation.code):
        return False
    seen = log.head_seen_at
    if seen is None or (now - seen).total_seconds() >= conf.HEAD_SECONDS:
        return True
    fresh = Entry.objects.filter(log=log, index__gte=log.head_size)
    return fresh.filter(type__in=_AT_ONCE).exists()
