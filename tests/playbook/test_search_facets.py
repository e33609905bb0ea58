"""The facets of the page of results: what they narrow, what they count, how a choice is undone."""

import pytest
from bs4 import BeautifulSoup
from django.db import transaction
from wagtail.models import Locale

from playbook.indexing import indexed_once
from playbook.models import Mechanism
from tests import factories
from tests.playbook.test_search import answer, found

# One worker has them all: the pages are made once.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("facets")]


@pytest.fixture(autouse=True, scope="module")
def _zorbs(django_db_setup, django_db_blocker):
    """Lay them out once: the tests only read."""
    with django_db_blocker.unblock(), transaction.atomic():
        with indexed_once():
            make_zorbs()
        yield
        transaction.set_rollback(True)


def make_zorbs() -> None:
    """Make pages that differ in what the facets ask, one of them in two languages."""
    mechanism = Mechanism.objects.get(code="legal-support", locale__language_code="en")
    page = factories.play(title="Zorb play", phase="now", threats=[factories.threat("media")])
    page.mechanisms = [mechanism]
    page.save_revision()
    factories.live(factories.fresh(page))
    coercive = [factories.threat("coercive")]
    factories.live(factories.play(title="Zorb later", phase="weeks", threats=coercive))
    factories.live(factories.case(title="Zorb case", region="Coast", threats=coercive))
    factories.live(factories.case(title="Zorb hill", region="Hills", status="historic"))
    french = factories.live(factories.play("fr", title="Zorb français", phase="now"))
    copy = french.copy_for_translation(Locale.objects.get(language_code="ar"))
    copy.save_revision()
    factories.live(factories.fresh(copy))


@pytest.mark.parametrize(
    ("chosen", "titles"),
    [
        ({"kind": "case"}, {"Zorb case", "Zorb hill"}),
        ({"kind": ["case", "play"], "threat": "coercive"}, {"Zorb later", "Zorb case"}),
        ({"phase": "now"}, {"Zorb play", "Zorb français"}),
        ({"mechanism": "legal-support"}, {"Zorb play"}),
        ({"region": "Coast"}, {"Zorb case"}),
        ({"language": "fr"}, {"Zorb français"}),
        ({"status": "historic"}, {"Zorb hill"}),
        ({"kind": "case", "status": "historic", "region": "Coast"}, set()),
        ({"kind": "nonsense"}, set()),
    ],
)
def test_facets_narrow(client, chosen, titles):
    assert set(found(client, "zorb", **chosen)) == titles
    browsed = found(client, "", **chosen)
    assert {title for title in browsed if title.startswith("Zorb")} == titles


def test_facets_count_what_each_choice_would_leave(client):
    shown = {facet.name: facet for facet in answer(client, "zorb", kind="case").context["facets"]}
    counts = {
        name: {choice.name: choice.count for choice in facet.choices}
        for name, facet in shown.items()
    }
    assert counts["kind"] == {"play": 3, "case": 2}
    assert counts["region"] == {"Coast": 1, "Hills": 1}
    assert counts["status"] == {"Current": 1, "Historic": 1}
    assert "phase" not in counts
    (chosen,) = [choice.value for choice in shown["kind"].choices if choice.chosen]
    assert chosen == "case"


def test_facets_are_a_form_that_keeps_the_words(client):
    soup = BeautifulSoup(answer(client, "zorb").content, "html.parser")
    form = soup.select_one(".facets form")
    assert form["method"] == "get"
    assert form.select_one('input[name="q"]')["value"] == "zorb"
    for box in form.select('input[type="checkbox"]'):
        titles = found(client, "zorb", **{box["name"]: box["value"]})
        assert f"({len(titles)})" in box.find_parent("label").get_text()


def test_what_was_chosen_is_said_and_can_be_undone(client):
    soup = BeautifulSoup(answer(client, "zorb", kind="case").content, "html.parser")
    assert soup.select_one("section > p.tags span").get_text() == "Case"
    assert soup.select_one("section > p.tags a")["href"] == "/en/search/?q=zorb"
    assert soup.select_one('input[name="kind"][value="case"]').has_attr("checked")
    assert not soup.select_one('input[name="kind"][value="play"]').has_attr("checked")
