"""The editor's screens, in the way an editor uses them."""

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.urls import reverse

from playbook.models import PlayPage
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("make", [factories.play, factories.case])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_editing_screens_open(people, login, make, language):
    page = make(language, by=people.editor)
    client = login("editor")
    kind = page._meta.model_name
    for address in (
        reverse("wagtailadmin_pages:edit", args=[page.pk]),
        reverse("wagtailadmin_pages:add", args=["playbook", kind, page.get_parent().pk]),
        reverse("wagtailadmin_pages:revisions_index", args=[page.pk]),
        reverse("wagtailadmin_explore", args=[page.get_parent().pk]),
        reverse("wagtailadmin_home"),
    ):
        assert client.get(address, follow=True).status_code == 200


def test_publishing_is_not_offered_and_submitting_is(people, login):
    page = factories.play(by=people.editor)
    for role in ("editor", "publisher", "admin"):
        answer = login(role).get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
        assert b'name="action-publish"' not in answer.content
        assert b'name="action-submit"' in answer.content
        assert b'name="go_live_at"' not in answer.content


def test_fields_follow_the_direction_of_their_text(people, login):
    page = factories.play("ar", by=people.editor)
    answer = login("editor").get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
    assert b"playbook/editor.css" in answer.content


def test_saving_keeps_every_field_and_the_ids_of_the_steps(people, login):
    page = factories.play(by=people.editor, effort="low", visibility="private")
    page.steps = [*page.steps.raw_data, factories.step("<p>Third.</p>")]
    page.save_revision(user=people.editor)
    before = factories.fresh(page).get_latest_revision().content
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    login("editor").post(address, factories.edit_form(page, outcome="Only this changed."))
    after = factories.fresh(page).get_latest_revision()
    kept = after.as_object()
    assert after.content["outcome"] == "Only this changed."
    stored = PlayPage.steps.field.to_python(before["steps"]).raw_data
    assert [block.id for block in kept.steps] == [block["id"] for block in stored]
    assert (kept.effort, kept.visibility, kept.phase) == ("low", "private", "now")


@pytest.mark.parametrize(
    "fields",
    [
        {"worse": '<p><a linktype="page" id="3">A</a></p>'},
        {"worse": '<p><a href="mailto:a@a.example">A</a></p>'},
        {"steps": [factories.step('<p><a href="/en/">A</a></p>')]},
    ],
)
def test_a_link_that_others_could_not_follow_is_named(site, fields):
    page = factories.play()
    for name, value in fields.items():
        setattr(page, name, value)
    with pytest.raises(ValidationError, match="https://"):
        page.full_clean()


def test_a_summary_has_at_most_120_words(site):
    page = factories.case(summary="word " * 120)
    page.summary += "more"
    with pytest.raises(ValidationError, match="At most 120 words; this has 121"):
        page.full_clean()


@pytest.mark.parametrize("period", ["2024", "2024-03", "2024-03/2024-11", "2023/2024"])
def test_a_period_is_no_finer_than_a_month(site, period):
    page = factories.case(period=period)
    page.period = "2024-03-09"
    with pytest.raises(ValidationError, match="Never a day"):
        page.full_clean()


def test_a_picture_needs_words(site):
    page = factories.play()
    page.picture = factories.picture()
    with pytest.raises(ValidationError, match="what the picture shows"):
        page.full_clean()


@pytest.mark.parametrize(
    ("role", "opens"),
    [("editor", True), ("safety", False), ("publisher", True), ("curator", False)],
)
def test_who_may_open_a_draft_that_is_not_in_review(people, login, role, opens):
    page = factories.play(by=people.editor)
    answer = login(role).get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
    assert (answer.status_code == 200) == opens


def test_the_safety_reviewer_opens_it_while_it_waits(people, login):
    page = factories.play(by=people.editor)
    factories.submit(page, people.editor)
    answer = login("safety").get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
    assert answer.status_code == 200
    shown = BeautifulSoup(answer.content, "html.parser").get_text()
    assert "Passes the safety check" in shown
    home = login("safety").get(reverse("wagtailadmin_home"))
    assert page.title in home.content.decode()


def test_terms_are_edited_by_editors_only(people, login):
    address = reverse("wagtailsnippets_playbook_threat:list")
    assert login("editor").get(address).status_code == 200
    assert login("curator").get(address).status_code == 302
