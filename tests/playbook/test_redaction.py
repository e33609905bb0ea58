"""The redaction gate: eight answers before the safety approval, and what is kept of them."""

import pytest
from django.core.exceptions import PermissionDenied

from playbook.models import RedactionCheck
from playbook.redaction import QUESTIONS
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("answer", ["no", "", None])
def test_one_answer_that_is_not_yes_refuses_the_safety_approval(people, login, question, answer):
    page = factories.play(by=people.editor)
    state = factories.submit(page, people.editor)
    answers = {**factories.ALL_YES, question: answer}
    if answer is None:
        del answers[question]
    login("safety").post(factories.action_address(page, state), answers)
    with pytest.raises(PermissionDenied):
        factories.act(page, people.safety, **answers)
    assert factories.task_state(page) == state
    assert not RedactionCheck.objects.filter(passed=True).exists()


def test_the_check_keeps_yes_or_no_a_role_and_a_day_and_nothing_else(people):
    page = factories.play(by=people.editor)
    state = factories.submit(page, people.editor)
    factories.act(page, people.safety, **factories.ALL_YES)
    check = RedactionCheck.objects.passed_for(state.revision_id).get()
    assert check.answers == dict.fromkeys(QUESTIONS, True)
    assert check.role == "Safety reviewers"
    kept = {field.name for field in RedactionCheck._meta.get_fields()}
    assert kept == {"id", "revision", "page", "role", "answers", "day", "passed", "digest"}


def test_a_return_can_say_which_answers_were_no(people, login):
    page = factories.play(by=people.editor)
    state = factories.submit(page, people.editor)
    login("safety").post(
        factories.action_address(page, state, "reject"),
        {"unsafe": ["names", "dates"], "comment": "See the second step."},
    )
    check = RedactionCheck.objects.get(revision=state.revision_id)
    assert not check.passed
    assert {name for name, yes in check.answers.items() if not yes} == {"names", "dates"}
    assert factories.fresh(page).current_workflow_state.status == "needs_changes"


def test_the_reviewers_see_the_questions(people, login):
    page = factories.play(by=people.editor)
    state = factories.submit(page, people.editor)
    shown = login("safety").get(factories.action_address(page, state)).json()["html"]
    assert shown.count('type="radio"') == 2 * len(QUESTIONS)
