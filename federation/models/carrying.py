"""Bundles that came in, what was pushed to whom, and which address of a node answers."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

_FORGOTTEN = timedelta(days=1)


class BundleState(models.TextChoices):
    INSPECTED = "inspected", _("waits for a person")
    WAITING = "waiting", _("waits for the worker")
    IMPORTED = "imported", _("imported")
    REFUSED = "refused", _("refused")


class IncomingBundleQuerySet(models.QuerySet["IncomingBundle"]):
    def waiting(self) -> "IncomingBundleQuerySet":
        """Bundles that are to be imported, the oldest first."""
        return self.filter(state=BundleState.WAITING).order_by("received_at", "pk")

    def due(self, now: datetime) -> "IncomingBundleQuerySet":
        """Waiting bundles at which no worker is; a claim of a dead worker lapses."""
        free = models.Q(claimed_until=None) | models.Q(claimed_until__lt=now)
        return self.waiting().filter(free)

    def forgotten(self, now: datetime) -> "IncomingBundleQuerySet":
        """Uploads that nobody confirmed for a day."""
        return self.filter(state=BundleState.INSPECTED, received_at__lt=now - _FORGOTTEN)


class IncomingBundle(models.Model):
    """A bundle that was pushed (`brought_by` a member) or uploaded (empty).

    Its file lies in the bundles folder under its key until it is imported; the row stays.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    brought_by = models.CharField(max_length=63, blank=True, default="")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    state = models.CharField(max_length=9, choices=BundleState.choices)
    received_at = models.DateTimeField(auto_now_add=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    report = models.JSONField(default=dict)
    error = models.CharField(max_length=64, blank=True, default="")
    error_detail = models.TextField(blank=True, default="")

    objects = IncomingBundleQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "pk"]

    def __str__(self) -> str:
        return str(self.id)


class Push(models.Model):
    """How far a peer has this node's own log, by its own word, and how pushing to it goes."""

    peer = models.OneToOneField("federation.Peer", on_delete=models.CASCADE, related_name="push")
    acknowledged = models.PositiveIntegerField(default=0)
    sent = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=64, blank=True, default="")
    error_detail = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.peer_id}: {self.acknowledged}"


class EndpointHealth(models.Model):
    """How one address of a node answered when it was last asked."""

    node_id = models.CharField(max_length=63)
    url = models.CharField(max_length=300)
    last_good_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=64, blank=True, default="")
    error_detail = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["node_id", "url"], name="federation_endpoint_once")
        ]

    def __str__(self) -> str:
        return f"{self.node_id} {self.url}"
