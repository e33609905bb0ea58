"""Two heads that cannot both be true: kept as the bytes that were signed, for the stewards.

Source: docs/protocol.md, "Log" and "Witnesses".
"""

import logging
from datetime import UTC, datetime

from federation.errors import Equivocation
from federation.models import Evidence, Log
from federation.trust import Member
from federation.wire.checkpoint import parse_checkpoint

from . import stewards_mail

logger = logging.getLogger(__name__)
_MOST = 8  # of one log: who has its key could sign any number of them


def keep(member: Member, first: bytes, second: bytes, *, seen_at: str = "") -> Equivocation:
    """Keep both notes and send them to the stewards; apply another's log no further.

    Returns the error that says so.

    Not inside a transaction that fails afterwards. `seen_at`: the node that showed the second.
    """
    size = parse_checkpoint(second).size
    found = Evidence.objects.filter(origin=member.log_origin)
    if found.count() < _MOST and not found.filter(first=first, second=second).exists():
        kept = Evidence.objects.create(
            origin=member.log_origin, first=first, second=second, seen_at=seen_at,
            found_at=datetime.now(UTC),
        )  # fmt: skip
        stewards_mail.tell(kept)
    error = Equivocation(
        f"{member.node_id} signed two histories of {size} entries. Both are kept.",
        item=member.node_id,
    )
    # The own log goes on: who stole its key must not silence its owner as well.
    logs = Log.objects.filter(node_id=member.node_id, own=False)
    logs.update(frozen=Equivocation.code, evidence=second)
    logger.error("%s: %s", error.code, error)
    return error
