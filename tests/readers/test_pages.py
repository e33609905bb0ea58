"""What readers get: the right page, in the right language, with what they need to know of it."""

import datetime

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from wagtail.documents.models import Document
from wagtail.models import Locale

from playbook import origin
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_threat_lists_its_plays_only(site, client):
    factories.live(factories.play(title="Smeared", threats=[factories.threat("media")]))
    factories.live(factories.play(title="Raided", threats=[factories.threat("coercive")]))
    text = factories.read(client, "/en/plays/for/media/").get_text()
    assert "Smeared" in text
    assert "Raided" not in text
    factories.read(client, "/en/plays/for/nothing/", status=404)


def test_a_draft_translation_is_not_offered(site, client):
    page = factories.live(factories.play(slug="here"))
    draft = page.copy_for_translation(Locale.objects.get(language_code="ar"))
    draft.save_revision()
    soup = factories.read(client, page.url)
    assert soup.select_one('.languages li[lang="ar"] small').get_text()
    assert factories.read(client, draft.url).html["lang"] == "en"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("ar", "ar"), ("ar-EG,ar;q=0.9,en;q=0.1", "ar"), ("fr-CA", "fr"), ("de,fr;q=0.5", "fr"),
        ("sw,de", "en"), ("", "en"), ("*", "en"), ("en;q=0.2,fr;q=0.8", "fr"), ("\x00;;q=x", "en"),
    ],
)  # fmt: skip
def test_the_root_chooses_a_published_language(site, client, accepted, language):
    answer = client.get("/", headers={"accept-language": accepted})
    assert answer.status_code == 302
    assert answer["Location"] == f"/{language}/"
    assert "Accept-Language" in answer["Vary"]
    assert not answer.cookies


@pytest.mark.parametrize(
    ("address", "language", "words"),
    [
        ("/en/nothing/", "en", "There is no page"),
        ("/ar/nothing/", "ar", "لا توجد صفحة"),
        ("/fr/plays/rien/", "fr", "pas de page"),
        ("/sw/plays/", "sw", "Hakuna ukurasa"),
    ],
)
def test_an_address_without_a_page_answers_in_the_readers_language(
    site, client, address, language, words
):
    soup = factories.read(client, address, status=404)
    assert soup.html["lang"] == language
    assert words in soup.get_text()
    assert soup.select_one('.more a[href="/en/"], .more a[href^="/fr/"], .more a[href^="/ar/"]')


def test_composite_cases_are_labelled_and_not_counted_as_evidence(site, client):
    play = factories.play()
    for composite in (True, False):
        factories.evidence(play, factories.live(factories.case(composite=composite)))
    factories.evidence(play, factories.case(title="Hidden draft"), "against")
    play = factories.live(factories.fresh(play))
    text = factories.read(client, play.url).get_text()
    assert "Real cases this rests on: 1" in text
    assert text.count("Composite training example, not a real event") == 1
    assert "Hidden draft" not in text


def test_links_in_texts_are_marked_as_leading_elsewhere(site, client):
    page = factories.live(factories.play(worse='<p><a href="https://a.example/">A</a></p>'))
    links = factories.read(client, page.url).select("main a[rel]")
    assert [link["href"] for link in links] == ["https://a.example/"]
    assert set(links[0]["rel"]) == {"noopener", "noreferrer", "external"}


def test_where_an_item_came_from_is_shown(site, client, monkeypatch):
    monkeypatch.setattr(origin, "_providers", [])
    page = factories.live(factories.play())
    assert "endorsed by" not in factories.read(client, page.url).get_text()

    @origin.register_origin_provider
    def provider(_page):
        return origin.Origin("Coast coalition", 2, ("The hub",), "https://coast.example/x/", False)

    strip = factories.read(client, page.url).select_one(".origin").get_text(" ", strip=True)
    assert "Coast coalition" in strip
    assert "The hub" in strip


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": "historic"}, "do not act on it"),
        ({"review_due": datetime.date(2020, 1, 1)}, "Nobody has checked this lately"),
        ({"draft_for_native_review": True}, "a native speaker has not reviewed it"),
    ],
)
def test_the_standing_of_an_item_is_said_in_words(site, client, fields, words):
    page = factories.live(factories.play(**fields))
    assert words in factories.read(client, page.url).get_text()


def test_a_picture_is_shown_with_its_words_and_size(site, client):
    image = factories.picture()
    page = factories.live(factories.play(picture=image, picture_alt="A heron on a pond"))
    shown = factories.read(client, page.url).select_one("img.picture")
    assert shown["alt"] == "A heron on a pond"
    assert shown["width"]
    assert shown["height"]


def test_a_download_says_its_kind_and_size_first(site, client):
    upload = factories.document(b"x" * 2048)
    page = factories.live(factories.case(complete_file=upload))
    text = factories.read(client, page.url).get_text()
    assert "PDF · 2.0\xa0KB" in text
    assert Document.objects.count() == 1


def test_a_preview_is_in_the_language_of_the_page(people, login):
    page = factories.play("ar", by=people.editor)
    answer = login("editor").get(reverse("wagtailadmin_pages:view_draft", args=[page.pk]))
    soup = BeautifulSoup(answer.content, "html.parser")
    assert soup.html["lang"] == "ar"
    assert "تصرّفوا الآن" in soup.get_text()
