"""What readers say of a page: four buttons, a day, and nothing about the reader."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def unseen(self) -> FeedbackQuerySet:
        return self.filter(seen=False)

    def dangerous(self) -> FeedbackQuerySet:
        return self.filter(kind=Feedback.Kind.DANGEROUS)

    def by_page(self) -> list[dict[str, Any]]:
        """Return `page`, `times` and `latest` of each page concerned, the most said first."""
        return list(
            self.values("page")
            .annotate(times=Sum("count"), latest=Max("day"))
            .order_by("-times", "page")
        )


class Feedback(models.Model):
    """How often readers said one thing of one page on one day.

    A row holds no hour and there is none for a single reader: nothing here could point at anyone.
    It is also what a flood runs into. Whatever is sent, a page gains at most four rows a day, each
    counts to `MOST_A_DAY`, and one kind cannot crowd out another.
    """

    class Kind(models.TextChoices):
        USEFUL = "useful", _("Useful")
        UNCLEAR = "unclear", _("Unclear")
        OUTDATED = "outdated", _("Outdated")
        DANGEROUS = "dangerous", _("Dangerous")

    MOST_A_DAY = 50

    page = models.ForeignKey(
        Page, verbose_name=_("page"), on_delete=models.CASCADE, related_name="feedback"
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    day = models.DateField(_("day"), help_text=_("No hour: it could point at a person."))
    count = models.PositiveIntegerField(_("times"), default=0)
    seen = models.BooleanField(_("seen by an editor"), default=False)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        constraints = [
            models.UniqueConstraint(fields=["page", "kind", "day"], name="feedback_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"

    @classmethod
    def count_one(cls, page: Page, kind: str) -> int:
        """Count one reader's word; return how often it was said today, 0 if no more is counted."""
        said = {"page": page, "kind": kind, "day": timezone.localdate()}
        # What is over the number is only read: a flood does not keep editors from writing.
        if cls.objects.filter(**said, count__gte=cls.MOST_A_DAY).exists():
            return 0
        with transaction.atomic():
            row, _made = cls.objects.select_for_update().get_or_create(**said)
            row.count += 1
            row.seen = False
            row.save(update_fields=["count", "seen"])
        return row.count
