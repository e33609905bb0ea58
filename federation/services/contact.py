"""How contact with a peer went: one worker at a time, and when to try again."""

import logging
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import F, Q

from federation.conf import Conf
from federation.errors import FederationError, StateChanged
from federation.models import Peer

logger = logging.getLogger(__name__)
_CLAIM = timedelta(minutes=10)


def claimed(peer: Peer, work: Callable[[], None]) -> None:
    """Do the work unless another worker is at it; a claim of a dead worker lapses.

    Raises StateChanged where another worker is.
    """
    now = datetime.now(UTC)
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    if not Peer.objects.filter(free, pk=peer.pk).update(claimed_until=now + _CLAIM):
        raise StateChanged(f"Another worker is fetching from {peer.node_id}.")
    try:
        work()
    finally:
        Peer.objects.filter(pk=peer.pk).update(claimed_until=None)


def note_contact(
    peer: Peer, errors: Sequence[tuple[str, FederationError]], conf: Conf, *, changed: bool
) -> None:
    """Write how contact went, and when to try again: on the beat, or backing off with jitter."""
    now = datetime.now(UTC)
    failed = [error for about, error in errors if about == peer.node_id]
    if failed and not changed:
        peer.failures = F("failures") + 1
        failures = Peer.objects.values_list("failures", flat=True).get(pk=peer.pk)
        peer.next_attempt_at = now + wait(failures, conf)
    else:
        peer.failures, peer.last_contact_at = 0, now
        peer.next_attempt_at = now + wait(0, conf)
    first = errors[0][1] if errors else None
    peer.error = first.code if first else ""
    peer.error_detail = str(first) if first else ""
    peer.save(
        update_fields=[
            "counter", "directory_digest", "failures", "last_contact_at", "next_attempt_at",
            "error", "error_detail",
        ]
    )  # fmt: skip
    for about, error in errors:
        logger.warning("sync with %s: %s: %s: %s", peer.node_id, about, error.code, error)


def wait(failures: int, conf: Conf) -> timedelta:
    """Return how long to leave a peer alone after this many failures: the beat, then doubling.

    Jittered. A peer that answers is never left alone for longer than the beat: a recall that it
    holds must not wait.
    """
    if failures == 0:
        return timedelta(seconds=conf.SYNC_SECONDS * random.uniform(0.8, 1.0))  # noqa: S311
    seconds = min(conf.SYNC_SECONDS * 2 ** min(failures, 16), conf.BACKOFF_MAX_SECONDS)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311
