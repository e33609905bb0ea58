"""A threat's page: the sign, the first hour, and everything that is filed under it."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import Locale
from wagtailmedia.models import Media

from playbook.models import (
    EpisodePage,
    FindingCase,
    FindingPage,
    StrategyPage,
    StrategyStage,
    SupportOfferPage,
    TemplatePage,
    Threat,
)
from playbook.setup import section_for
from playbook.threats import load_threats
from tests import factories

pytestmark = pytest.mark.django_db


def subtype(code, parent):
    return Threat.objects.create(
        code=code, name=f"The {code}", sign="A sign.", parent=parent, locale=Locale.get_default()
    )


def item(page, threats, language="en"):
    """Put a page of any kind into its section; return it live."""
    page.live, page.locale = False, Locale.objects.get(language_code=language)
    page.threats = threats
    section_for(type(page), language).add_child(instance=page)
    page.save_revision()
    return factories.live(page)


def offer(title="Counsel", threats=(), **fields):
    today = datetime.date.today()
    values = {
        "title": title,
        "kind": "legal",
        "scope": "A first talk.",
        "contact_route": "<p>The desk.</p>",
        "verified_on": today - datetime.timedelta(days=5),
        "expires": today + datetime.timedelta(days=5),
        **fields,
    }
    return item(SupportOfferPage(**values), list(threats))


def one_of_each(threat, word):
    """Make a live page of every kind under a threat; return their titles by shelf."""
    play = factories.live(factories.play(title=f"{word} play", threats=[threat]))
    case = factories.live(factories.case(title=f"{word} case", threats=[threat]))
    strategy = StrategyPage(title=f"{word} strategy", goal="protect", summary="An order.")
    strategy.stages = [StrategyStage(play=play)]
    finding = FindingPage(title=f"{word} finding", statement="It holds.")
    finding.cases = [FindingCase(page=case)]
    item(strategy, [threat])
    item(finding, [threat])
    item(TemplatePage(title=f"{word} template", purpose="To fill in."), [threat])
    offer(f"{word} offer", [threat])
    sound = SimpleUploadedFile("talk.mp3", b"sound")
    audio = Media.objects.create(title="Talk", file=sound, type="audio", duration=1)
    spoken = "<p>We wrote it down.</p>"
    item(
        EpisodePage(title=f"{word} episode", summary="Two talk.", audio=audio, transcript=spoken),
        [threat],
    )
    kinds = ("plays", "offers", "strategies", "cases", "findings", "templates", "episodes")
    singular = ("play", "offer", "strategy", "case", "finding", "template", "episode")
    return {kind: f"{word} {one}" for kind, one in zip(kinds, singular, strict=True)}


def shelves(soup):
    return {
        section["aria-labelledby"]: [link.get_text() for link in section.select("li a")]
        for section in soup.select("main section[aria-labelledby]")
        if section["aria-labelledby"] not in ("first-hour", "kinds")
    }


def test_the_list_names_every_threat_with_its_sign_and_kinds(site, client):
    subtype("raid", factories.threat("coercive"))
    soup = factories.read(client, "/en/threats/")
    addresses = [link["href"] for link in soup.select("main .cards a")]
    assert addresses == [
        "/en/threats/bureaucratic/", "/en/threats/media/", "/en/threats/coercive/",
        "/en/threats/raid/", "/en/threats/upheaval/",
    ]  # fmt: skip
    assert factories.threat("media").sign in soup.get_text()


def test_a_threat_shows_the_first_hour_and_leads_to_triage(site, client):
    soup = factories.read(client, "/ar/threats/coercive/")
    arabic = Threat.objects.get(code="coercive", locale__language_code="ar")
    assert soup.h1.get_text() == arabic.name
    assert arabic.sign in soup.get_text()
    assert soup.select_one("#first-hour ~ ul li")
    assert soup.select_one('main a[href="/ar/triage/coercive/"]')


def test_everything_filed_under_a_threat_stands_on_its_page_and_nothing_else(site, client):
    mine = one_of_each(factories.threat("media"), "Media")
    one_of_each(factories.threat("upheaval"), "Upheaval")
    factories.play(title="Media draft", threats=[factories.threat("media")])
    shown = shelves(factories.read(client, "/en/threats/media/"))
    assert shown == {shelf: [title] for shelf, title in mine.items()}


def test_subtypes_stand_under_their_threat_with_what_is_filed_there(site, client):
    coercive = factories.threat("coercive")
    raid = subtype("raid", coercive)
    factories.live(factories.play(title="In general", threats=[coercive]))
    factories.live(factories.play(title="When they come", threats=[raid]))
    soup = factories.read(client, "/en/threats/coercive/")
    assert soup.select_one('#kinds ~ ul a[href="/en/threats/raid/"]')
    assert set(shelves(soup)["plays"]) == {"In general", "When they come"}
    soup = factories.read(client, "/en/threats/raid/")
    assert shelves(soup)["plays"] == ["When they come"]
    assert soup.select_one('main .kicker a[href="/en/threats/coercive/"]')
    triage = soup.select_one('main .more a[href^="/en/triage/"]')["href"]
    assert triage == "/en/triage/coercive/raid/"
    factories.read(client, triage)


def test_what_is_not_translated_is_shown_with_the_name_of_its_language(site, client):
    factories.live(factories.play(title="English only", threats=[factories.threat("media")]))
    link = factories.read(client, "/ar/threats/media/").select_one("#plays ~ ul li")
    assert link.a["lang"] == "en"
    assert "English" in link.select_one(".tags").get_text()


def test_plays_stand_in_the_order_of_need(site, client):
    for phase in ("prepare", "recover", "days", "now"):
        factories.live(factories.play(title=phase, phase=phase))
    shown = shelves(factories.read(client, "/en/threats/media/"))
    assert shown["plays"] == ["now", "days", "recover", "prepare"]


def test_offers_for_any_threat_are_shown_until_they_expire(site, client):
    offer("For all")
    offer("Ends today", expires=datetime.date.today())
    offer("Elsewhere", [factories.threat("upheaval")])
    assert shelves(factories.read(client, "/en/threats/media/")) == {"offers": ["For all"]}


def test_a_composite_case_is_labelled(site, client):
    factories.live(factories.case(composite=True))
    text = factories.read(client, "/en/threats/media/").get_text()
    assert "Composite training example, not a real event" in text


@pytest.mark.parametrize("code", ["nothing", "media2", "x" * 300, "MEDIA"])
def test_an_unknown_code_is_not_found(site, client, code):
    soup = factories.read(client, f"/en/threats/{code}/", status=404)
    assert soup.select_one('main a[href="/en/triage/"]')


def test_a_language_that_is_not_published_has_no_threats(site, client):
    assert client.get("/sw/threats/").status_code == 404
    assert client.get("/sw/threats/media/").status_code == 404


def test_two_threats_that_are_each_others_parent_do_no_harm(site, client):
    one, two = factories.threat("media"), factories.threat("upheaval")
    Threat.objects.filter(pk=one.pk).update(parent=two)
    Threat.objects.filter(pk=two.pk).update(parent=one)
    tree = load_threats()
    assert len(tree.roots) == 3
    factories.read(client, "/en/threats/media/")
    factories.read(client, "/en/triage/")


def test_a_threats_page_asks_the_database_the_same_for_few_and_for_many(site, client):
    media = factories.threat("media")
    lengths = []
    for number in range(2):
        for extra in range(1 + 4 * number):
            one_of_each(media, f"{number}{extra}")
            subtype(f"kind-{number}-{extra}", media)
        client.get("/en/threats/")
        with CaptureQueriesContext(connection) as queries:
            soup = factories.read(client, "/en/threats/media/")
        lengths.append(len(queries))
    assert len(shelves(soup)["plays"]) == 6
    assert lengths[0] == lengths[1] <= 10
