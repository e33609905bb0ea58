"""What the federation keeps in the database, one room a file."""

from .carrying import BundleState, EndpointHealth, IncomingBundle, Push
from .log import Entry, Log, Record, RecordState, Tile, TileKind
from .media import Blob, BlobState, BlobUse
from .peers import Invite, Nonce, Peer, PeerStatus, Policy, Subscription
from .provenance import Mode, Provenance, SharingChoice, SharingMode
from .staging import Endorsement, Item, ItemState, Quarantine, Review, ReviewDecision

__all__ = [
    "Blob",
    "BlobState",
    "BlobUse",
    "BundleState",
    "Endorsement",
    "EndpointHealth",
    "Entry",
    "IncomingBundle",
    "Invite",
    "Item",
    "ItemState",
    "Log",
    "Mode",
    "Nonce",
    "Peer",
    "PeerStatus",
    "Policy",
    "Provenance",
    "Push",
    "Quarantine",
    "Record",
    "RecordState",
    "Review",
    "ReviewDecision",
    "SharingChoice",
    "SharingMode",
    "Subscription",
    "Tile",
    "TileKind",
]
