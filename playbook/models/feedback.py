"""What readers say of a page: four buttons, a day, and nothing about the reader."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def unseen(self) -> FeedbackQuerySet:
        return self.filter(seen=False)

    def dangerous(self) -> FeedbackQuerySet:
        return self.filter(kind=Feedback.Kind.DANGEROUS)


class Feedback(models.Model):
    class Kind(models.TextChoices):
        USEFUL = "useful", _("Useful")
        UNCLEAR = "unclear", _("Unclear")
        OUTDATED = "outdated", _("Outdated")
        DANGEROUS = "dangerous", _("Dangerous")

    page = models.ForeignKey(
        Page, verbose_name=_("page"), on_delete=models.CASCADE, related_name="feedback"
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    day = models.DateField(_("day"), help_text=_("No hour: it could point at a person."))
    seen = models.BooleanField(_("seen by an editor"), default=False)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        indexes = [models.Index(fields=["page", "kind"], name="feedback_page_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"

    def get_absolute_url(self) -> Any:
        return self.page.url
