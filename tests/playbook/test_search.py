"""The page of results: what is found, what never is, and what absurd queries get."""

import datetime
import logging

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Locale, PageViewRestriction
from wagtail.search.models import IndexEntry

from playbook.models import (
    CasePage,
    EpisodePage,
    EventPage,
    FindingCase,
    FindingPage,
    GroupPage,
    JoinPage,
    OrganisationPage,
    StandardPage,
    StrategyPage,
    StrategyStage,
    SupportOfferPage,
    TemplatePage,
)
from playbook.search import matching
from playbook.setup import ensure_locale, section_for
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("indexed")]
TODAY = timezone.localdate()


def publish(page, language="en"):
    """Return a page of any type, live in a language."""
    page.locale = Locale.objects.get(language_code=language)
    parent = ensure_locale(language) if isinstance(page, StandardPage) else None
    page.live = False
    (parent or section_for(type(page), language)).add_child(instance=page)
    page.save_revision()
    return factories.live(factories.fresh(page))


def answer(client, text, into="en", **data):
    return client.get(f"/{into}/search/", {"q": text, **data})


def found(client, text, into="en", **data):
    """Return the titles that a reader sees, in order."""
    said = answer(client, text, into, **data)
    assert said.status_code == 200
    soup = BeautifulSoup(said.content, "html.parser")
    return [link.get_text() for link in soup.select(".results > li > a")]


def offer(**fields):
    values = {
        "title": "Help zorbing",
        "slug": "help",
        "kind": "legal",
        "scope": "Advice",
        "contact_route": "<p>Ask</p>",
        "verified_on": TODAY,
        "expires": TODAY + datetime.timedelta(days=30),
        **fields,
    }
    return publish(SupportOfferPage(**values))


def test_every_kind_of_page_is_found_by_a_word_of_its_text(site, client):
    case = factories.live(factories.case(title="A case", unsafe_if="<p>zorbing there</p>"))
    play = factories.live(
        factories.play(title="A play", steps=[factories.step("<p>zorbing</p>", who="x")])
    )
    note = factories.play(title="With a note", local_legal_note="<p>Here zorbing is law</p>")
    factories.live(note)
    finding = FindingPage(title="A finding", statement="Said", cases=[FindingCase(page=case)])
    finding.cases.all()[0].lesson = "zorbing"
    publish(finding)
    stage = StrategyStage(play=play, decision="Who does the zorbing")
    publish(StrategyPage(title="A strategy", goal="protect", summary="Said", stages=[stage]))
    publish(EpisodePage(title="An episode", summary="Said", transcript="<p>zorbing</p>"))
    parts = [("text", "<p>zorbing</p>")]
    publish(TemplatePage(title="A template", purpose="Said", parts=parts))
    offer(title="An offer", eligibility="zorbing")
    publish(EventPage(title="An event", summary="zorbing", begins=TODAY))
    listed = {"listing": "public", "description": "<p>zorbing</p>"}
    publish(OrganisationPage(title="A member", **listed))
    publish(GroupPage(title="A group", kind="working", **listed))
    publish(StandardPage(title="A text", body="<p>zorbing</p>"))
    assert set(found(client, "zorbing")) == {
        "A case", "A play", "With a note", "A finding", "A strategy", "An episode", "A template",
        "An offer", "An event", "A member", "A group", "A text",
    }  # fmt: skip


def test_taking_part_is_found(site, client):
    page = JoinPage.objects.get(locale__language_code="en")
    assert page.title in found(client, page.title)


def hide_by_withdrawing(page):
    page.withdraw("It was wrong.", TODAY)


def hide_by_unpublishing(page):
    page.unpublish()


def hide_by_deleting(page):
    page.delete()


def hide_by_restricting(page):
    PageViewRestriction.objects.create(page=page, restriction_type="login")


@pytest.mark.parametrize(
    "hide",
    [hide_by_withdrawing, hide_by_unpublishing, hide_by_deleting, hide_by_restricting],
)
def test_what_was_taken_away_is_gone_at_once(site, client, hide):
    page = factories.live(factories.play(title="Zorbing"))
    assert found(client, "zorbing") == ["Zorbing"]
    hide(factories.fresh(page))
    assert found(client, "zorbing") == []
    assert "Zorbing" not in answer(client, "", kind="play").content.decode()


def test_what_was_taken_away_is_gone_even_if_the_index_still_has_it(site, client):
    page = factories.live(factories.play(title="Zorbing"))
    type(page).objects.filter(pk=page.pk).update(live=False)
    assert page.index_entries.exists()
    assert found(client, "zorbing") == []


def test_a_withdrawn_page_comes_back_only_when_it_is_published_again(site, client):
    page = factories.live(factories.play(title="Zorbing"))
    page.withdraw("It was wrong.", TODAY)
    factories.fresh(page).reinstate()
    assert found(client, "zorbing") == []
    factories.live(factories.fresh(page))
    assert found(client, "zorbing") == ["Zorbing"]


