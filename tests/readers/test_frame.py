"""What stands around every reader page: ways on, ways out, languages, and how it travels."""

import gzip
import hashlib

import pytest
from django.conf import settings
from wagtail.models import Locale

from playbook.models import PlayIndexPage
from playbook.setup import section_for
from tests import factories

pytestmark = pytest.mark.django_db
PAGES = ["/en/", "/ar/plays/", "/en/nothing/"]


@pytest.mark.parametrize("address", PAGES)
def test_leaving_is_a_plain_link_twice_on_every_page(site, client, address):
    answer = client.get(address)
    links = factories.BeautifulSoup(answer.content, "html.parser").select("a[data-leave]")
    assert len(links) == 2
    assert links[0]["class"] == ["skip"]
    for link in links:
        assert link["href"] == settings.PLAYBOOK_NEUTRAL_SITE
        assert link["rel"] == ["noreferrer"]
        assert link["referrerpolicy"] == "no-referrer"
        assert "target" not in link.attrs


def test_the_page_says_what_leaving_does_not_do(site, client):
    text = factories.read(client, "/en/").select_one(".leaving").get_text()
    assert "does not erase browser history, network records or downloaded files" in text


def test_only_sections_with_something_to_read_are_offered(site, client):
    before = [a["href"] for a in factories.read(client, "/en/").select("#map a")]
    assert {"/en/plays/", "/en/cases/", "/en/take-part/"} <= set(before)
    assert "/en/strategies/" not in before
    factories.live(factories.case())
    assert PlayIndexPage.objects.exists()
    assert section_for(PlayIndexPage.allowed_subpage_models()[0], "en").url in before


def test_the_home_page_asks_first_and_each_door_leads_to_questions(site, client):
    soup = factories.read(client, "/en/")
    assert soup.h1.get_text() == "What is happening?"
    doors = [a["href"] for a in soup.select(".doors a")]
    assert doors == [
        f"/en/triage/{code}/" for code in ("bureaucratic", "media", "coercive", "upheaval")
    ]
    words = soup.main.get_text()
    assert words.index("What is happening?") < words.index("When there is time")


def test_who_is_not_sure_or_needs_somebody_finds_a_way_before_what_can_wait(site, client):
    soup = factories.read(client, "/en/")
    waits = soup.find("h2", string="When there is time")
    before = [a["href"] for a in waits.find_all_previous("a") if a.find_parent("main")]
    assert {"/en/triage/unsure/", "/en/support/"} <= set(before)
    assert "/en/support/" not in [a["href"] for a in waits.find_next("ul").select("a")]
    assert factories.read(client, "/en/triage/unsure/").h1


# --- Languages ------------------------------------------------------------------------------


def test_what_is_not_translated_is_shown_in_another_language_with_a_label(site, client):
    page = factories.live(factories.play(slug="only-english", title="Only in English"))
    link = factories.read(client, page.url).select_one('.languages li[lang="fr"] a')
    assert link["href"] == "/fr/plays/only-english/"
    soup = factories.read(client, link["href"])
    assert soup.html["lang"] == "en"
    assert soup.h1.get_text() == "Only in English"
    assert soup.select_one("main > .note")["lang"] == "fr"
    assert soup.select_one('meta[name="robots"]')["content"] == "noindex"
    assert soup.select_one('link[rel="canonical"]')["href"].endswith("/en/plays/only-english/")


def test_an_address_in_another_family_leads_to_the_translation(site, client):
    page = factories.live(factories.play(slug="the-door"))
    french = page.copy_for_translation(Locale.objects.get(language_code="fr"))
    french.slug = "la-porte"
    french.save_revision()
    factories.live(french)
    answer = client.get("/fr/plays/the-door/")
    assert answer.status_code == 302
    assert answer["Location"] == "/fr/plays/la-porte/"


def test_no_draft_and_no_private_page_is_shown_that_way(site, client):
    page = factories.play(slug="a-draft")
    assert client.get("/fr/plays/a-draft/").status_code == 404
    page = factories.live(page)
    assert client.get("/fr/plays/a-draft/").status_code == 200
    page.view_restrictions.create(restriction_type="login")
    assert client.get("/fr/plays/a-draft/").status_code == 404


