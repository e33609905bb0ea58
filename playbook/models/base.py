"""What every page shares: the gate before publishing, and what every item says about itself."""

from __future__ import annotations

import datetime
import json
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.fields import RichTextField, StreamField
from wagtail.models import COMMENTS_RELATION_NAME, PageViewRestriction, Revision, TaskState
from wagtail.url_routing import RouteResult

from playbook import publishing
from playbook.content_checks import ItemForm
from playbook.epoch import kept
from playbook.origin import notice_of
from playbook.permissions import GatedPagePermissions
from playbook.sanitise import has_inner_link
from playbook.versions import content_digest


class Status(models.TextChoices):
    CURRENT = "current", _("Current")
    HISTORIC = "historic", _("Historic")


class ShownStatus(models.TextChoices):
    CURRENT = "current", _("Current")
    REVIEW_OVERDUE = "review_overdue", _("Review overdue")
    HISTORIC = "historic", _("Historic")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class GatedPage(models.Model):
    """A page that goes live only with a pass for its revision (see `playbook.publishing`)."""

    class Meta:
        abstract = True

    def permissions_for_user(self, user: Any) -> GatedPagePermissions:
        return GatedPagePermissions(user, self)

    def clean(self) -> None:
        super().clean()
        if self.go_live_at:
            raise ValidationError(
                _("Pages are not published by a clock. They go live when they are approved.")
            )

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.alias_of_id and self._state.adding:
            raise publishing.refuse(self)  # an alias goes live with its source, unchecked
        if publishing.would_become_public(self, kwargs.get("update_fields")):
            raise publishing.refuse(self)
        super().save(*args, **kwargs)

    def publish(self, revision: Revision, *args: Any, **kwargs: Any) -> None:
        """Publish with a pass for this revision; everything or nothing is written."""
        if not publishing.may_publish(revision.pk):
            raise publishing.refuse(self)
        publishing.require_no_bar(self)
        with transaction.atomic():
            super().publish(revision, *args, **kwargs)

    @transaction.atomic
    def save_revision(self, *args: Any, **kwargs: Any) -> Revision:
        """Save a draft. In review, a change goes back to the first check.

        A save that changes no word (the editor renumbers paragraphs; a reviewer comments) makes no
        new version then: it would turn the reviewer into an author.
        """
        if kwargs.get("approved_go_live_at"):
            raise publishing.refuse(self)
        in_review = self.workflow_in_progress
        latest = self.get_latest_revision()
        if in_review and latest is not None and self._says_the_same_as(latest):
            self._keep_comments(latest)
            return latest
        overwritten = kwargs.get("overwrite_revision")
        if overwritten is not None and self._may_be_relied_on(overwritten):
            kwargs["overwrite_revision"] = None
        revision = super().save_revision(*args, **kwargs)
        if in_review:
            self._return_to_first_task(kwargs.get("user"))
        return revision

    def get_view_restrictions(self) -> Any:
        """Ask each page above only on a node that restricts any: few do."""
        if _any_restricted():
            return super().get_view_restrictions()
        return PageViewRestriction.objects.none()

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """Show a draft in its own language, whatever the language of the editor."""
        with translation.override(self.locale.language_code):
            response = super().serve_preview(request, mode_name)
            if hasattr(response, "render"):
                response.render()
        return response

    def _says_the_same_as(self, revision: Revision) -> bool:
        return content_digest(self.serializable_data()) == content_digest(revision.content)

    def _keep_comments(self, revision: Revision) -> None:
        for comment in getattr(self, COMMENTS_RELATION_NAME).filter(pk__isnull=True):
            comment.revision_created = revision
            comment.save()
        self.save(update_fields=[COMMENTS_RELATION_NAME], clean=False)

    def _may_be_relied_on(self, revision: Revision) -> bool:
        """Autosave rewrites a revision in place: never one that a check or the public rests on."""
        return (
            revision.pk == self.live_revision_id
            or TaskState.objects.filter(revision_id=revision.pk).exists()
        )

    def _return_to_first_task(self, user: Any) -> None:
        state = self.current_workflow_state
        current = state.current_task_state
        # Not TaskState.cancel(): it would ask the workflow for its next task too early.
        current.status = TaskState.STATUS_CANCELLED
        current.finished_at = timezone.now()
        current.finished_by = user
        current.save()
        state.refresh_from_db()
        state.update(user=user, next_task=state.workflow.tasks.filter(active=True).first())


@kept
def _any_restricted() -> bool:
    return PageViewRestriction.objects.exists()


