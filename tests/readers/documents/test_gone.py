"""What readers take along is never what is withdrawn, expired, private or not there."""

import datetime

import pytest
from wagtail.models import Locale, PageViewRestriction

from playbook.addresses import short_id
from playbook.models import SupportOfferPage
from playbook.setup import section_for
from tests import factories

from .taking import address, contents, strategy, taken

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 3, 9)


@pytest.mark.parametrize("ending", ["html", "pdf", "epub", "txt"])
def test_a_withdrawn_item_is_gone_at_once_though_it_was_made_before(site, client, ending):
    page = factories.live(factories.play(title="Heron"))
    taken(client, address(page, ending))
    page.withdraw("It named a place.", DAY)
    answer = client.get(address(page, ending))
    assert answer.status_code == 410
    assert b"It named a place." in answer.content
    assert b"Heron" not in answer.content
    assert client.get(f"/en/take-along/{short_id(page)}/").status_code == 410


@pytest.mark.parametrize("ending", ["epub", "zip"])
def test_a_withdrawn_item_is_in_no_collection_though_it_was_before(site, client, ending):
    page = factories.live(factories.play(title="Heron"))
    factories.live(factories.play(title="Kingfisher"))
    where = f"/en/take-along/all.{ending}"
    assert "Heron" in contents(taken(client, where))
    page.withdraw("It named a place.", DAY)
    after = contents(taken(client, where))
    assert "Heron" not in after
    assert "Kingfisher" in after


def test_a_withdrawn_play_is_not_in_a_strategy_any_more(site, client):
    play = factories.live(factories.play(title="Heron", outcome="A quiet pond."))
    page = strategy(play)
    assert b"A quiet pond." in taken(client, address(page))
    play.withdraw("It named a place.", DAY)
    after = taken(client, address(page))
    assert b"A quiet pond." not in after
    assert b"Heron" not in after


def test_what_not_everybody_may_read_is_in_no_document(site, client):
    private = factories.live(factories.play(title="Heron"))
    PageViewRestriction.objects.create(page=private, restriction_type="login")
    factories.play(title="A draft")
    offer = SupportOfferPage(
        title="Lawyers on call", kind="legal", scope="Advice.", contact_route="<p>Call.</p>",
        verified_on=datetime.date(2025, 1, 1), expires=datetime.date(2025, 2, 1),
    )  # fmt: skip
    offer.live, offer.locale = False, Locale.objects.get(language_code="en")
    section_for(SupportOfferPage, "en").add_child(instance=offer)
    offer.save_revision()
    offer = factories.live(offer)
    factories.live(factories.play("fr", title="Le martin"))
    for ending in ("epub", "zip"):
        text = contents(taken(client, f"/en/take-along/all.{ending}"))
        for title in ("Heron", "A draft", "Lawyers on call", "Le martin"):
            assert title not in text
    assert client.get(address(private)).status_code == 404


@pytest.mark.parametrize(
    "where",
    [
        "/en/take-along/0000000000/", "/en/take-along/0000000000.pdf", "/en/take-along/zzz/",
        "/sw/take-along/", "/en/take-along/all.exe", "/en/take-along/0000000000.exe",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_found(site, client, where):
    assert client.get(where).status_code == 404


def test_an_item_of_another_language_leads_there(site, client):
    page = factories.live(factories.play())
    answer = client.get(f"/ar/take-along/{short_id(page)}.pdf")
    assert answer.status_code == 302
    assert answer["Location"] == address(page, "pdf")
