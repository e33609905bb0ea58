"""What readers get of each kind of item besides plays and cases, and of its list."""

import datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import Locale
from wagtailmedia.models import Media

from playbook.models import (
    EpisodePage,
    EventPage,
    Evidence,
    FindingCase,
    FindingPage,
    GroupPage,
    JoinPage,
    OrganisationPage,
    PlayPage,
    StandardPage,
    StrategyPage,
    StrategyStage,
    SupportOfferPage,
    TemplatePage,
)
from playbook.publishing import PublicationRefused
from playbook.setup import section_for
from playbook.workflows import publish_trusted
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = datetime.date.today()


def days(number):
    return TODAY + datetime.timedelta(days=number)


def strategy(*plays, **fields):
    page = factories.item(StrategyPage, **fields)
    page.stages = [
        StrategyStage(play=play, sort_order=place, why=f"Reason {place}.", decision="The board.")
        for place, play in enumerate(plays)
    ]
    page.save_revision()
    return factories.live(factories.fresh(page))


def finding(*cases, **fields):
    page = factories.item(FindingPage, **fields)
    page.cases = [FindingCase(page=case, lesson="Ask first.") for case in cases]
    page.save_revision()
    return factories.live(factories.fresh(page))


def text_of(client, address, status=200):
    return " ".join(factories.read(client, address, status).main.get_text(" ").split())


# --- Strategies -------------------------------------------------------------------------------


def test_a_strategy_is_its_plays_in_order_with_a_decision_after_each(site, client):
    first, hidden, last = (factories.play(title=name) for name in ("Breathe", "Secret", "Rest"))
    page = strategy(factories.live(first), hidden, factories.live(last))
    soup = factories.read(client, page.url)
    stages = [" ".join(item.get_text(" ").split()) for item in soup.select(".steps > li")]
    assert "Breathe" in stages[0]
    assert "Reason 0." in stages[0]
    assert "Decide before you go on: The board." in stages[0]
    assert "A play that is not published here" in stages[1]
    assert "Rest" in stages[2]
    assert "Secret" not in soup.get_text()
    assert soup.select(".steps a")[0]["href"] == first.url


def test_strategies_are_listed_by_goal_and_by_threat(site, client):
    play = factories.live(factories.play())
    strategy(play, title="Guard", threats=[factories.threat("media")])
    strategy(play, title="Train", goal="prepare", threats=[factories.threat("coercive")])
    soup = factories.read(client, "/en/strategies/")
    assert [heading.get_text() for heading in soup.main.find_all("h2")] == ["Protect", "Prepare"]
    text = text_of(client, "/en/strategies/for/media/")
    assert "Guard" in text
    assert "Train" not in text


# --- Findings ---------------------------------------------------------------------------------


def test_a_finding_says_how_many_real_cases_support_it(site, client):
    real, draft = factories.live(factories.case(title="Real")), factories.case(title="Hidden draft")
    composite = factories.live(factories.case(title="Composite", composite=True))
    page = finding(real, composite, draft, title="Ask first")
    text = text_of(client, page.url)
    assert "Supported by 1 case." in text
    assert "Training examples are listed and not counted." in text
    listed = factories.read(client, page.url).select("section[aria-labelledby=cases] li")
    assert [item.a.get_text() for item in listed] == ["Real", "Composite"]
    assert all("Ask first." in item.get_text() for item in listed)
    assert "Hidden draft" not in text
    assert "Supported by 1 case." in text_of(client, "/en/findings/")


def test_a_hypothesis_without_a_real_case_is_marked(site, client):
    page = finding(factories.live(factories.case(composite=True)), hypothesis=True)
    text = text_of(client, page.url)
    assert "Hypothesis: not yet shown by real cases." in text
    assert "No real case supports it yet." in text
    assert "Hypothesis" in text_of(client, "/en/findings/")


def test_a_finding_without_a_case_is_not_published(site):
    page = factories.item(FindingPage)
    with pytest.raises(PublicationRefused, match="names no case"):
        publish_trusted(page.get_latest_revision(), reason="a test")
    assert not factories.fresh(page).live


# --- Both sides of a relation -----------------------------------------------------------------