def test_drafts_are_not_found(site, client):
    page = factories.play(title="Zorbing")
    assert found(client, "zorbing") == []
    page = factories.live(page)
    page.outcome = "Now with a quibble"
    page.save_revision()
    assert found(client, "zorbing") == ["Zorbing"]
    assert found(client, "quibble") == []
    factories.live(factories.fresh(page))
    assert found(client, "quibble") == ["Zorbing"]


def test_words_that_a_new_version_lost_no_longer_find_it(site, client):
    page = factories.live(factories.play(title="Zorbing", outcome="A quibble"))
    page.outcome = "Something else"
    page.save_revision()
    factories.live(factories.fresh(page))
    assert found(client, "quibble") == []
    assert found(client, "zorbing") == ["Zorbing"]


def test_an_offer_is_gone_the_day_it_expires(site, client):
    page = offer()
    assert found(client, "zorbing") == [page.title]
    SupportOfferPage.objects.filter(pk=page.pk).update(expires=TODAY)
    assert found(client, "zorbing") == []


@pytest.mark.parametrize("listing", ["unlisted", "members"])
@pytest.mark.parametrize(
    ("model", "more"), [(OrganisationPage, {}), (GroupPage, {"kind": "working"})]
)
def test_who_is_not_public_is_never_found(site, client, login, listing, model, more):
    page = publish(model(title="Zorbing", listing=listing, **more))
    assert found(client, "zorbing") == []
    assert found(login("editor"), "zorbing") == []
    page.listing = "public"
    page.save_revision()
    factories.live(factories.fresh(page))
    assert found(client, "zorbing") == ["Zorbing"]


def test_a_language_that_is_not_published_is_neither_searched_nor_shown(site, client):
    factories.live(factories.play("sw", title="Zorbing"))
    assert found(client, "zorbing") == []
    assert answer(client, "zorbing", "sw").status_code == 404


def test_a_title_comes_before_an_outcome_before_a_step(site, client):
    steps = [factories.step("<p>Ask about the heron.</p>")]
    factories.live(factories.play(title="In a step", steps=steps))
    factories.live(factories.play(title="In the outcome", outcome="The heron is back."))
    factories.live(factories.play(title="The heron"))
    factories.live(factories.play(title="Nothing of it"))
    order = found(client, "herons")
    assert set(order[:2]) == {"The heron", "In the outcome"}
    assert order[2:] == ["In a step"]


def test_nothing_in_this_language_shows_the_others_with_a_label(site, client):
    factories.live(factories.play("fr", title="Zorbing"))
    soup = BeautifulSoup(answer(client, "zorbing", "ar").content, "html.parser")
    link = soup.select_one(".results a")
    assert (link.get_text(), link["lang"], link["dir"]) == ("Zorbing", "fr", "ltr")
    assert "Français" in soup.select_one(".results .tags").get_text()
    assert "لغات أخرى" in soup.get_text() or "other languages" in soup.get_text()
    assert client.get(link["href"]).status_code in (200, 302)


def test_of_several_translations_the_readers_own_is_shown(site, client):
    page = factories.live(factories.play(title="Zorbing"))
    copy = page.copy_for_translation(Locale.objects.get(language_code="fr"))
    copy.title = "Zorbing en français"
    copy.save_revision()
    factories.live(factories.fresh(copy))
    assert found(client, "zorbing", "fr") == ["Zorbing en français"]
    assert found(client, "zorbing") == ["Zorbing"]
    assert found(client, "zorbing", "ar") == ["Zorbing"]


def test_results_say_kind_standing_and_threats(site, client):
    factories.live(factories.play(title="Zorbing old", status="historic"))
    factories.live(factories.play(title="Zorbing late", review_due=datetime.date(2020, 1, 1)))
    soup = BeautifulSoup(answer(client, "zorbing").content, "html.parser")
    tags = {
        item.a.get_text(): item.select_one(".tags").get_text(" ")
        for item in soup.select(".results > li")
    }
    assert "Historic" in tags["Zorbing old"]
    assert "Review overdue" in tags["Zorbing late"]
    assert "Smears and false stories" in tags["Zorbing late"]
    assert "Play" in tags["Zorbing late"]
    assert found(client, "zorbing") == ["Zorbing late", "Zorbing old"]


def test_results_come_in_pages(site, client, monkeypatch):
    monkeypatch.setattr("playbook.search.views.ON_A_PAGE", 3)
    for number in range(5):
        factories.live(factories.play(title=f"Zorbing {number}"))
    first = answer(client, "zorbing", kind="play")
    assert len(first.context["results"]) == 3
    soup = BeautifulSoup(first.content, "html.parser")
    following = soup.select_one('a[rel="next"]')["href"]
    second = client.get("/en/search/" + following)
    assert len(second.context["results"]) == 2
    titles = {result.title for result in (*first.context["results"], *second.context["results"])}
    assert len(titles) == 5
    for page in ("0", "99", "-1", "x", "", "1e9", "٢"):
        assert answer(client, "zorbing", page=page).status_code == 200


