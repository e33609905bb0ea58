"""How a page here and an item of the federation belong together, and what may leave."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Mode(models.TextChoices):
    OWN = "own", _("written here")
    FOLLOW = "follow", _("follows its author")


class Lease(models.TextChoices):
    """Whether an adopted item's author, or who vouches for it, was heard of lately enough."""

    VALID = "valid", _("valid")
    UNVERIFIED = "unverified", _("not confirmed lately")
    HIDDEN = "hidden", _("hidden until it is confirmed")


class Provenance(models.Model):
    """The page that stands for one identity. Own items have one from their first sharing on.

    The row outlives its page: an identity that was once published keeps its version history.
    """

    page = models.OneToOneField(
        "wagtailcore.Page", null=True, on_delete=models.SET_NULL, related_name="provenance"
    )
    origin = models.CharField(max_length=63)
    item_id = models.UUIDField()
    lang = models.CharField(max_length=35)
    schema = models.CharField(max_length=32)
    version = models.PositiveIntegerField()
    address = models.CharField(max_length=64, db_index=True)
    index = models.PositiveIntegerField(default=0)
    revision_id = models.PositiveBigIntegerField(null=True, blank=True)
    translation_key = models.UUIDField(db_index=True)
    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.FOLLOW)
    by_policy = models.BooleanField(default=False)
    retracted = models.BooleanField(default=False)
    distrusted = models.BooleanField(
        default=False, help_text=_("Its author said it after the last entry that is trusted.")
    )
    lease = models.CharField(max_length=10, choices=Lease.choices, default=Lease.VALID)
    lease_revision_id = models.PositiveBigIntegerField(
        null=True, blank=True, help_text=_("What was live when its lease ran out.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["origin", "item_id", "lang"], name="federation_provenance_identity"
            )
        ]
        permissions = [("share_page", _("Can share published pages with the federation"))]

    def __str__(self) -> str:
        return f"{self.origin} {self.item_id} {self.lang} v{self.version}"


class SharingMode(models.TextChoices):
    NEVER = "never", _("Never share")
    ASK = "ask", _("Ask each time")
    AFTER_APPROVAL = "after_approval", _("Share each version once it is published")


class SharingChoice(models.Model):
    """Whether a page may leave this node: a decision of its own, apart from publishing."""

    page = models.OneToOneField(
        "wagtailcore.Page", on_delete=models.CASCADE, related_name="sharing_choice"
    )
    mode = models.CharField(max_length=16, choices=SharingMode.choices, default=SharingMode.ASK)

    def __str__(self) -> str:
        return f"{self.page_id}: {self.mode}"
