"""Editor, safety check, publisher: what each may approve, and what exactly goes live."""

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from wagtail.models import Page, Task, TaskState, WorkflowState, WorkflowTask

from playbook.models import PublisherTask, RedactionCheck, SafetyCheckTask
from playbook.publishing import PublicationRefused
from tests import factories

pytestmark = pytest.mark.django_db


def post_edit(client, page, **changes):
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    return client.post(address, factories.edit_form(page, **changes))


def test_a_play_goes_live_through_the_admin_forms_of_three_people(people, login):
    page = factories.play(by=people.editor)
    post_edit(login("editor"), page, **{"action-submit": "1"})
    safety = factories.task_state(page)
    assert isinstance(safety.task.specific, SafetyCheckTask)
    login("safety").post(factories.action_address(page, safety), factories.ALL_YES)
    last = factories.task_state(page)
    assert isinstance(last.task.specific, PublisherTask)
    assert not factories.fresh(page).live
    login("publisher").post(factories.action_address(page, last), {"comment": ""})
    page = factories.fresh(page)
    assert page.live
    assert page.live_revision_id == last.revision_id == safety.revision_id


def test_both_approve_from_the_editor_without_becoming_authors(people, login):
    page = factories.play(by=people.editor)
    page.worse = "<p>Text that the editor will number anew.</p>"
    page.save_revision(user=people.editor)
    factories.submit(page, people.editor)
    reviewed = factories.fresh(page).latest_revision_id
    for role, answers in (("safety", factories.ALL_YES), ("publisher", {"comment": "Fine."})):
        post_edit(
            login(role),
            page,
            **{
                "action-workflow-action": "1",
                "workflow-action-name": "approve",
                "workflow-action-extra-data": json.dumps(answers),
            },
        )
    page = factories.fresh(page)
    assert page.live
    assert page.live_revision_id == page.latest_revision_id == reviewed


@pytest.mark.parametrize("role", ["editor", "other_editor", "publisher", "admin"])
def test_an_edit_after_the_safety_approval_returns_to_the_safety_check(people, login, role):
    page = factories.play(by=people.editor)
    waiting = factories.after_safety_check(page, people.editor, people.safety)
    assert isinstance(waiting.task.specific, PublisherTask)
    post_edit(login(role), page, outcome="Changed after the check.")
    now = factories.task_state(page)
    assert isinstance(now.task.specific, SafetyCheckTask)
    assert now.revision_id == factories.fresh(page).latest_revision_id != waiting.revision_id
    answer = login("publisher").post(factories.action_address(page, waiting), {"comment": ""})
    assert answer.status_code in {302, 403}
    assert not factories.fresh(page).live


def test_after_such_an_edit_the_new_version_needs_both_approvals_again(people, login):
    page = factories.play(by=people.editor)
    factories.after_safety_check(page, people.editor, people.safety)
    post_edit(login("other_editor"), page, outcome="Changed after the check.")
    factories.act(page, people.safety, **factories.ALL_YES)
    assert not factories.fresh(page).live
    factories.act(page, people.publisher)
    page = factories.fresh(page)
    assert page.live
    assert page.outcome == "Changed after the check."


def test_approving_and_editing_in_one_go_is_an_edit_only(people, login):
    page = factories.play(by=people.editor)
    factories.after_safety_check(page, people.editor, people.safety)
    post_edit(
        login("publisher"),
        page,
        outcome="Slipped in while approving.",
        **{
            "action-workflow-action": "1",
            "workflow-action-name": "approve",
            "workflow-action-extra-data": json.dumps({"comment": ""}),
        },
    )
    assert not factories.fresh(page).live
    assert isinstance(factories.task_state(page).task.specific, SafetyCheckTask)


def test_autosave_cannot_rewrite_the_version_that_was_checked(people, login):
    page = factories.play(by=people.editor)
    waiting = factories.after_safety_check(page, people.editor, people.safety)
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    answer = login("editor").post(
        address,
        factories.edit_form(
            page,
            outcome="Slipped in by autosave.",
            overwrite_revision_id=str(waiting.revision_id),
        ),
        headers={"accept": "application/json"},
    )
    assert answer.status_code == 200
    waiting.revision.refresh_from_db()
    assert waiting.revision.content["outcome"] == page.outcome
    assert isinstance(factories.task_state(page).task.specific, SafetyCheckTask)


def test_a_save_that_changes_no_word_does_not_restart_the_checks(people, login):
    page = factories.play(by=people.editor)
    waiting = factories.after_safety_check(page, people.editor, people.safety)
    post_edit(login("publisher"), page)
    assert factories.task_state(page) == waiting


@pytest.mark.parametrize("how", ["wrote", "submitted"])
@pytest.mark.parametrize("step", ["safety", "publisher"])
def test_an_author_approves_nothing_of_theirs(people, login, how, step):
    """Someone in every group still cannot check, or publish, what they wrote or submitted."""
    everyone = factories.person("all", "Editors", "Safety reviewers", "Publishers")
    page = factories.play(by=everyone if how == "wrote" else people.editor)
    factories.submit(page, everyone if how == "submitted" else people.editor)
    if step == "publisher":
        factories.act(page, people.safety, **factories.ALL_YES)
    state = factories.task_state(page)
    assert state.task.specific.get_actions(page, everyone) == []
    answer = login(everyone).post(factories.action_address(page, state), factories.ALL_YES)
    assert answer.status_code in {302, 403}
    with pytest.raises(PermissionDenied):
        factories.act(page, everyone, **factories.ALL_YES)
    assert factories.task_state(page) == state
    assert not factories.fresh(page).live


