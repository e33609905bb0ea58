"""Triage on a node that has its own plays, its own kinds of threat and its own offers."""

import datetime

import pytest
from wagtail.models import Locale, Page

from playbook.models import PlayPage, SupportOfferPage, Threat
from playbook.setup import section_for
from playbook.threats import load_threats
from playbook.triage.choosing import choose_plays
from playbook.triage.walk import read_path
from tests import factories

pytestmark = pytest.mark.django_db


def slugs(path):
    tree = load_threats()
    return [play.slug for play in choose_plays(read_path(path, tree), tree)]


def subtype(code, parent="coercive"):
    return Threat.objects.create(
        code=code,
        name=code.title(),
        parent=factories.threat(parent),
        locale=Locale.get_default(),
    )


def offer(**fields):
    today = datetime.date.today()
    values = {
        "title": "Shared counsel",
        "slug": f"offer-{Page.objects.count()}",
        "kind": "legal",
        "scope": "A first talk with a lawyer.",
        "contact_route": "<p>Through the coalition's desk.</p>",
        "verified_on": today - datetime.timedelta(days=10),
        "expires": today + datetime.timedelta(days=10),
        "live": False,
        "locale": Locale.get_default(),
    }
    threats = fields.pop("threats", [])
    page = SupportOfferPage(**{**values, **fields})
    page.threats = threats
    section_for(SupportOfferPage, "en").add_child(instance=page)
    page.save_revision()
    return factories.live(page)


def test_a_nodes_own_play_is_taken_up_and_a_draft_or_historic_one_is_not(site):
    own = factories.live(factories.play(threats=[factories.threat("upheaval")]))
    factories.play(threats=[factories.threat("upheaval")])
    factories.live(factories.play(threats=[factories.threat("upheaval")], status="historic"))
    assert slugs("upheaval/now/nobody/quiet/law") == [own.slug]


def test_subtypes_are_asked_for_and_their_plays_come_first(site, client):
    raid = subtype("raid")
    general = factories.live(factories.play(threats=[factories.threat("coercive")]))
    special = factories.live(factories.play(threats=[raid]))
    other = factories.live(factories.play(threats=[subtype("expulsion")]))
    soup = factories.read(client, "/en/triage/coercive/")
    assert soup.select_one('.doors a[href="/en/triage/coercive/raid/"]')
    assert slugs("coercive/raid/now/nobody/quiet") == [special.slug, general.slug]
    assert set(slugs("coercive/unsure/now/nobody/quiet")) == {
        general.slug, special.slug, other.slug,
    }  # fmt: skip
    # An address from before there were subtypes still leads somewhere.
    factories.read(client, "/en/triage/coercive/now/nobody/quiet/")


def test_a_threat_without_a_play_ends_in_first_steps(site, client):
    text = factories.read(client, "/en/triage/media/now/nobody/quiet/law/").get_text()
    assert PlayPage.objects.count() == 0
    assert "No play for this is published here yet" in text
    assert "Call a qualified local lawyer" in text


def test_offers_that_hold_today_are_shown_the_likeliest_kind_first(site, client):
    media = factories.threat("media")
    offer(title="Quiet word", kind="diplomatic")
    offer(title="Lawyers", kind="legal", threats=[media])
    offer(title="Elsewhere", threats=[factories.threat("upheaval")])
    offer(title="Over", expires=datetime.date.today())
    soup = factories.read(client, "/en/triage/media/now/nobody/quiet/law/")
    assert [a.get_text() for a in soup.select("#help ~ ul a")] == ["Lawyers", "Quiet word"]
    assert "lists no offer of help" not in soup.get_text()


def test_the_end_asks_the_database_little_however_many_plays_there_are(
    site, client, django_assert_max_num_queries
):
    coercive = factories.threat("coercive")
    for _number in range(3):
        factories.live(factories.play(threats=[coercive]))
        offer(threats=[coercive])
    client.get("/en/triage/")
    # Two ends, neither of them kept from before.
    with django_assert_max_num_queries(10) as few:
        client.get("/en/triage/coercive/now/detained/quiet/")
    for _number in range(8):
        factories.live(factories.play(threats=[coercive]))
        offer(threats=[coercive])
    client.get("/en/triage/")
    with django_assert_max_num_queries(10) as many:
        soup = factories.read(client, "/en/triage/coercive/now/detained/public/")
    assert len(soup.select("#others ~ ul > li")) == 3
    assert len(many) == len(few)