def test_a_play_shows_templates_support_evidence_and_strategies(site, client):
    template = factories.live(factories.item(TemplatePage, title="Sheet"))
    offer = factories.live(factories.item(SupportOfferPage, title="Counsel"))
    ended = factories.item(SupportOfferPage, title="Ended", expires=TODAY, verified_on=days(-9))
    over = factories.live(ended)
    play = factories.play()
    play.templates, play.support = [template], [offer, over]
    play.evidence = [Evidence(page=factories.live(factories.case(title="Proof")), stance="against")]
    play.save_revision()
    play = factories.live(factories.fresh(play))
    plan = strategy(play, title="Plan")
    soup = factories.read(client, play.url)
    links = {link.get_text(): link["href"] for link in soup.main.select("section a")}
    assert links["Sheet"] == template.url
    assert links["Counsel"] == offer.url
    assert links["Plan"] == plan.url
    assert "Proof" in links
    assert "Ended" not in links
    assert "Real cases this rests on: 1" in soup.get_text()
    for page in (template, offer):
        assert play.title in text_of(client, page.url)


def test_a_case_shows_its_episode_plays_and_findings(site, client):
    episode = factories.live(factories.item(EpisodePage, title="Three voices"))
    case = factories.live(factories.case(title="Proof", episode=episode))
    play = factories.play(title="Act")
    factories.evidence(play, case, "against")
    draft = factories.play(title="Unfinished")
    factories.evidence(draft, case)
    play = factories.live(factories.fresh(play))
    rests = finding(case, title="Lesson")
    soup = factories.read(client, case.url)
    links = {link.get_text(): link["href"] for link in soup.main.select("section a")}
    assert links["Three voices"] == episode.url
    assert links["Act"] == play.url
    assert links["Lesson"] == rests.url
    assert "Unfinished" not in links
    assert "Proof" in text_of(client, episode.url)


def test_a_relation_leads_to_the_translation_or_names_the_language(site, client):
    template = factories.live(factories.item(TemplatePage, title="Sheet"))
    play = factories.play(title="Act")
    play.templates = [template]
    play.save_revision()
    play = factories.live(factories.fresh(play))
    arabic = play.copy_for_translation(Locale.objects.get(language_code="ar"))
    arabic.title = "تصرّفوا"
    arabic.save_revision()
    arabic = factories.live(arabic)
    link = factories.read(client, arabic.url).select_one("section a[hreflang='en']")
    assert link.get_text() == "Sheet"
    assert (link["lang"], link["dir"]) == ("en", "ltr")
    assert "English" in link.parent.get_text()
    translated = template.copy_for_translation(Locale.objects.get(language_code="ar"))
    translated.title = "ورقة"
    translated.save_revision()
    translated = factories.live(translated)
    links = [
        link.get_text() for link in factories.read(client, arabic.url).main.select("section a")
    ]
    assert "ورقة" in links
    assert "Sheet" not in links
    # And from the other side, though only the English play names the English template.
    assert "تصرّفوا" in text_of(client, translated.url)


def test_a_language_that_is_not_published_is_not_linked(site, client, settings):
    case = factories.live(factories.case("sw", title="Siri"))
    play = factories.play(title="Act")
    factories.evidence(play, case)
    play = factories.live(factories.fresh(play))
    assert "Siri" not in text_of(client, play.url)


def test_a_preview_shows_the_relations_of_the_draft(people, login):
    template = factories.live(factories.item(TemplatePage, title="Sheet"))
    play = factories.live(factories.play(by=people.editor))
    play.templates = [template]
    play.save_revision(user=people.editor)
    answer = login("editor").get(f"/admin/pages/{play.pk}/view_draft/")
    assert "Sheet" in answer.content.decode()
    assert "Sheet" not in login("editor").get(play.url).content.decode()


# --- Templates --------------------------------------------------------------------------------


def test_a_template_is_blank_and_says_that_nothing_is_kept(site, client):
    parts = [
        factories.form_part(),
        {"type": "levels", "value": {"heading": "Levels", "levels": [
            {"name": "Watch", "trigger": "A letter", "response": ""}]}},
        {"type": "checklist", "value": {"heading": "First hour", "lines": ["Call", "Note"]}},
        {"type": "text", "value": "<p>Read it aloud.</p>"},
    ]  # fmt: skip
    page = factories.live(factories.item(TemplatePage, parts=parts))
    soup = factories.read(client, page.url)
    rows = soup.select(".blank-table tbody tr")
    assert [row.get_text(strip=True) for row in rows] == ["Lead", "", ""]
    assert soup.select_one(".blank-table th[scope=row]").get_text() == "Lead"
    assert not soup.main.find_all(["input", "textarea"])
    text = text_of(client, page.url)
    assert "A filled copy is never kept on this site." in text
    assert "Watch" in text
    assert "Read it aloud." in text


# --- Support ----------------------------------------------------------------------------------


