"""Who may recall, and who may lift: judged from signatures alone, whoever carried the statement.

Source: docs/protocol.md, "Retract, recall, lease".
"""

import logging

from federation.conf import Conf
from federation.errors import (
    AddressMismatch,
    BadSignature,
    FederationError,
    KeyFileBroken,
    RecallUnentitled,
    TypeMismatch,
)
from federation.models import Authority
from federation.trust import DescriptorDirectory, stewards
from federation.wire import dsse, records
from federation.wire.keys import PublicKey

from .storable import require_storable

logger = logging.getLogger(__name__)
NEEDED_STEWARDS = 2
Statement = records.Recall | records.Lift


def verified(envelope: dsse.Envelope, conf: Conf, *, address: str | None = None) -> Statement:
    """Return the recall or lift of an envelope once those entitled have signed it.

    Raises AddressMismatch, RecallUnentitled, TypeMismatch for any other record, and what
    `records.parse` raises.
    """
    if address is not None and envelope.address != address:
        raise AddressMismatch(
            f"The body that came for {address[:12]}… has the address "
            f"{envelope.address[:12]}…: it was changed on the way."
        )
    record = records.parse(envelope.payload, max_bytes=conf.MAX_RECORD)
    require_storable(record, envelope.payload)
    if not isinstance(record, records.Recall | records.Lift):
        raise TypeMismatch(f"A {record.schema} is neither a recall nor a lift.")
    authority_of(envelope, record, conf)
    return record


def authority_of(envelope: dsse.Envelope, record: Statement, conf: Conf) -> Authority:
    """Return by whose authority a recall or lift holds; raises RecallUnentitled."""
    if _by_stewards(envelope, conf):
        return Authority.STEWARDS
    if isinstance(record, records.Lift):
        raise RecallUnentitled("Only two stewards together lift a recall.", item=envelope.address)
    if _by_origin(envelope, str(record.target.origin), conf):
        return Authority.ORIGIN
    raise RecallUnentitled(
        f"Neither {record.target.origin} nor two stewards have signed this recall.",
        item=envelope.address,
    )


def _by_stewards(envelope: dsse.Envelope, conf: Conf) -> bool:
    """Did two different stewards sign? One who signs twice is one."""
    try:
        keys = stewards(conf)
    except KeyFileBroken as error:  # what a node says of its own items holds all the same
        logger.error("%s: %s", error.code, error)
        return False
    found = {key.raw for key in keys if _signed(envelope, key)}
    return len(found) >= NEEDED_STEWARDS


def _by_origin(envelope: dsse.Envelope, node_id: str, conf: Conf) -> bool:
    """Did the item's own node sign, with an identity or record key that it has, or has had?

    A recall keeps its force when keys are changed: what it can do is to hide the node's own items.
    """
    try:
        member = DescriptorDirectory(conf.trust_dir).member(node_id)
    except FederationError:
        return False
    periods = [*member.identity_keys, *member.record_keys]
    keys = [member.identity_key, *(period.key for period in periods)]
    return any(_signed(envelope, key) for key in keys)


def _signed(envelope: dsse.Envelope, key: PublicKey) -> bool:
    try:
        envelope.verify(key)
    except BadSignature:
        return False
    return True
