"""What the federation keeps in the database, one room a file."""

from .carrying import BundleState, EndpointHealth, IncomingBundle, Push
from .log import Entry, Log, Record, RecordState, Tile, TileKind
from .media import Blob, BlobState, BlobUse
from .peers import Invite, Nonce, Peer, PeerStatus, Policy, Subscription
from .provenance import Lease, Mode, Provenance, SharingChoice, SharingMode
from .recalls import Acknowledgement, Authority, HeldBody, Lift, Recall, Tombstone
from .staging import GONE, Endorsement, Item, ItemState, Quarantine, Review, ReviewDecision
from .witnesses import Evidence, VerifiedTime, Witness, Witnessed

__all__ = [
    "GONE",
    "Acknowledgement",
    "Authority",
    "Blob",
    "BlobState",
    "BlobUse",
    "BundleState",
    "Endorsement",
    "EndpointHealth",
    "Entry",
    "Evidence",
    "HeldBody",
    "IncomingBundle",
    "Invite",
    "Item",
    "ItemState",
    "Lease",
    "Lift",
    "Log",
    "Mode",
    "Nonce",
    "Peer",
    "PeerStatus",
    "Policy",
    "Provenance",
    "Push",
    "Quarantine",
    "Recall",
    "Record",
    "RecordState",
    "Review",
    "ReviewDecision",
    "SharingChoice",
    "SharingMode",
    "Subscription",
    "Tile",
    "TileKind",
    "Tombstone",
    "VerifiedTime",
    "Witness",
    "Witnessed",
]