def test_an_author_cannot_approve_through_the_address_of_another_page(people, login):
    """Wagtail's view checks the page in the address and acts on the task in it."""
    reviewer = factories.person("author_too", "Editors", "Safety reviewers")
    mine = factories.play(by=reviewer)
    state = factories.submit(mine, reviewer)
    other = factories.play(by=people.editor)
    factories.submit(other, people.editor)
    login(reviewer).post(factories.action_address(other, state), factories.ALL_YES)
    assert factories.task_state(mine) == state
    assert not RedactionCheck.objects.exists()


def test_who_edited_an_earlier_published_version_may_check_a_later_one(people):
    page = factories.live(factories.play(by=people.safety))
    page.outcome = "Better than before."
    page.save_revision(user=people.editor)
    factories.submit(page, people.editor)
    factories.act(page, people.safety, **factories.ALL_YES)
    factories.act(page, people.publisher)
    assert factories.fresh(page).outcome == "Better than before."


ROLES_AT_STEPS = [
    (role, step)
    for role in ("editor", "other_editor", "safety", "publisher", "curator", "admin")
    for step in ("safety", "publisher")
]


@pytest.mark.parametrize(("role", "step"), ROLES_AT_STEPS)
def test_each_step_is_for_its_group_only(people, login, role, step):
    page = factories.play(by=people.editor)
    state = factories.submit(page, people.editor)
    if step == "publisher":
        factories.act(page, people.safety, **factories.ALL_YES)
        state = factories.task_state(page)
    answer = login(role).post(factories.action_address(page, state), factories.ALL_YES)
    state.refresh_from_db()
    approved = state.status == TaskState.STATUS_APPROVED
    assert approved == (role == step)
    assert factories.fresh(page).live == (role == step == "publisher")
    assert answer.status_code in {302, 403}


@pytest.mark.parametrize("role", ["editor", "publisher", "curator", "admin"])
@pytest.mark.parametrize("action", ["approve", "reject", "publish"])
def test_the_step_itself_refuses_outsiders_whatever_a_view_lets_through(people, role, action):
    page = factories.play(by=people.other_editor)
    state = factories.submit(page, people.other_editor)
    with pytest.raises(PermissionDenied):
        factories.act(page, people[role], action, **factories.ALL_YES)
    assert factories.task_state(page) == state


def test_an_approval_that_crosses_with_an_edit_is_refused(people):
    """The other process has stored its revision, and has not yet moved the workflow back."""
    page = factories.play(by=people.editor)
    state = factories.submit(page, people.editor)
    newer = page.get_latest_revision()
    newer.pk = None
    newer.save()
    Page.objects.filter(pk=page.pk).update(latest_revision=newer)
    with pytest.raises(PermissionDenied, match="newer version"):
        factories.act(page, people.safety, **factories.ALL_YES)
    assert factories.task_state(page) == state


def test_the_safety_check_cannot_be_switched_off(people):
    """Whoever may edit workflows can deactivate a task. That does not open the gate."""
    page = factories.play(by=people.editor)
    Task.objects.filter(name="Safety check").update(active=False)
    state = factories.submit(page, people.editor)
    assert isinstance(state.task.specific, SafetyCheckTask)
    WorkflowTask.objects.filter(task=state.task).delete()
    state.cancel()
    with pytest.raises(PermissionDenied):
        factories.act(page, people.publisher)
    workflow_state = WorkflowState.objects.get(pk=state.workflow_state_id)
    with pytest.raises(PublicationRefused):
        workflow_state.finish(user=people.publisher)
    assert not factories.fresh(page).live


def test_what_a_publisher_returned_and_an_editor_changed_is_checked_again(people, login):
    page = factories.play(by=people.editor)
    factories.after_safety_check(page, people.editor, people.safety)
    factories.act(page, people.publisher, "reject", comment="The second step is unclear.")
    changes = {"outcome": "Clear now.", "action-submit": "1"}
    post_edit(login("editor"), page, **changes)
    now = factories.task_state(page)
    assert isinstance(now.task.specific, SafetyCheckTask)
    factories.act(page, people.safety, **factories.ALL_YES)
    factories.act(page, people.publisher)
    assert factories.fresh(page).outcome == "Clear now."


def test_what_a_publisher_returned_and_nobody_changed_waits_for_the_publisher(people, login):
    page = factories.play(by=people.editor)
    factories.after_safety_check(page, people.editor, people.safety)
    factories.act(page, people.publisher, "reject", comment="Not before Monday.")
    factories.fresh(page).current_workflow_state.resume(people.editor)
    factories.act(page, people.publisher)
    assert factories.fresh(page).live


def test_a_revision_changed_in_place_after_its_check_is_not_published(people):
    page = factories.play(by=people.editor)
    waiting = factories.after_safety_check(page, people.editor, people.safety)
    waiting.revision.content["outcome"] = "Changed behind everyone's back."
    waiting.revision.save()
    with pytest.raises(PermissionDenied):
        factories.act(page, people.publisher)
    assert not factories.fresh(page).live


def test_a_refused_publication_leaves_the_task_waiting(people, monkeypatch):
    page = factories.play(by=people.editor)
    waiting = factories.after_safety_check(page, people.editor, people.safety)
    monkeypatch.setattr(RedactionCheck, "approves", staticmethod(lambda *_: False))
    with pytest.raises(PublicationRefused):
        factories.act(page, people.publisher)
    waiting.refresh_from_db()
    assert waiting.status == TaskState.STATUS_IN_PROGRESS
    assert factories.task_state(page) == waiting


def test_cases_go_the_same_way(people):
    page = factories.case(by=people.editor)
    factories.after_safety_check(page, people.editor, people.safety)
    factories.act(page, people.publisher)
    assert factories.fresh(page).live
