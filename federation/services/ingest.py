"""Take in what a log says: stage a batch of judged entries in one transaction.

Order as in docs/protocol.md, "Receiving": the head was verified before (`services.follow`), the
entries were judged one by one (`services.judging`); here come version and prev, and staging.
"""

from typing import Any

from django.db import transaction
from django.db.models import F

from federation.conf import Conf
from federation.errors import (
    FederationError,
    OldVersion,
    StateChanged,
)
from federation.models import (
    Log,
    Quarantine,
    Record,
)

from .batch import Batch
from .judging import Judged


@transaction.atomic
def apply_batch(log: Log, peer: str, judged: list[Judged], conf: Conf) -> None:
    """Stage a run of judged entries that starts at the log's applied mark, and move the mark.

    Raises StateChanged when somebody else applied them meanwhile; nothing is written then.
    """
    locked = Log.objects.select_for_update().get(pk=log.pk)
    first, last = judged[0].arrival.entry.index, judged[-1].arrival.entry.index
    if locked.applied != first:
        raise StateChanged(f"{log.node_id}: entry {first} was applied meanwhile.")
    batch = Batch(locked, peer, conf, judged)
    for one in judged:
        batch.take(one)
    batch.flush()
    locked.applied = last + 1
    locked.save(update_fields=["applied"])
    log.applied = locked.applied


@transaction.atomic
def apply_again(log: Log, peer: str, judged: Judged, conf: Conf) -> FederationError | None:
    """Try a quarantined entry once more with another body; return the error if it failed again.

    A version that was overtaken meanwhile counts as settled: its body is kept, its place is not.
    """
    batch = Batch(log, peer, conf, [judged])
    batch.take(judged)
    error = batch.errors[0] if batch.errors else None
    row = Quarantine.objects.filter(log=log, index=judged.arrival.entry.index)
    if error is None or isinstance(error, OldVersion):
        batch.quarantined.clear()
        batch.flush()
        row.update(resolved=True, payload=None, signatures=[])
        return None
    said: dict[str, Any] = {"error": error.code, "error_detail": str(error), "peer": peer}
    kept = batch.quarantined[0]
    if kept.payload is not None or kept.address in batch.buried:
        said |= {"payload": kept.payload, "signatures": kept.signatures}
    elif row[0].payload is not None:
        said = {}  # what kept it back stands; this time nothing came
    row.update(**said, attempts=F("attempts") + 1)
    Record.objects.bulk_create(batch.parked, ignore_conflicts=True)
    return error
