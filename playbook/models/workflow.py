"""The two checks before publishing, and the record of the first one."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.models import AbstractGroupApprovalTask, Page, Revision, TaskState

from playbook.permissions import SAFETY_REVIEWERS
from playbook.redaction import QUESTIONS, RedactionChangesForm, RedactionForm
from playbook.versions import content_digest


class ApprovalRefused(PermissionDenied):
    """This person may not approve this version, or not now."""


class RedactionCheckQuerySet(models.QuerySet["RedactionCheck"]):
    def passed_for(self, revision_id: int) -> RedactionCheckQuerySet:
        return self.filter(revision_id=revision_id, passed=True)

    def covers(self, revision: Revision) -> bool:
        """Whether this revision passed and says today what it said then."""
        digest = content_digest(revision.content)
        return self.passed_for(revision.pk).filter(digest=digest).exists()


class RedactionCheck(models.Model):
    """The answers to the redaction gate: yes or no, by which role, on which day. No story."""

    revision = models.ForeignKey(
        Revision, on_delete=models.CASCADE, related_name="redaction_checks"
    )
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="redaction_checks")
    role = models.CharField(_("role"), max_length=80, default=SAFETY_REVIEWERS)
    answers = models.JSONField(_("answers"), default=dict)
    day = models.DateField(_("day"), default=timezone.localdate)
    passed = models.BooleanField(_("passed"))
    digest = models.CharField(max_length=64, editable=False)

    objects = RedactionCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("redaction check")
        verbose_name_plural = _("redaction checks")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(passed=False)
                | models.Q(*[(f"answers__{name}", True) for name in QUESTIONS]),
                name="redaction_passed_means_all_yes",
            )
        ]

    def __str__(self) -> str:
        return f"{self.page_id}: {'passed' if self.passed else 'not passed'}"

    @classmethod
    def record(cls, revision: Revision, answers: dict[str, bool]) -> RedactionCheck:
        return cls.objects.create(
            revision=revision,
            page_id=int(revision.object_id),
            answers=answers,
            passed=all(answers.get(name) for name in QUESTIONS),
            digest=content_digest(revision.content),
        )

    @staticmethod
    def approves(workflow_state: Any, revision: Revision) -> bool:
        """Whether a safety reviewer and a publisher, neither an author, approved this revision."""
        authors = author_ids(revision.content_object) | {workflow_state.requested_by_id}
        approved = workflow_state.task_states.filter(
            revision=revision, status=TaskState.STATUS_APPROVED, finished_by__isnull=False
        ).exclude(finished_by_id__in=authors - {None})
        kinds = {type(state.task.specific) for state in approved}
        return {SafetyCheckTask, PublisherTask} <= kinds and RedactionCheck.objects.covers(revision)


class ApprovalTask(AbstractGroupApprovalTask):
    """A check by a group, closed to whoever wrote or submitted the version."""

    class Meta:
        abstract = True

    def locked_for_user(self, obj: Any, user: Any) -> bool:
        return False  # an edit is allowed: it returns the page to the first check

    def user_can_access_editor(self, obj: Any, user: Any) -> bool:
        return self._user_in_groups(user)

    def get_actions(self, obj: Any, user: Any) -> list[tuple[str, Any, bool]]:
        if not self._user_in_groups(user) or is_author(obj, user):
            return []
        return [("reject", _("Request changes"), True), ("approve", self.approve_label, True)]

    @transaction.atomic
    def on_action(self, task_state: TaskState, user: Any, action_name: str, **kwargs: Any) -> None:
        """Approve or return a version. The address may name another page: trust the task only.

        Raises ApprovalRefused when this person may not, or when the version is not the latest.
        """
        revision = task_state.revision
        page = revision.content_object
        if task_state.task_id != self.pk or action_name not in {"approve", "reject"}:
            raise ApprovalRefused(gettext("This step has no such action."))
        if not self._user_in_groups(user):
            raise ApprovalRefused(gettext("Only members of this step's groups can do this."))
        if is_author(page, user):
            raise ApprovalRefused(gettext("You wrote or submitted this: someone else decides."))
        if page.latest_revision_id != revision.pk:
            raise ApprovalRefused(gettext("There is a newer version. Look at that one."))
        if action_name == "approve":
            self.before_approval(task_state, kwargs)
            task_state.approve(user=user, comment=kwargs.get("comment", ""))
        else:
            self.before_return(task_state, kwargs)
            task_state.reject(user=user, comment=kwargs.get("comment", ""))

    approve_label = _("Approve")

    def before_approval(self, task_state: TaskState, data: dict[str, Any]) -> None:
        """Say no by raising ApprovalRefused."""

    def before_return(self, task_state: TaskState, data: dict[str, Any]) -> None:
        """Keep what the form says besides its comment."""


class SafetyCheckTask(ApprovalTask):
    """Could this text identify or endanger anyone?"""

    approve_label = _("Passes the safety check")

    class Meta:
        verbose_name = _("safety check")
        verbose_name_plural = _("safety checks")

    def get_form_for_action(self, action: str) -> Any:
        return RedactionForm if action == "approve" else RedactionChangesForm

    def before_approval(self, task_state: TaskState, data: dict[str, Any]) -> None:
        form = RedactionForm(data)
        if not form.is_valid():
            raise ApprovalRefused(
                gettext("Every question of the redaction gate needs a yes before approval.")
            )
        RedactionCheck.record(task_state.revision, dict.fromkeys(QUESTIONS, True))

    def before_return(self, task_state: TaskState, data: dict[str, Any]) -> None:
        unsafe = set(data.get("unsafe") or []) & set(QUESTIONS)
        if unsafe:
            RedactionCheck.record(
                task_state.revision, {name: name not in unsafe for name in QUESTIONS}
            )

    @classmethod
    def get_description(cls) -> str:
        return gettext("Safety reviewers answer the redaction gate's questions")


class PublisherTask(ApprovalTask):
    """Is it right, and is it time? The last yes: it publishes."""

    approve_label = _("Approve and publish")

    class Meta:
        verbose_name = _("publisher's approval")
        verbose_name_plural = _("publisher's approvals")

    def start(self, workflow_state: Any, user: Any = None) -> TaskState:
        """Start here only what passed the safety check, and else start that check.

        Wagtail would come here with a changed version when a page that the publisher returned is
        submitted again, or when somebody switched the safety check off.
        """
        revision = workflow_state.content_object.get_latest_revision()
        safety = SafetyCheckTask.objects.filter(workflow_tasks__workflow=workflow_state.workflow)
        first = safety.first()
        if first is not None and not RedactionCheck.objects.covers(revision):
            return first.start(workflow_state, user=user)
        return super().start(workflow_state, user=user)

    def before_approval(self, task_state: TaskState, data: dict[str, Any]) -> None:
        if not RedactionCheck.objects.covers(task_state.revision):
            raise ApprovalRefused(gettext("This version has not passed the safety check."))

    @classmethod
    def get_description(cls) -> str:
        return gettext("Publishers approve what has passed the safety check")


def author_ids(page: Any) -> set[int]:
    """Return who wrote in the page since it was last published, or submitted it."""
    revisions = Revision.objects.for_instance(page)
    if page.live_revision_id:
        written = revisions.filter(pk__gt=page.live_revision_id)
    elif page.last_published_at:
        written = revisions.filter(created_at__gt=page.last_published_at)
    else:
        written = revisions
    ids = set(written.values_list("user_id", flat=True))
    latest = page.get_latest_revision()
    if latest is not None:
        ids.add(latest.user_id)
    ids.update(page.workflow_states.active().values_list("requested_by_id", flat=True))
    return ids - {None}


def is_author(page: Any, user: Any) -> bool:
    return user.pk in author_ids(page)
