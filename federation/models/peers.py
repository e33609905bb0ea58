"""The nodes this one talks to: how contact stands, and what of theirs becomes content here.

Who is a member, with which keys, is the directory's to say (`federation.trust`), not a row's.
"""

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PeerStatus(models.TextChoices):
    PENDING = "pending", _("waiting for its fingerprint to be confirmed")
    ACTIVE = "active", _("active")
    FROZEN = "frozen", _("frozen here")


class PeerQuerySet(models.QuerySet["Peer"]):
    def due(self, now: datetime) -> "PeerQuerySet":
        """Peers that this node pulls from and whose time has come; of frozen ones recalls alone."""
        return (
            self.exclude(status=PeerStatus.PENDING)
            .filter(pull=True)
            .filter(models.Q(next_attempt_at=None) | models.Q(next_attempt_at__lte=now))
        )


class Peer(models.Model):
    """An enrolled (or enrolling) node as this one deals with it."""

    node_id = models.CharField(max_length=63, unique=True)
    status = models.CharField(max_length=8, choices=PeerStatus.choices, default=PeerStatus.PENDING)
    is_hub = models.BooleanField(
        default=False,
        help_text=_("Its directory of members and its endorsements are followed here."),
    )
    pull = models.BooleanField(
        default=False, help_text=_("Fetch from this node directly, not only through the hub.")
    )
    descriptor = models.BinaryField(default=bytes)
    unconfirmed_key = models.CharField(
        max_length=64,
        blank=True,
        default="",
        help_text=_("The new identity key's fingerprint, while nobody here has confirmed it."),
    )
    # The member's file, as the stewards signed it, that the rows of this database follow.
    followed = models.BinaryField(default=bytes)
    counter = models.PositiveBigIntegerField(default=0)
    directory_digest = models.CharField(max_length=64, blank=True, default="")
    last_contact_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=64, blank=True, default="")
    error_detail = models.TextField(blank=True, default="")

    objects = PeerQuerySet.as_manager()

    class Meta:
        ordering = ["node_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_hub"], condition=models.Q(is_hub=True), name="federation_one_hub"
            )
        ]
        permissions = [("manage_peers", _("Can enrol, freeze and fetch from other nodes"))]

    def __str__(self) -> str:
        return self.node_id


class Invite(models.Model):
    """A single-use permission to enrol; only the hash of its token is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    node_id = models.CharField(max_length=63)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.node_id


class NonceQuerySet(models.QuerySet["Nonce"]):
    def expired(self) -> "NonceQuerySet":
        return self.filter(expires_at__lt=timezone.now())


class Nonce(models.Model):
    """A nonce that was used: it is kept until no request bearing it could still be fresh."""

    keyid = models.CharField(max_length=128)
    nonce = models.CharField(max_length=128)
    expires_at = models.DateTimeField(db_index=True)

    objects = NonceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["keyid", "nonce"], name="federation_nonce_once")
        ]

    def __str__(self) -> str:
        return self.nonce


class Policy(models.TextChoices):
    IGNORE = "ignore", _("Ignore")
    STAGE = "stage", _("Keep in the inbox")
    DRAFT = "draft", _("Make a draft")
    PUBLISH = "publish", _("Publish when the hub endorses it, until then keep in the inbox")


class Subscription(models.Model):
    """What becomes of incoming items: by origin, type and language; `*` stands for any."""

    origin = models.CharField(max_length=63, default="*")
    schema = models.CharField(max_length=32, default="*")
    lang = models.CharField(max_length=35, default="*")
    policy = models.CharField(max_length=8, choices=Policy.choices, default=Policy.STAGE)

    class Meta:
        ordering = ["origin", "schema", "lang"]
        constraints = [
            models.UniqueConstraint(
                fields=["origin", "schema", "lang"], name="federation_one_policy"
            )
        ]

    def __str__(self) -> str:
        return f"{self.origin} {self.schema} {self.lang}: {self.policy}"

    def rank(self, origin: str, schema: str, lang: str) -> int:
        """How closely this row fits an item: -1 not at all, 7 in all three ways."""
        rank = 0
        for weight, mine, theirs in (
            (4, self.origin, origin), (2, self.schema, schema), (1, self.lang, lang),
        ):  # fmt: skip
            if mine == theirs:
                rank += weight
            elif mine != "*":
                return -1
        return rank
