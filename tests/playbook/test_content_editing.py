"""What editors are helped with: lists of each kind, checks before a text is submitted, advice."""

import datetime

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from wagtail.models import GroupCollectionPermission, Locale
from wagtailmedia.models import Media

from playbook import content_checks, listings
from playbook.models import (
    Design,
    EpisodePage,
    EventPage,
    FindingPage,
    GroupPage,
    JoinPage,
    OrganisationPage,
    PlayPage,
    StandardPage,
    StrategyPage,
    SupportOfferPage,
    TemplatePage,
)
from playbook.setup import section_for
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = datetime.date.today()
KINDS = [
    StrategyPage, FindingPage, TemplatePage, SupportOfferPage, EpisodePage, EventPage,
    OrganisationPage, GroupPage, StandardPage,
]  # fmt: skip
LISTS = [listing.name for listing in listings.ContentGroup.items]


def edit_address(page):
    return reverse("wagtailadmin_pages:edit", args=[page.pk])


def posted(client, page, **changes):
    """Post what the edit form holds, changed; return the answer's words."""
    return client.post(edit_address(page), factories.edit_form(page, **changes), follow=True)


def unlisted(html):
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split())


# --- Screens ----------------------------------------------------------------------------------


@pytest.mark.parametrize("model", KINDS, ids=lambda model: model.__name__)
def test_the_screens_of_every_kind_open_and_offer_no_publishing(people, login, model):
    page = factories.item(model, by=people.editor)
    client = login("editor")
    adding = ["playbook", model._meta.model_name, section_for(model, "en").pk]
    for address in (edit_address(page), reverse("wagtailadmin_pages:add", args=adding)):
        answer = client.get(address)
        assert answer.status_code == 200
        assert b'name="action-submit"' in answer.content
        assert b'name="action-publish"' not in answer.content
        assert b'name="go_live_at"' not in answer.content
    assert client.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk])).status_code == 200


def test_previews_keep_the_accessibility_checker(people, login):
    page = factories.item(TemplatePage, by=people.editor)
    answer = login("editor").get(reverse("wagtailadmin_pages:view_draft", args=[page.pk]))
    assert b"wagtail-userbar" in answer.content
    assert b"checker-axe-configuration" in answer.content


def test_taking_part_is_edited_like_a_page(people, login):
    page = section_for(JoinPage, "en")
    assert login("editor").get(edit_address(page)).status_code == 200


def test_templates_are_offered_in_the_pages_language_and_the_nodes(people, login):
    english = factories.item(TemplatePage, title="Sheet")
    french = factories.item(TemplatePage, "fr", title="Feuille")
    arabic = factories.item(TemplatePage, "ar", title="ورقة")
    page = factories.play("ar", by=people.editor)
    soup = BeautifulSoup(login("editor").get(edit_address(page)).content, "html.parser")
    offered = {box["value"] for box in soup.select("input[name=templates]")}
    assert offered == {str(english.pk), str(arabic.pk)}
    assert str(french.pk) not in offered


# --- Checks -----------------------------------------------------------------------------------


def test_a_play_without_stop_conditions_is_saved_but_not_submitted(people, login):
    page = factories.play(by=people.editor, stop_conditions="")
    client = login("editor")
    posted(client, page, outcome="Saved all the same.")
    assert factories.fresh(page).get_latest_revision().content["outcome"] == "Saved all the same."
    answer = posted(client, page, **{"action-submit": "1"})
    assert "Say when to stop." in unlisted(answer.content)
    assert factories.task_state(page) is None
    page = factories.play(by=people.editor)
    posted(client, page, **{"action-submit": "1"})
    assert factories.task_state(page) is not None


def test_an_empty_paragraph_is_no_stop_condition(site):
    assert content_checks.ERRORS["stop_conditions"]('<p data-block-key="a"> </p>')
    assert not content_checks.ERRORS["stop_conditions"]("<p>Somebody is hurt.</p>")


def test_an_offer_that_has_expired_cannot_be_submitted():
    check = content_checks.ERRORS["expires"]
    assert check(TODAY)
    assert check(TODAY - datetime.timedelta(days=1))
    assert not check(TODAY + datetime.timedelta(days=1))


@pytest.mark.parametrize(
    ("model", "rows"), [(FindingPage, "cases"), (StrategyPage, "stages")], ids=["finding", "plan"]
)
def test_what_rests_on_others_names_one_before_it_is_submitted(people, login, model, rows):
    page = factories.item(model, by=people.editor, threats=[factories.threat()])
    client = login("editor")
    soup = BeautifulSoup(client.get(edit_address(page)).content, "html.parser")
    form = {
        field["name"]: field.get("value", field.get_text().strip())
        for field in soup.select("#page-edit-form [name]")
        if not field["name"].startswith("action-") and field.get("type") != "checkbox"
    }
    form |= {f"{rows}-TOTAL_FORMS": "0", f"{rows}-INITIAL_FORMS": "0", "title": "Kept"}
    form["threats"] = [factories.threat().pk]
    for field in soup.select("#page-edit-form select"):
        chosen = field.select_one("option[selected]")
        form[field["name"]] = chosen["value"] if chosen else ""
    client.post(edit_address(page), form)
    assert factories.fresh(page).get_latest_revision().content["title"] == "Kept"
    answer = client.post(edit_address(page), form | {"action-submit": "1"})
    assert "at least 1" in unlisted(answer.content)
    assert factories.task_state(page) is None


