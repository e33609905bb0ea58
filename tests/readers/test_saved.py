"""Reading without a network: the page about it, and what browsers are given for it."""

from pathlib import Path

import pytest

import playbook
from tests import factories

pytestmark = pytest.mark.django_db
STATIC = Path(playbook.__file__).parent / "static" / "playbook"


@pytest.mark.parametrize("language", ["en", "ar", "fr"])
def test_the_page_says_what_saving_leaves_on_the_device(site, client, language):
    soup = factories.read(client, f"/{language}/saved/")
    (root,) = soup.select("[data-offline]")
    assert root["data-list"] == f"/{language}/saved/"
    shown = [
        part["data-part"] for part in root.select("[data-part]") if not part.has_attr("hidden")
    ]
    assert shown == ["unavailable"]  # until a browser that can do it says otherwise
    if language == "en":
        assert "whoever opens this browser can find it" in soup.get_text()


def test_a_language_that_is_not_published_has_none(site, client):
    assert client.get("/sw/saved/").status_code == 404


def test_the_worker_is_served_from_the_root_and_asked_for_anew(site, client):
    answer = client.get("/offline-worker.js")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-cache"


def test_an_item_offers_to_save_itself_and_a_set_does_not(site, client):
    page = factories.live(factories.play())
    link = factories.read(client, page.url).select_one(".take-along a")["href"]
    root = factories.read(client, link).select_one("[data-offline]")
    assert root["data-page"] == page.url
    assert not factories.read(client, "/en/take-along/").select("[data-offline]")
    assert not factories.read(client, page.url).select("[data-offline], script[src*=offline]")


def test_all_scripts_for_readers_together_stay_small():
    assert sum(path.stat().st_size for path in STATIC.glob("*.js")) <= 8 * 1024
