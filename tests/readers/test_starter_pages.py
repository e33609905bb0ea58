"""What readers get, with the starter content live: every page, without a cookie or a script."""

import re

import pytest
from bs4 import BeautifulSoup
from django.db import transaction
from wagtail.models import Page

from playbook.starter.loader import load_starter
from tests import factories

# One worker has them all: the starter texts are loaded once.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("starter-pages")]
LANGUAGES = [("en", "ltr"), ("ar", "rtl"), ("fr", "ltr")]


@pytest.fixture(autouse=True, scope="module")
def _starter(django_db_setup, django_db_blocker):
    """Load it once for this module: the tests only read."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_starter(["en", "ar", "fr"], live=True)
        yield
        transaction.set_rollback(True)


def every_page():
    return [page.url for page in Page.objects.live().filter(depth__gt=1)]


def test_no_page_sets_a_cookie_writes_a_script_or_loads_from_elsewhere(client):
    addresses = [*every_page(), "/en/plays/for/media/", "/ar/nothing/"]
    assert len(addresses) > 30
    for address in addresses:
        answer = client.get(address)
        assert not answer.cookies, address
        assert "Cookie" not in answer.headers.get("Vary", ""), address
        soup = BeautifulSoup(answer.content, "html.parser")
        assert not soup.find_all("iframe"), address
        scripts = soup.find_all("script")
        assert [script["src"] for script in scripts] == ["/static/playbook/reader.js"], address
        assert not any(script.get_text() for script in scripts), address
        assert not soup.find_all(style=True), address
        assert not re.search(rb"\son[a-z]+=", answer.content), address
        for tag, name in (("link", "href"), ("img", "src")):
            for found in soup.find_all(tag, **{name: True}):
                kind = set(found.get("rel") or [])
                assert kind & {"alternate", "canonical"} or found[name].startswith("/"), address


def test_every_page_has_one_heading_a_skip_link_and_ids_that_are_there_once(client):
    for address in every_page():
        soup = factories.read(client, address)
        assert len(soup.find_all("h1")) == 1, address
        assert soup.select_one('a.skip[href="#main"]'), address
        ids = [tag["id"] for tag in soup.find_all(id=True)]
        assert len(ids) == len(set(ids)), address
        for label in soup.select("[aria-labelledby]"):
            assert label["aria-labelledby"] in ids, address


@pytest.mark.parametrize(("language", "direction"), LANGUAGES)
def test_language_and_direction_are_on_the_page(client, language, direction):
    soup = factories.read(client, f"/{language}/plays/officials-at-the-door/")
    assert soup.html["lang"] == language
    assert soup.html["dir"] == direction


def test_home_asks_what_is_happening_and_leads_to_the_next_question(client):
    soup = factories.read(client, "/en/")
    assert soup.h1.get_text() == "What is happening?"
    doors = soup.select(".doors a")
    assert len(doors) == 4
    for door in doors:
        soup = factories.read(client, door["href"])
        assert soup.h1.get_text(strip=True).endswith("?")
        assert soup.select('main a[href^="/en/triage/"]')
    assert "The first hour" in factories.read(client, "/en/plays/for/media/").get_text()


def test_a_play_reads_in_the_order_of_need(client):
    soup = factories.read(client, "/en/plays/officials-at-the-door/")
    assert [heading.get_text() for heading in soup.find_all("h2")] == [
        "Act now", "Do not", "What it takes", "What could make it worse", "Stop if",
        "Who may know", "All steps", "Templates to fill in", "Strategies with this play",
        "Filed under", "Version and origin", "Was this useful?", "Print or save",
    ]  # fmt: skip
    assert len(soup.select(".act li")) == 5
    assert len(soup.select(".steps > li")) > 5
    for link in soup.select(".act a"):
        assert soup.select_one(link["href"])


def test_the_switcher_leads_to_the_translation_or_says_that_there_is_none(client):
    soup = factories.read(client, "/en/plays/quiet-diplomacy/")
    arabic = soup.select_one('.languages li[lang="ar"]')
    assert arabic.a["href"] == "/ar/plays/quiet-diplomacy/"
    assert arabic.small
    assert factories.read(client, arabic.a["href"]).main.select_one('.note[lang="ar"]')
    soup = factories.read(client, "/en/plays/officials-at-the-door/")
    arabic = soup.select_one('.languages li[lang="ar"]')
    assert arabic.a["href"] == "/ar/plays/officials-at-the-door/"
    assert not arabic.small
    assert {link["hreflang"] for link in soup.select("link[hreflang]")} == {"en", "ar", "fr"}


@pytest.mark.parametrize(
    ("address", "limit"),
    [("/en/", 18), ("/en/plays/", 18), ("/ar/plays/officials-at-the-door/", 25)],
)
def test_pages_ask_the_database_little(client, django_assert_max_num_queries, address, limit):
    client.get(address)
    with django_assert_max_num_queries(limit):
        client.get(address)