def test_a_withdrawn_translation_answers_for_itself(site, client):
    page = factories.live(factories.play(slug="gone"))
    french = page.copy_for_translation(Locale.objects.get(language_code="fr"))
    french.save_revision()
    french = factories.live(french)
    french.withdraw("Wrong.", french.status_as_of)
    assert client.get("/fr/plays/gone/").status_code == 410


@pytest.mark.parametrize("address", ["/en/plays/for/media/", "/en/triage/media/"])
def test_switching_the_language_stays_at_what_is_shown(site, client, address):
    link = factories.read(client, address).select_one('.languages li[lang="ar"] a')
    assert link["href"] == address.replace("/en/", "/ar/")


# --- Pages ----------------------------------------------------------------------------------


def test_a_play_is_read_in_the_order_in_which_it_is_needed(site, client):
    page = factories.live(
        factories.play(
            who_leads="The director",
            worse="<p>Hurry.</p>",
            stop_conditions="<p>Someone is hurt.</p>",
            visibility="private",
            local_legal_note="<p>Article one.</p>",
        )
    )
    headings = [h["id"] for h in factories.read(client, page.url).select("article h2[id]")]
    order = ["act", "avoid", "takes", "worse", "stop", "visibility", "steps", "legal", "provenance"]
    assert [name for name in headings if name in order] == order


def test_the_first_hour_card_has_the_first_five_steps_alone(site, client):
    steps = [factories.step(f"<p>Step {n}. And more.</p>") for n in range(1, 8)]
    page = factories.live(factories.play(steps=steps, stop_conditions="<p>Stop.</p>"))
    link = factories.read(client, page.url).select_one('a[href$="/card/"]')
    soup = factories.read(client, link["href"])
    assert len(soup.select(".act li")) == 5
    assert "Step 5" in soup.get_text()
    assert "Step 6" not in soup.get_text()
    assert "And more" not in soup.get_text()
    assert not soup.select(".avoid")
    page.unpublish()
    assert client.get(link["href"]).status_code == 404


def test_the_complete_case_shows_its_digest_before_the_click(site, client):
    data = b"%PDF-1.4 the whole case"
    page = factories.live(factories.case(complete_file=factories.document(data)))
    shown = factories.read(client, page.url).select_one(".file .hash").get_text()
    assert shown == hashlib.sha256(data).hexdigest()


def test_a_picture_waits_and_says_what_it_weighs(site, client):
    image = factories.picture(factories.picture_bytes(size=(1600, 900)))
    page = factories.live(factories.play(picture=image, picture_alt="A heron"))
    waiting = factories.read(client, page.url).select_one("details.waits")
    assert "open" not in waiting.attrs
    assert "A heron" in waiting.summary.get_text()
    assert "KB" in waiting.summary.get_text() or "bytes" in waiting.summary.get_text()
    source, shown = waiting.source, waiting.img
    assert source["type"] == "image/webp"
    assert [part.split()[1] for part in source["srcset"].split(", ")] == ["360w", "720w"]
    assert (shown["width"], shown["height"], shown["loading"]) == ("720", "405", "lazy")


def test_a_small_picture_is_offered_once(site, client):
    page = factories.live(factories.play(picture=factories.picture(), picture_alt="A heron"))
    source = factories.read(client, page.url).select_one("details.waits source")
    assert source["srcset"].count("40w") == 1


# --- Over the wire ----------------------------------------------------------------------------

GZIP = {"accept-encoding": "gzip"}


def test_a_reader_page_is_compressed(site, client):
    plain = client.get("/en/plays/").content
    answer = client.get("/en/plays/", headers=GZIP)
    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
    assert len(answer.content) < len(plain) / 2
    assert gzip.decompress(answer.content).startswith(b"\n") or b"<!doctype" in gzip.decompress(
        answer.content
    )


def test_nothing_is_compressed_for_a_session_or_in_the_admin(site, client, login):
    assert "Content-Encoding" not in client.get("/admin/login/", headers=GZIP)
    assert "Content-Encoding" not in login("editor").get("/en/plays/", headers=GZIP)