def test_offers_are_grouped_by_kind_and_say_when_they_were_verified(site, client):
    for kind, title in (("wellbeing", "Rest"), ("legal", "Counsel"), ("legal", "Court")):
        factories.live(
            factories.item(SupportOfferPage, kind=kind, title=title, response_time="One day")
        )
    soup = factories.read(client, "/en/support/")
    assert [h.get_text() for h in soup.main.find_all("h2")] == ["Legal", "Care and wellbeing"]
    text = text_of(client, "/en/support/")
    assert text.count("Verified on") == 3
    assert "One day" in text
    assert "Getting in touch leaves traces" in text


@pytest.mark.parametrize(("expires", "shown"), [(days(1), True), (TODAY, False), (days(-1), False)])
def test_an_offer_is_hidden_on_the_day_it_expires(site, client, expires, shown):
    page = factories.live(
        factories.item(
            SupportOfferPage, title="Counsel", expires=expires, verified_on=days(-40),
            contact_route="<p>Ring the bell.</p>",
        )
    )  # fmt: skip
    assert ("Counsel" in text_of(client, "/en/support/")) == shown
    text = text_of(client, page.url, 200 if shown else 410)
    assert ("Ring the bell." in text) == shown
    assert ("This offer of support has ended" in text) != shown


def test_without_an_offer_the_list_says_what_else_to_do(site, client):
    assert "No offer is listed here now." in text_of(client, "/en/support/")


# --- Episodes ---------------------------------------------------------------------------------


def sound(name="talk.mp3"):
    upload = SimpleUploadedFile(name, b"x" * 3072)
    return Media.objects.create(title="Talk", file=upload, type="audio", duration=61)


def test_the_size_and_format_stand_before_the_audio_and_nothing_is_loaded(site, client):
    page = factories.live(factories.item(EpisodePage, audio=sound()))
    soup = factories.read(client, page.url)
    player = soup.select_one("audio")
    assert player["preload"] == "none"
    assert not player.has_attr("autoplay")
    before = " ".join(" ".join(player.find_all_previous(string=True)[::-1]).split())
    assert "MP3 · 3.0 KB" in before.replace("\xa0", " ")
    assert "2 minutes" in before
    assert client.get(player["src"]).status_code == 200
    assert "We were afraid." in soup.select_one("section[aria-labelledby=transcript]").get_text()
    assert "Withheld" in soup.get_text()


def test_an_episode_without_audio_is_its_transcript(site, client):
    page = factories.live(factories.item(EpisodePage))
    soup = factories.read(client, page.url)
    assert soup.select_one("audio") is None
    assert "The audio is not here. The transcript is complete." in soup.get_text()
    assert page.title in text_of(client, "/en/podcast/")


def test_an_episode_whose_file_is_lost_still_reads(site, client):
    media = sound()
    page = factories.live(factories.item(EpisodePage, audio=media))
    media.file.storage.delete(media.file.name)
    assert "We were afraid." in text_of(client, page.url)
    assert page.title in text_of(client, "/en/podcast/")


# --- People and events ------------------------------------------------------------------------


def test_only_those_who_asked_to_be_seen_are_seen(site, client):
    for listing in ("unlisted", "members", "public"):
        factories.live(factories.item(OrganisationPage, title=f"Org {listing}", listing=listing))
    group = factories.item(GroupPage, title="Coalition", listing="public")
    group.organisations = list(OrganisationPage.objects.all())
    group.save_revision()
    group = factories.live(factories.fresh(group))
    for address in ("/en/network/", group.url):
        text = text_of(client, address)
        assert "Org public" in text
        assert "Org unlisted" not in text
        assert "Org members" not in text
    for page in OrganisationPage.objects.all():
        status = 200 if page.listing == "public" else 404
        assert client.get(page.url).status_code == status
    assert "Coalition" in text_of(client, OrganisationPage.objects.get(listing="public").url)


def test_members_are_seen_by_those_who_are_logged_in(people, login, client):
    page = factories.live(factories.item(OrganisationPage, title="Quiet", listing="members"))
    assert "Quiet" in text_of(login("editor"), page.url)
    assert "Quiet" in text_of(login("editor"), "/en/network/")
    assert client.get(page.url).status_code == 404
    assert not OrganisationPage.objects.seen_by(AnonymousUser()).exists()


