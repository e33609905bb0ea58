"""What endangers people: who recalled it, what fell under it here, who has heard of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Authority(models.TextChoices):
    ORIGIN = "origin", _("the item's own node")
    STEWARDS = "stewards", _("two stewards")


class RecallQuerySet(models.QuerySet["Recall"]):
    def standing(self) -> "RecallQuerySet":
        return self.filter(lifted=False)


class Recall(models.Model):
    """One recall as it was received. `lang` empty: every language of the item.

    `received_at` is this node's own clock: bodies are purged a week after it. `confirmed`: a
    person here said that all of it may be purged.
    """

    address = models.CharField(max_length=64, unique=True)
    origin = models.CharField(max_length=63)
    item_id = models.UUIDField()
    lang = models.CharField(max_length=35, blank=True, default="")
    reason = models.TextField()
    day = models.DateField()
    authority = models.CharField(max_length=8, choices=Authority.choices)
    received_at = models.DateTimeField(db_index=True)
    over_cap = models.BooleanField(
        default=False, help_text=_("One too many of its node on one day: a person confirms.")
    )
    confirmed = models.BooleanField(default=False)
    acknowledged = models.BooleanField(default=False)
    lifted = models.BooleanField(default=False)

    objects = RecallQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [("recall_items", _("Can recall own items and confirm recalls"))]

    def __str__(self) -> str:
        return f"{self.origin} {self.item_id} {self.lang or '*'}"


class Lift(models.Model):
    """Two stewards took one recall back. Kept also where the recall itself has not come yet."""

    address = models.CharField(max_length=64, unique=True)
    recall_address = models.CharField(max_length=64, db_index=True)
    reason = models.TextField()
    day = models.DateField()

    def __str__(self) -> str:
        return f"{self.address} lifts {self.recall_address}"


class TombstoneQuerySet(models.QuerySet["Tombstone"]):
    def standing(self) -> "TombstoneQuerySet":
        return self.filter(recall__lifted=False)


class Tombstone(models.Model):
    """An identity that does not come back, under one recall: the item named or one made from it.

    It needs no item here: a recall may come before what it recalls.
    """

    recall = models.ForeignKey(Recall, on_delete=models.CASCADE, related_name="tombstones")
    origin = models.CharField(max_length=63)
    item_id = models.UUIDField(db_index=True)
    lang = models.CharField(max_length=35, blank=True, default="")
    purged = models.BooleanField(default=False)

    objects = TombstoneQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recall", "origin", "item_id", "lang"], name="federation_tombstone_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.origin} {self.item_id} {self.lang or '*'}"


class HeldBody(models.Model):
    """A recalled body between hiding and purging, where nothing that shows or serves records looks.

    Only a lift puts it back.
    """

    address = models.CharField(max_length=64, unique=True)
    origin = models.CharField(max_length=63)
    payload = models.BinaryField()
    signatures = models.JSONField(default=list)
    state = models.CharField(max_length=10)

    def __str__(self) -> str:
        return self.address


class Acknowledgement(models.Model):
    """A node's signed word that it has applied a recall, which may come before the recall."""

    node_id = models.CharField(max_length=63)
    address = models.CharField(max_length=64, unique=True)
    recall_address = models.CharField(max_length=64, db_index=True)
    day = models.DateField()

    def __str__(self) -> str:
        return f"{self.node_id}: {self.recall_address}"
