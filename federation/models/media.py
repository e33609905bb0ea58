"""Files by their SHA-256: what records name, what is here, what is still wanted."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BlobState(models.TextChoices):
    WANTED = "wanted", _("wanted")
    PRESENT = "present", _("present")
    REFUSED = "refused", _("refused")


class Blob(models.Model):
    """One file under the blobs folder; its name there is its hash."""

    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()
    type = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=BlobState.choices, default=BlobState.WANTED)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=64, blank=True, default="")
    error_detail = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["state"],
                condition=models.Q(state="wanted"),
                name="federation_blob_wanted",
            )
        ]

    def __str__(self) -> str:
        return self.sha256


class BlobUse(models.Model):
    """A record names a file. Kept by address and hash, so that neither must be there first."""

    sha256 = models.CharField(max_length=64, db_index=True)
    address = models.CharField(max_length=64, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sha256", "address"], name="federation_blob_use")
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.sha256}"
