"""What arrived and awaits a decision, what was refused, and what was said about items."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ItemState(models.TextChoices):
    STAGED = "staged", _("in the inbox")
    IGNORED = "ignored", _("not subscribed")
    DECLINED = "declined", _("declined")
    RETURNED = "returned", _("returned with a note")
    DRAFT = "draft", _("adopted as a draft")
    PUBLISHED = "published", _("published here")
    RETRACTED = "retracted", _("withdrawn by its author")
    RECALLED = "recalled", _("recalled: it endangers people")


GONE = (ItemState.RETRACTED, ItemState.RECALLED)
"""States of what was taken back: nothing is made of it, and nobody decides about it."""


class ItemQuerySet(models.QuerySet["Item"]):
    def inbox(self) -> "ItemQuerySet":
        """Items somebody should look at."""
        return self.filter(state__in=[ItemState.STAGED, ItemState.RETURNED])


class Item(models.Model):
    """The newest applied version of one identity (origin, id, lang) of another node.

    `version` never falls: a retract leaves it, so that only a higher one republishes.
    """

    origin = models.CharField(max_length=63)
    item_id = models.UUIDField()
    lang = models.CharField(max_length=35)
    schema = models.CharField(max_length=32)
    version = models.PositiveIntegerField()
    address = models.CharField(max_length=64, db_index=True)
    index = models.PositiveIntegerField()
    title = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=ItemState.choices, default=ItemState.STAGED)
    undecided = models.BooleanField(
        default=True, help_text=_("The subscription has yet to be applied to this version.")
    )
    received_on = models.DateField()
    source = models.JSONField(null=True, blank=True)
    retracted_on = models.DateField(null=True, blank=True)
    retract_reason = models.TextField(blank=True, default="")
    error = models.CharField(max_length=64, blank=True, default="")
    error_detail = models.TextField(blank=True, default="")

    objects = ItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["origin", "item_id", "lang"], name="federation_item_identity"
            )
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(undecided=True),
                name="federation_item_undecided",
            )
        ]
        permissions = [
            ("review_items", _("Can endorse, return and decline what other nodes offer")),
            ("adopt_items", _("Can adopt what other nodes offer as a draft")),
        ]

    def __str__(self) -> str:
        return f"{self.origin} {self.item_id} {self.lang} v{self.version}"


class Quarantine(models.Model):
    """One entry that could not be applied, with why. Nothing behind it waits for it.

    The bytes are kept where there were any: what newer software can read is never lost.
    """

    log = models.ForeignKey("Log", on_delete=models.CASCADE, related_name="quarantine")
    index = models.PositiveIntegerField()
    address = models.CharField(max_length=64)
    type = models.CharField(max_length=16)
    peer = models.CharField(max_length=63)
    item = models.CharField(max_length=160, blank=True, default="")
    error = models.CharField(max_length=64)
    error_detail = models.TextField()
    payload = models.BinaryField(null=True)
    signatures = models.JSONField(default=list)
    seen_on = models.DateField()
    attempts = models.PositiveIntegerField(default=1)
    resolved = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["log", "index"], name="federation_quarantine_place")
        ]

    def __str__(self) -> str:
        return f"{self.log_id}:{self.index} {self.error}"


class Endorsement(models.Model):
    """Somebody's signed word that one version of an item is worth publishing."""

    endorser = models.CharField(max_length=63)
    address = models.CharField(max_length=64, unique=True)
    target_origin = models.CharField(max_length=63)
    target_address = models.CharField(max_length=64, db_index=True)
    target_index = models.PositiveIntegerField()
    day = models.DateField()
    withdrawn = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.endorser} endorses {self.target_address}"


class ReviewDecision(models.TextChoices):
    RETURN = "return", _("returned with a note")
    DECLINE = "decline", _("declined")


class Review(models.Model):
    """A note about one version: received by the author's node, or kept by the one who sent it."""

    reviewer = models.CharField(max_length=63)
    address = models.CharField(max_length=64, unique=True)
    target_origin = models.CharField(max_length=63)
    target_item = models.UUIDField()
    target_lang = models.CharField(max_length=35)
    target_version = models.PositiveIntegerField()
    target_address = models.CharField(max_length=64)
    decision = models.CharField(max_length=8, choices=ReviewDecision.choices)
    note = models.TextField()
    day = models.DateField()
    answered = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.reviewer} on {self.target_origin} {self.target_item}"