def test_an_offer_does_not_give_away_an_unlisted_organisation(site, client):
    hidden = factories.live(factories.item(OrganisationPage, title="Unseen"))
    shown = factories.live(factories.item(OrganisationPage, title="Seen", listing="public"))
    for organisation in (hidden, shown):
        factories.live(
            factories.item(SupportOfferPage, title=f"By {organisation.pk}", offered_by=organisation)
        )
    offers = {offer.offered_by_id: offer for offer in SupportOfferPage.objects.all()}
    assert "Unseen" not in text_of(client, offers[hidden.pk].url)
    assert "Seen" in text_of(client, offers[shown.pk].url)
    assert offers[shown.pk].title in text_of(client, shown.url)
    assert "Unseen" not in text_of(client, "/en/support/")


def test_events_are_coming_or_past_and_lead_to_their_findings(site, client):
    lesson = finding(factories.live(factories.case()), title="Lesson")
    past = factories.item(EventPage, title="Forum", begins=days(-9), ends=days(-8))
    past.outcomes = [lesson]
    past.save_revision()
    past = factories.live(factories.fresh(past))
    factories.live(factories.item(EventPage, title="Meeting", begins=days(-1), ends=TODAY))
    soup = factories.read(client, "/en/events/")
    sections = {s["aria-labelledby"]: s.get_text() for s in soup.main.find_all("section")}
    assert "Meeting" in sections["coming"]
    assert "Forum" in sections["past"]
    assert "Lesson" in text_of(client, past.url)
    assert "Who attends is never written down" in text_of(client, past.url)
    assert "Forum" in text_of(client, lesson.url)


# --- Texts ------------------------------------------------------------------------------------


def test_headings_of_a_text_follow_its_title(site, client):
    body = "<h3>One</h3><p>Words.</p><h4>Two</h4>"
    parent = factories.live(factories.item(StandardPage, body=body))
    child = StandardPage(title="Below", slug="below", body="<p>More.</p>", live=False)
    child.locale = parent.locale
    parent.add_child(instance=child)
    child.save_revision()
    factories.live(child)
    main = factories.read(client, parent.url).main
    assert [(h.name, h.get_text()) for h in main.find_all(["h1", "h2", "h3"])] == [
        ("h1", parent.title), ("h2", "One"), ("h3", "Two"), ("h2", "More"),
    ]  # fmt: skip
    assert main.select_one(".more a").get_text() == "Below"


def test_ways_to_take_part_each_name_their_route(site, client):
    page = section_for(JoinPage, "en")
    page.ways = [
        {"type": "role", "value": {
            "name": "Translate", "what": "<p>Read.</p>", "route": "<p>By post.</p>"}}
    ]  # fmt: skip
    page.save_revision()
    publish_trusted(page.get_latest_revision(), reason="a test")
    text = text_of(client, "/en/take-part/")
    assert "Translate" in text
    assert "By post." in text
    assert not factories.read(client, "/en/take-part/").main.find_all("form")


# --- Few queries ------------------------------------------------------------------------------


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as counted:
        assert client.get(address).status_code == 200
    return len(counted)


def fill(number):
    """One more of everything, each related to all the others."""
    play, case = PlayPage.objects.get(slug="hub"), factories.live(factories.case())
    play.evidence.add(Evidence(page=case))
    play.templates.add(factories.live(factories.item(TemplatePage)))
    play.support.add(factories.live(factories.item(SupportOfferPage)))
    play.save_revision()
    play = factories.live(factories.fresh(play))
    strategy(*[play] * (number + 1))
    finding(case)
    factories.live(factories.item(EpisodePage, audio=sound()))
    factories.live(factories.item(EventPage))
    factories.live(factories.item(OrganisationPage, listing="public"))


def test_pages_ask_no_more_when_there_is_more(site, client):
    factories.live(factories.play(slug="hub"))
    fill(1)
    wide = strategy(*PlayPage.objects.all(), slug="wide")
    broad = finding(*[link.page for link in FindingCase.objects.all()], slug="broad")
    addresses = [
        "/en/plays/hub/", wide.url, broad.url,
        *[f"/en/{name}/" for name in (
            "strategies", "findings", "templates", "support", "podcast", "events", "network",
        )],
    ]  # fmt: skip
    before = {address: queries(client, address) for address in addresses}
    for number in range(2, 4):
        fill(number)
    for page, rows in ((wide, "stages"), (broad, "cases")):
        page = factories.fresh(page)
        if rows == "stages":
            page.stages = [
                StrategyStage(play=factories.live(factories.play()), sort_order=n) for n in range(4)
            ]
        else:
            page.cases = [FindingCase(page=factories.live(factories.case())) for _ in range(4)]
        page.save_revision()
        factories.live(page)
    assert {address: queries(client, address) for address in addresses} == before
