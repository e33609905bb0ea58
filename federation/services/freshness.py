"""What follows from cosignatures: how far a log is vouched for, and since when; the verified time.

Source: docs/protocol.md, "Witnesses".
"""

from datetime import UTC, datetime

from django.db import transaction

from federation.models import GONE, Endorsement, Entry, Item, Log, VerifiedTime
from federation.trust import Member
from federation.wire.notes import Note

from . import heads
from .quorum import Quorums


def settle(log: Log, quorums: Quorums) -> None:
    """Note on a locked log, unsaved, what the cosignatures under its head amount to.

    Where a quorum vouches for more than before, what waited for that is decided anew.
    """
    verdict = quorums.verdict(bytes(log.checkpoint), log.node_id)
    if verdict.time is None:
        return
    if log.fresh_at is None or verdict.time > log.fresh_at:
        log.fresh_at = verdict.time
    if log.head_size > log.cosigned_size:
        _endorsements_count(log, log.cosigned_size)
        log.cosigned_size = log.head_size
    raise_verified_time(verdict.time)


def _endorsements_count(log: Log, start: int) -> None:
    """What was endorsed in the entries from `start` on is decided anew, now that they count."""
    said = Entry.objects.filter(log=log, type="endorse", index__gte=start, index__lt=log.head_size)
    targets = Endorsement.objects.filter(endorser=log.node_id, address__in=said.values("address"))
    items = Item.objects.filter(address__in=targets.values("target_address"))
    items.exclude(state__in=GONE).update(undecided=True)


@transaction.atomic
def take_cosignatures(log: Log, member: Member, note: bytes, quorums: Quorums) -> Log:
    """Keep the cosignatures of a note over the head that is held; those who follow us hear of it.

    Another head than the one held changes nothing.
    """
    if log.counter and not log.own:
        heads.own_log(lock=True)  # `carry` does, and always before another log's row
    locked = Log.objects.select_for_update().get(pk=log.pk)
    held = bytes(locked.checkpoint)
    if not held or Note.decode(held).text != Note.decode(note).text:
        return locked
    merged = quorums.merged(member, held, note)
    before = (locked.cosigned_size, locked.fresh_at)
    locked.checkpoint = merged
    settle(locked, quorums)
    if merged != held and locked.counter and locked.serves_its_head:
        heads.carry(locked)
    elif merged != held or before != (locked.cosigned_size, locked.fresh_at):
        locked.save(update_fields=["checkpoint", "cosigned_size", "fresh_at"])
    return locked


# --- The verified time ------------------------------------------------------------------------


def verified_time() -> datetime | None:
    """Return the highest time that a quorum proved; None before the first, or after a reset."""
    return VerifiedTime.objects.order_by("-pk").values_list("time", flat=True).first()


def raise_verified_time(time: datetime) -> None:
    """Raise it, never lower it. Call inside a transaction."""
    row = VerifiedTime.objects.select_for_update().order_by("-pk").first()
    if row is None:
        VerifiedTime.objects.create(time=time)
    elif row.time is None or row.time < time:
        row.time = time
        row.save(update_fields=["time"])


@transaction.atomic
def reset_verified_time(reason: str) -> datetime | None:
    """Forget it, and keep on record when, from which time and why. Returns what it was."""
    before = verified_time()
    VerifiedTime.objects.create(reset_at=datetime.now(UTC), reset_from=before, reason=reason)
    return before


def local() -> datetime:
    """Return what the local clock says."""
    return datetime.now(UTC)


def now() -> datetime:
    """Return the local time, or the verified one where that is ahead: a clock was set back."""
    proved = verified_time()
    return max(local(), proved) if proved else local()