def test_as_many_queries_for_many_results_as_for_few(site, client):
    def asked():
        with CaptureQueriesContext(connection) as captured:
            shown = len(answer(client, "zorbing police").context["results"])
        return shown, len(captured)

    factories.live(factories.play(title="Zorbing one"))
    factories.live(factories.case(title="Zorbing case"))
    asked()
    few, queries = asked()
    for number in range(6):
        factories.live(factories.play(title=f"Zorbing {number}"))
        factories.live(factories.case(title=f"Zorbing case {number}", region=f"R{number}"))
    factories.live(factories.play("fr", title="Zorbing"))
    asked()
    many, more = asked()
    assert (few, many) == (2, 15)
    assert more == queries
    assert queries <= 20


def test_only_the_best_are_looked_at_and_this_is_said(site, client, monkeypatch):
    monkeypatch.setattr(matching, "MOST", 3)
    monkeypatch.setattr("playbook.search.views.MOST", 3)
    for number in range(5):
        factories.live(factories.play(title=f"Zorbing {number}"))
    soup = BeautifulSoup(answer(client, "zorbing").content, "html.parser")
    assert len(soup.select(".results > li")) == 3
    assert "Only the 3 best" in soup.get_text()


def test_a_misspelt_word_is_put_right_and_this_is_said(site, client):
    factories.live(factories.play(title="The herons of the coast"))
    soup = BeautifulSoup(answer(client, "hernos").content, "html.parser")
    assert soup.select_one(".results a").get_text() == "The herons of the coast"
    notes = soup.select_one(".note").get_text()
    assert "hernos" in notes
    assert "herons" in notes


def test_nothing_found_leads_on(site, client):
    factories.live(factories.play(title="Something"))
    for text in ("", "qqqqzzzz", "***"):
        soup = BeautifulSoup(answer(client, text).content, "html.parser")
        links = [link["href"] for link in soup.select("main .more a")]
        assert {"/en/triage/", "/en/support/"} <= set(links)
        assert len([link for link in links if link.startswith("/en/threats/")]) == 4


ABSURD = [
    "a" * 10_000, "ab " * 3_400, "\x00", "po\x00lice", "\x01\x02\x1b[31m", '"', '"unbalanced', "'",
    "''''", "police'; DROP TABLE x; --", "*", "pol*", "*ice", "a AND", "AND OR NOT", "NEAR(a b, 2)",
    "title : police", "{title} : x", "^police", "-police", "police & | !", "(police", "police)",
    "a:*b", "<->", "!!", "%", "%s %d %(x)s", "\\", "\\'", "<script>alert(1)</script>",
    "\u202eecilop",
    "\ud7ff\uffff\ufffd", "🏴" * 50, "ا" * 300, "₹½²", "०१२", "و" * 100, "../../etc",
    "{{ 7 }}", "police " + "\n" * 50,
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ar"])
def test_absurd_queries_get_a_helpful_page(site, client, language):
    factories.live(factories.play(title="Police"))
    for text in ABSURD:
        said = answer(client, text, language)
        assert said.status_code == (400 if len(text) > 300 else 200), text
        soup = BeautifulSoup(said.content, "html.parser")
        assert len(soup.find_all("h1")) == 1, text
        assert soup.select_one("form.find"), text
        assert not soup.select("main script"), text


@pytest.mark.parametrize(
    "data",
    [
        "q=%ff%fe", "q=%00", "q", "q=a&q=b", "page=%00", "kind=%00&q=a", "threat=" + "x" * 5000,
        "&".join(["region=a"] * 500), "language=xx", "q=%ED%A0%80", "status='&phase=\"",
    ],
)  # fmt: skip
def test_absurd_addresses_get_a_helpful_page(site, client, data):
    assert client.get(f"/en/search/?{data}").status_code == 200


def test_only_reading_is_allowed(site, client):
    assert client.post("/en/search/", {"q": "a"}).status_code == 405
    assert client.head("/en/search/", {"q": "a"}).status_code == 200


def test_no_trace_of_a_query_is_left(site, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.WARNING)
    client = Client()
    for text in ("secretword", "secretword " * 100, "secretword\x00"):
        said = answer(client, text)
        assert not said.cookies
        assert "no-store" in said["Cache-Control"]
        assert said["X-Robots-Tag"] == "noindex"
        assert 'content="noindex"' in said.content.decode()
    written = caplog.text + "".join(capfd.readouterr())
    assert "secretword" not in written


def test_the_index_can_be_made_again(site, client):
    factories.live(factories.play(title="Zorbing"))
    IndexEntry.objects.all().delete()
    assert found(client, "zorbing") == []
    call_command("wagtail_update_index", verbosity=0)
    assert found(client, "zorbing") == ["Zorbing"]


def test_indexing_a_page_asks_little(site):
    page = factories.live(factories.play(title="Zorbing"))
    case = factories.live(factories.case(title="Zorbing"))
    assert isinstance(case, CasePage)
    for item in (page, case):
        fields = [field for field in item.get_search_fields() if hasattr(field, "sources")]
        with CaptureQueriesContext(connection) as captured:
            texts = [field.get_value(item) for field in fields]
        assert texts[0].startswith("zorbing")
        assert len(captured) == 0
