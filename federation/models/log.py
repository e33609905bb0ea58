"""Logs, their entries and the records that these name: this node's own and every one it follows."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from federation.wire.leaf import Leaf
from federation.wire.merkle import CompactRange


class LogQuerySet(models.QuerySet["Log"]):
    def carried(self) -> "LogQuerySet":
        """Logs with a head and the tiles behind it: those this node can serve."""
        return self.filter(counter__gt=0)

    def behind(self) -> "LogQuerySet":
        """Followed logs whose verified entries are not all applied, and that nothing freezes."""
        return self.filter(own=False, frozen="", applied__lt=models.F("size"))


class Log(models.Model):
    """One node's log. Two marks: `head_size` is verified (or signed), `applied` is processed.

    `size` counts the entries held. In the own log it runs ahead of `head_size` until the beat
    signs; in a followed log the two move together. `peaks` is the compact range at `head_size`,
    `carried` the size up to which tiles are stored, `counter` when that last changed among all
    logs of this node (the cursor of `heads`). `checkpoint` is the signed note with the cosignatures
    that count; `cosigned_size` how many entries a quorum of witnesses has vouched for, `fresh_at`
    the lowest time of the newest quorum: what was the newest head then.
    """

    node_id = models.CharField(max_length=63, unique=True)
    origin = models.CharField(max_length=255)
    own = models.BooleanField(default=False)
    size = models.PositiveIntegerField(default=0)
    head_size = models.PositiveIntegerField(default=0)
    peaks = models.BinaryField(default=bytes)
    checkpoint = models.BinaryField(default=bytes)
    applied = models.PositiveIntegerField(default=0)
    carried = models.PositiveIntegerField(default=0)
    counter = models.PositiveBigIntegerField(default=0, db_index=True)
    head_seen_at = models.DateTimeField(null=True, blank=True)
    day = models.DateField(null=True, blank=True)
    day_start_size = models.PositiveIntegerField(default=0)
    frozen = models.CharField(max_length=64, blank=True, default="")
    evidence = models.BinaryField(default=bytes)
    cosigned_size = models.PositiveIntegerField(default=0)
    fresh_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=64, blank=True, default="")
    error_detail = models.TextField(blank=True, default="")

    objects = LogQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["own"], condition=models.Q(own=True), name="federation_one_own_log"
            ),
            models.CheckConstraint(
                condition=models.Q(head_size__lte=models.F("size")),
                name="federation_head_within_log",
            ),
            models.CheckConstraint(
                condition=models.Q(applied__lte=models.F("size")),
                name="federation_applied_within_log",
            ),
        ]

    def __str__(self) -> str:
        return self.node_id

    @property
    def serves_its_head(self) -> bool:
        """Are the tiles behind the head stored? While a followed log is applied they lag it."""
        return self.carried == self.head_size

    @property
    def range(self) -> CompactRange:
        """The compact range at `head_size`, from which root and growth follow."""
        return CompactRange.from_bytes(self.head_size, bytes(self.peaks))

    @property
    def root(self) -> bytes:
        return self.range.root

    @staticmethod
    def range_at(hashes: list[bytes]) -> CompactRange:
        """The compact range over all the leaf hashes from the first on."""
        return CompactRange(0, ()).append(hashes)


class Entry(models.Model):
    """One leaf of a log: its type, and the address of the record it names."""

    log = models.ForeignKey(Log, on_delete=models.CASCADE, related_name="entries")
    index = models.PositiveIntegerField()
    type = models.CharField(max_length=16)
    address = models.CharField(max_length=64, db_index=True)

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["log", "index"], name="federation_entry_place")
        ]

    def __str__(self) -> str:
        return f"{self.log_id}:{self.index}"

    @property
    def leaf(self) -> Leaf:
        return Leaf(self.type, self.address)


class TileKind(models.TextChoices):
    HASH = "hash", _("hashes")
    ENTRIES = "entries", _("entries")
    RECORDS = "records", _("records")


class Tile(models.Model):
    """A tile as it is served, at its present width; entries and records are kept gzipped."""

    log = models.ForeignKey(Log, on_delete=models.CASCADE, related_name="tiles")
    kind = models.CharField(max_length=8, choices=TileKind.choices)
    level = models.PositiveSmallIntegerField(default=0)
    index = models.PositiveIntegerField()
    width = models.PositiveSmallIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["log", "kind", "level", "index"], name="federation_tile_place"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}/{self.level}/{self.index}"


class RecordState(models.TextChoices):
    PRESENT = "present", _("present")
    RETRACTED = "retracted", _("retracted")
    PARKED = "parked", _("waiting for newer software")
    LOST = "lost", _("lost in a restore")


class Record(models.Model):
    """One signed statement, as the exact bytes that its author signed.

    The payload goes when the statement is retracted; the address stays in the log.
    """

    address = models.CharField(max_length=64, unique=True)
    origin = models.CharField(max_length=63)
    schema = models.CharField(max_length=32)
    payload = models.BinaryField(null=True)
    signatures = models.JSONField(default=list)
    public = models.BooleanField(default=True)
    audience = models.JSONField(default=list, blank=True)
    state = models.CharField(
        max_length=10, choices=RecordState.choices, default=RecordState.PRESENT
    )

    def __str__(self) -> str:
        return self.address

    def admits(self, node_id: str | None) -> bool:
        """May this caller read the body? `node_id` None: nobody known. A network of members."""
        if self.public or node_id is None:
            return self.public
        return node_id == self.origin or node_id in self.audience or "network" in self.audience
