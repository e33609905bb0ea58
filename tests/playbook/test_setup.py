"""Laying out a site: once, again, and in another language."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from wagtail.models import (
    GroupCollectionPermission,
    GroupPagePermission,
    Locale,
    Page,
    Site,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from playbook.models import CasePage, HomePage, PlayPage, Sector, Threat
from playbook.permissions import ROLES
from playbook.setup import SECTIONS, ensure_locale, prepare_site, section_for
from tests import factories

pytestmark = pytest.mark.django_db
COUNTED = [
    Page, Locale, Site, Group, Workflow, WorkflowTask, WorkflowPage, GroupPagePermission,
    GroupCollectionPermission, Threat, Sector,
]  # fmt: skip


def counts():
    return {model.__name__: model.objects.count() for model in COUNTED}


def test_a_second_run_changes_nothing(site):
    before = counts()
    prepare_site(["en", "ar", "fr"])
    call_command("setup_playbook", verbosity=0)
    assert counts() == before
    assert before["Page"] == 1 + 3 * (1 + len(SECTIONS))


def test_homes_are_translations_of_each_other_with_the_language_as_address(site):
    homes = HomePage.objects.select_related("locale")
    assert len({home.translation_key for home in homes}) == 1
    assert {home.locale.language_code: home.url for home in homes} == {
        "en": "/en/",
        "ar": "/ar/",
        "fr": "/fr/",
    }
    assert Site.objects.get(is_default_site=True).root_page_id == site.pk


def test_wagtails_own_roles_workflow_and_first_page_are_gone(site):
    assert not Group.objects.filter(name="Moderators").exists()
    assert list(Workflow.objects.values_list("name", flat=True)) == ["Publication"]
    assert not Page.objects.filter(title__startswith="Welcome").exists()
    assert set(Group.objects.values_list("name", flat=True)) >= set(ROLES)


def test_a_language_can_be_added_later(site, settings, client):
    settings.PLAYBOOK_LANGUAGES = ["en", "ar", "fr", "es"]
    prepare_site(["en", "ar", "fr", "es"])
    assert client.get("/es/").status_code == 200
    assert Threat.objects.get(code="media", locale__language_code="es").name != "Media"


def test_a_language_for_drafts_shows_nothing_to_readers(site, client):
    home = ensure_locale("sw")
    assert ensure_locale("sw") == home
    page = factories.play("sw")
    assert not Page.objects.descendant_of(home, inclusive=True).live().exists()
    for address in ("/sw/", "/sw/plays/", page.url):
        assert client.get(address).status_code == 404
    assert "Kiswahili" not in client.get("/en/").content.decode()


def test_even_a_live_page_in_such_a_language_is_not_served(site, client):
    page = factories.live(factories.play("sw"))
    assert client.get(page.url).status_code == 404


def test_a_draft_in_such_a_language_is_under_the_same_workflow_and_roles(people, login):
    page = factories.play("sw", by=people.editor)
    factories.after_safety_check(page, people.editor, people.safety)
    assert page.permissions_for_user(people.other_editor).can_edit()


def test_a_language_for_drafts_can_be_published_later(site, settings, client):
    ensure_locale("sw")
    settings.PLAYBOOK_LANGUAGES = ["en", "sw"]
    prepare_site(["en", "sw"])
    assert client.get("/sw/plays/").status_code == 200


def test_sections_are_found_by_page_type_and_language(site):
    assert section_for(PlayPage, "ar").url == "/ar/plays/"
    assert section_for(CasePage, "fr").url == "/fr/cases/"


def test_an_unknown_language_is_refused_by_name(site):
    with pytest.raises(LookupError, match="tlh"):
        prepare_site(["tlh"])


def test_what_editors_called_their_sections_stays(site):
    section = section_for(PlayPage, "en")
    Page.objects.filter(pk=section.pk).update(title="Guides")
    prepare_site(["en"])
    assert factories.fresh(section).title == "Guides"
