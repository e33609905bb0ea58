"""Both sides of witnessing: what this node cosigned for others, and who cosigns its own log.

Besides: the evidence against whoever said two things, and the highest time that a quorum proved.
"""

from datetime import datetime, timedelta

from django.db import models

_DAILY = timedelta(days=1)


class Witnessed(models.Model):
    """The newest head of one log that this node cosigned. It never falls and never forks.

    `checkpoint` is the note as it came, kept as evidence should another history turn up.
    """

    origin = models.CharField(max_length=255, unique=True)
    size = models.PositiveBigIntegerField(default=0)
    root = models.BinaryField(default=bytes)
    checkpoint = models.BinaryField(default=bytes)
    cosigned_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.origin} {self.size}"


class WitnessQuerySet(models.QuerySet["Witness"]):
    def due(self, head_size: int, now: datetime) -> "WitnessQuerySet":
        """Witnesses that have not cosigned the newest head, or not for a day; a failed one rests.

        An unchanged head is submitted daily: a cosignature says that nothing newer was seen then.
        """
        stale = models.Q(cosigned_at=None) | models.Q(cosigned_at__lte=now - _DAILY)
        rested = models.Q(next_attempt_at=None) | models.Q(next_attempt_at__lte=now)
        return self.filter(rested).filter(stale | ~models.Q(size=head_size)).order_by("node_id")


class Witness(models.Model):
    """A witness of this node's own log: the head it cosigned last, and how asking it goes."""

    node_id = models.CharField(max_length=63, unique=True)
    size = models.PositiveBigIntegerField(default=0)
    cosigned_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=64, blank=True, default="")
    error_detail = models.TextField(blank=True, default="")

    objects = WitnessQuerySet.as_manager()

    def __str__(self) -> str:
        return self.node_id


class Evidence(models.Model):
    """Two signed heads of one log that cannot both be true, as the bytes that were signed.

    `seen_at` is the node that showed the second one.
    """

    origin = models.CharField(max_length=255, db_index=True)
    first = models.BinaryField()
    second = models.BinaryField()
    seen_at = models.CharField(max_length=63, blank=True, default="")
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["found_at", "pk"]

    def __str__(self) -> str:
        return self.origin


class VerifiedTime(models.Model):
    """The highest time that a quorum of witnesses proved: the last row. A reset opens a new row.

    So each reset stays on record: when, from which time, and why.
    """

    time = models.DateTimeField(null=True, blank=True)
    reset_at = models.DateTimeField(null=True, blank=True)
    reset_from = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.time)