class PublishedItem(GatedPage):
    """What a play and a case have in common."""

    status = models.CharField(
        _("status"), max_length=20, choices=Status.choices, default=Status.CURRENT
    )
    status_as_of = models.DateField(
        _("checked on"),
        default=datetime.date.today,
        help_text=_("The day someone last made sure that this still holds."),
    )
    review_due = models.DateField(_("review due"), null=True, blank=True)
    sensitive = models.BooleanField(
        _("sensitive"), default=False, help_text=_("Sharing it needs particular care.")
    )
    licence = models.CharField(_("licence"), max_length=40, default="CC-BY-SA-4.0", blank=True)
    picture = models.ForeignKey(
        settings.WAGTAILIMAGES_IMAGE_MODEL,
        verbose_name=_("picture"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Nobody who could be recognised, no place that could be found."),
    )
    picture_alt = models.CharField(
        _("picture in words"),
        max_length=300,
        blank=True,
        help_text=_("What the picture shows, for people who do not see it."),
    )
    starter_note = models.BooleanField(
        _("starter text, needs local review"),
        default=False,
        help_text=_("Untick it when someone who knows the place and its law has checked the text."),
    )
    draft_for_native_review = models.BooleanField(
        _("draft for native review"),
        default=False,
        help_text=_("Untick it when a native speaker has reviewed the text."),
    )
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True, editable=False)
    withdrawn_reason = models.TextField(_("reason for withdrawing"), blank=True, editable=False)

    exclude_fields_in_copy = ["withdrawn_on", "withdrawn_reason"]
    base_form_class = ItemForm

    class Meta:
        abstract = True

    @property
    def shown_status(self) -> ShownStatus:
        if self.withdrawn_on:
            return ShownStatus.WITHDRAWN
        if self.status == Status.HISTORIC:
            return ShownStatus.HISTORIC
        if self.review_due and self.review_due < timezone.localdate():
            return ShownStatus.REVIEW_OVERDUE
        return ShownStatus.CURRENT

    def clean(self) -> None:
        super().clean()
        if self.picture_id and not self.picture_alt.strip():
            raise ValidationError({"picture_alt": _("Say in words what the picture shows.")})
        self._refuse_inner_links()

    def _refuse_inner_links(self) -> None:
        """Another coalition, or a printed page, could not follow them: say so to the editor."""
        for field in self._meta.get_fields():
            if isinstance(field, RichTextField | StreamField):
                stored = field.get_prep_value(field.value_from_object(self))
                if has_inner_link(json.dumps(stored, ensure_ascii=False)):
                    raise ValidationError(
                        {field.name: _("Links lead to a full address, beginning with https://")}
                    )

    def with_content_json(self, content: dict[str, Any]) -> PublishedItem:
        """Being withdrawn belongs to the page and not to one of its versions."""
        page = super().with_content_json(content)
        page.withdrawn_on = self.withdrawn_on
        page.withdrawn_reason = self.withdrawn_reason
        return page

    def publish(self, revision: Revision, *args: Any, **kwargs: Any) -> None:
        if self.withdrawn_on:
            raise publishing.PublicationRefused(
                gettext("“%(title)s” was withdrawn. Reinstate it before it is published again.")
                % {"title": self.title}
            )
        super().publish(revision, *args, **kwargs)

    @transaction.atomic
    def withdraw(self, reason: str, on: datetime.date) -> None:
        """Take the page away from readers; its address answers why and since when."""
        state = self.current_workflow_state
        if state is not None:
            state.cancel()
        if self.live:
            self.unpublish()
        self.withdrawn_on, self.withdrawn_reason = on, reason
        self.save(update_fields=["withdrawn_on", "withdrawn_reason"], clean=False)

    def reinstate(self) -> None:
        """Undo a withdrawal. The page is a draft then, and is published like any other."""
        self.withdrawn_on, self.withdrawn_reason = None, ""
        self.save(update_fields=["withdrawn_on", "withdrawn_reason"], clean=False)

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        if not path_components and not self.live and self.withdrawn_on:
            return RouteResult(self)
        return super().route(request, path_components)

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.withdrawn_on and not self.live:
            # Nothing of what was withdrawn: not even its title.
            context = {
                "since": self.withdrawn_on,
                "reason": self.withdrawn_reason,
                "notice": notice_of(self),
            }
            return TemplateResponse(request, "playbook/withdrawn.html", context, status=410)
        return super().serve(request, *args, **kwargs)
