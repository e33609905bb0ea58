"""The bodies behind entries, as they are fetched: many at once or one by one, public and sealed.

Nothing here is believed: `services.judging` judges what came (docs/protocol.md, "Receiving").
"""

from collections.abc import Iterator, Sequence

from federation.client import Feed
from federation.errors import (
    AddressMismatch,
    BadSignature,
    FederationError,
    PeerTimeout,
    PeerUnreachable,
    RecordWithheld,
)
from federation.models import Entry, Log, Quarantine
from federation.wire import bundles, dsse, tiles

from . import judging, record_bundles

_FEW = 4  # entries of one bundle that are cheaper to fetch one by one
# What another peer, or another day, may mend; of all else we hold the very bytes that were signed.
SPOILED = (AddressMismatch.code, BadSignature.code)


def arrivals(
    feed: Feed, node_id: str, size: int, n: int, entries: Sequence[Entry]
) -> list[judging.Arrival]:
    """Fetch the bodies for a run of entries of bundle `n`, public and sealed.

    `size` is that of the head up to which the log is served. Raises what fetching raises.
    """
    bodies: dict[int, dsse.Envelope | FederationError] = {}
    public = [entry for entry in entries if entry.type != "sealed"]
    width = min(size - n * tiles.TILE_WIDTH, tiles.TILE_WIDTH)
    partial = width if width < tiles.TILE_WIDTH else None
    if len(public) <= _FEW:
        for entry in public:
            bodies[entry.index] = one_record(feed, entry.address)
    else:
        bodies |= _bodies(feed.records(node_id, n, partial))
    if len(public) < len(entries) and feed.hands_out_sealed(node_id):
        bodies |= _bodies(feed.sealed(node_id, n, partial))
    return [arrival(entry, bodies.get(entry.index)) for entry in entries]


def arrival(entry: Entry, body: dsse.Envelope | FederationError | None) -> judging.Arrival:
    """Return an entry with the body that came for it, the error that came instead, or nothing."""
    if isinstance(body, FederationError):
        return judging.Arrival(entry, error=body)
    return judging.Arrival(entry, envelope=body)


def one_record(feed: Feed, address: str) -> dsse.Envelope | FederationError:
    """Return a body, or why it alone cannot be had; raise where the peer does not answer at all."""
    try:
        return feed.record(address)
    except (PeerTimeout, PeerUnreachable):
        raise
    except FederationError as error:
        return judging.about_one_record(error)


def _bodies(rows: Iterator[bundles.Row]) -> dict[int, dsse.Envelope | FederationError]:
    found: dict[int, dsse.Envelope | FederationError] = {}
    for row in rows:
        if isinstance(row, bundles.BadRow):
            found[row.index] = row.error
        elif row.payload is not None:
            found[row.index] = dsse.Envelope(row.payload, row.signatures)
    return found


def body_again(feed: Feed, log: Log, row: Quarantine) -> dsse.Envelope | FederationError | None:
    """Return the body of a quarantined entry: the one that is here, or fetched once more."""
    if row.payload is not None and row.error not in SPOILED:
        signatures = record_bundles.signatures_of(row)
        return dsse.Envelope(bytes(row.payload), signatures)
    if row.type != "sealed":
        return one_record(feed, row.address)
    if not feed.hands_out_sealed(log.node_id):
        return RecordWithheld("It is sealed: only its author hands it out.")
    n = row.index // tiles.TILE_WIDTH
    width = min(log.size - n * tiles.TILE_WIDTH, tiles.TILE_WIDTH)
    bodies = _bodies(feed.sealed(log.node_id, n, width if width < tiles.TILE_WIDTH else None))
    return bodies.get(row.index)
