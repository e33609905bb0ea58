"""A withdrawn page answers with why and since when, and with nothing of itself."""

import datetime

import pytest
from django.urls import reverse

from playbook.models.base import ShownStatus
from playbook.publishing import PublicationRefused
from playbook.workflows import publish_trusted
from tests import factories

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 3, 9)


def withdrawn(language="en", **fields):
    page = factories.live(factories.play(language, title="Heron", slug="heron", **fields))
    page.withdraw("It named a place.", DAY)
    return factories.fresh(page)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "This page was withdrawn"), ("ar", "سُحبت"), ("fr", "retirée")]
)
def test_its_address_says_gone_why_and_since_when(site, client, language, words):
    page = factories.live(factories.play(language, title="Heron", slug="heron"))
    assert client.get(page.url).status_code == 200
    page.withdraw("It named a place.", DAY)
    answer = client.get(page.url)
    text = answer.content.decode()
    assert answer.status_code == 410
    assert words in text
    assert "It named a place." in text
    assert 'datetime="2026-03-09"' in text
    assert f'lang="{language}"' in text
    assert f'href="/{language}/plays/"' in text


def test_nothing_of_the_item_is_in_the_notice_nor_in_the_lists(site, client):
    page = withdrawn(outcome="A quiet pond.")
    text = client.get(page.url).content.decode() + client.get("/en/plays/").content.decode()
    assert "Heron" not in text
    assert "quiet pond" not in text


def test_a_withdrawn_page_is_not_published_until_it_is_reinstated(site, client):
    page = withdrawn()
    with pytest.raises(PublicationRefused, match="Reinstate"):
        publish_trusted(page.get_latest_revision(), reason="a test")
    page.reinstate()
    assert client.get(page.url).status_code == 404
    publish_trusted(factories.fresh(page).get_latest_revision(), reason="a test")
    assert client.get(page.url).status_code == 200
    assert factories.fresh(page).shown_status == ShownStatus.CURRENT


def test_an_old_version_does_not_bring_an_old_withdrawal_back(site):
    page = withdrawn()
    page.save_revision()
    page.reinstate()
    publish_trusted(factories.fresh(page).get_latest_revision(), reason="a test")
    assert factories.fresh(page).withdrawn_on is None


def test_withdrawing_ends_a_review_in_progress(people):
    page = factories.live(factories.play(by=people.editor))
    page.outcome = "A change."
    page.save_revision(user=people.editor)
    factories.submit(page, people.editor)
    factories.fresh(page).withdraw("It named a place.", DAY)
    page = factories.fresh(page)
    assert not page.workflow_in_progress
    assert not page.live


def test_a_draft_can_be_withdrawn(site, client):
    page = factories.play()
    page.withdraw("Recalled by its author.", DAY)
    assert client.get(page.url).status_code == 410


def test_the_editor_still_opens_it(people, login):
    page = withdrawn()
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    assert login("editor").get(address).status_code == 200