def test_advice_is_shown_for_what_a_draft_lacks(people, login):
    page = factories.play(by=people.editor, stop_conditions="", starter_note=True)
    text = unlisted(login("editor").get(edit_address(page)).content)
    assert "There are no stop conditions." in text
    assert "does not say who does it" in text
    assert "This is starter text." in text


def test_a_complete_play_needs_no_advice(site):
    page = factories.play(
        steps=[factories.step(who="The lead", dont="Do not argue.")], review_due=TODAY
    )
    assert content_checks.advice(page) == []
    assert content_checks.advice(factories.item(OrganisationPage)) == []


# --- Lists ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTS)
def test_every_kind_has_its_list_in_the_menu(people, login, name):
    client = login("editor")
    assert f"/admin/content/{name}/" in client.get(reverse("wagtailadmin_home")).content.decode()
    answer = client.get(f"/admin/content/{name}/")
    assert answer.status_code == 200
    assert client.get(f"/admin/content/{name}/?q=thing&live=true").status_code == 200


def listed(client, **asked):
    answer = client.get("/admin/content/plays/", asked)
    soup = BeautifulSoup(answer.content, "html.parser")
    return {link.get_text(strip=True) for link in soup.select("td.title .title-wrapper a")}


def test_plays_are_found_by_status_review_threat_and_language(people, login):
    soon = TODAY + datetime.timedelta(days=20)
    past = TODAY - datetime.timedelta(days=1)
    factories.play(title="Fresh", review_due=soon)
    factories.play(title="Late", review_due=past, threats=[factories.threat("coercive")])
    factories.play(title="Old", status="historic", review_due=past)
    factories.play("ar", title="عربي")
    gone = factories.live(factories.play(title="Gone"))
    gone.withdraw("It named a village.", TODAY)
    client = login("editor")
    everything = {"Fresh", "Late", "Old", "عربي", "Gone"}
    expected = {
        ("standing", "review_overdue"): {"Late"},
        ("standing", "historic"): {"Old"},
        ("standing", "withdrawn"): {"Gone"},
        ("standing", "current"): {"Fresh", "عربي"},
        ("review_due", "0"): {"Late", "Old"},
        ("review_due", "30"): {"Late", "Old", "Fresh"},
        ("review_due", "none"): {"عربي", "Gone"},
        ("threats", str(factories.threat("coercive").pk)): {"Late"},
        ("locale", "ar"): {"عربي"},
        ("live", "true"): set(),
        ("live", "nonsense"): everything,
    }
    found = {asked: listed(client, **dict([asked])) & everything for asked in expected}
    assert found == expected


def test_a_list_can_be_searched_and_narrowed_at_once(indexed, people, login):
    factories.play(title="Raided", threats=[factories.threat("coercive")])
    factories.play(title="Raided in the press")
    client = login("editor")
    threat = str(factories.threat("coercive").pk)
    assert listed(client, q="raided", threats=threat, standing="current") == {"Raided"}


def test_offers_are_found_by_the_day_on_which_they_expire(people, login):
    soon = factories.item(SupportOfferPage, title="Soon")
    later = TODAY + datetime.timedelta(days=300)
    factories.item(SupportOfferPage, title="Later", expires=later)
    text = unlisted(login("editor").get("/admin/content/support/", {"expires": "90"}).content)
    assert soon.title in text
    assert "Later" not in text


# --- Who may ----------------------------------------------------------------------------------


def test_only_administrators_change_the_design(people, login):
    address = reverse("wagtailsettings:edit", args=["playbook", "design"])
    for role in ("editor", "safety", "publisher", "curator"):
        assert login(role).get(address).status_code == 302
    assert login("admin").get(address, follow=True).status_code == 200
    assert not Group.objects.filter(permissions__content_type__model=Design._meta.model_name)


def test_editors_add_and_choose_audio_and_reviewers_do_not_change_it(people, login):
    upload = SimpleUploadedFile("talk.mp3", b"x")
    media = Media.objects.create(title="Talk", file=upload, type="audio", duration=1)
    assert login("editor").get(reverse("wagtailmedia:add", args=["audio"])).status_code == 200
    chooser = reverse("wagtailmedia:chooser_typed", args=["audio"])
    assert "Talk" in login("editor").get(chooser).content.decode()
    edit = reverse("wagtailmedia:edit", args=[media.pk])
    assert login("safety").get(edit).status_code == 302
    held = GroupCollectionPermission.objects.filter(permission__content_type__model="media")
    assert set(held.values_list("group__name", flat=True)) == {"Editors"}


def test_a_list_shows_only_what_a_person_may_explore(people, login):
    factories.play(title="Draft")
    assert login("curator").get("/admin/content/plays/").status_code in (302, 403)
    assert PlayPage.objects.filter(locale=Locale.get_default()).exists()
