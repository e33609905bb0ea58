"""What a node says of itself when it enrols, or when it has new keys: its descriptor.

A descriptor is signed by the node's identity and record keys; its log and witness keys sign the
same bytes, so that a node proves that it holds what it lists (docs/protocol.md, "Enrolment").
"""

import re
from functools import lru_cache

from federation.errors import InvalidRecord
from federation.wire import dsse, records

from .directory import Endpoint, KeyPeriod, Member
from .keyfiles import NodeKeys

NODE_ID = re.compile(r"[a-z0-9-]{1,63}\Z")
PROVEN = ("identity", "record", "log", "witness")


def sign_descriptor(payload: bytes, keys: NodeKeys) -> dsse.Envelope:
    """Return the descriptor signed by every key that a receiver asks proof of."""
    signatures = tuple(
        dsse.Envelope.signed(payload, getattr(keys, purpose)).signatures[0] for purpose in PROVEN
    )
    return dsse.Envelope(payload, signatures)


@lru_cache(maxsize=512)
def read_descriptor(data: bytes) -> Member:
    """Verify a descriptor envelope and return the member it describes.

    Raises MalformedEnvelope, InvalidRecord, InvalidKey or BadSignature.
    """
    envelope = dsse.Envelope.from_json(data)
    record = records.parse(envelope.payload)
    if not isinstance(record, records.Descriptor):
        raise InvalidRecord(f"A {record.schema} is not a descriptor.")
    keys = record.keys
    for purpose in PROVEN:
        envelope.verify(keys[purpose])
    return Member(
        node_id=record.origin,
        log_origin=record.log_origin,
        log_key=keys["log"],
        witness_key=keys["witness"],
        identity_key=keys["identity"],
        request_key=keys["request"],
        record_keys=(KeyPeriod(keys["record"]),),
        endpoints=tuple(
            Endpoint(point.url.rstrip("/"), point.kind, point.private) for point in record.endpoints
        ),
        languages=record.languages,
        types=record.types,
    )
