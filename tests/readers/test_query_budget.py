"""Reader pages ask the database little, and no more for many items than for few."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from wagtail.models import Locale

from playbook.models import Dimension, Mechanism, PlayPage, Sector
from tests import factories

pytestmark = pytest.mark.django_db
# What is looked up once for all pages and kept until something changes: site, home, sections,
# terms of four kinds, the node's look, whether any page is restricted.
FRAME = 30


def queries(client, address: str) -> int:
    """Return how many queries a page makes that is not in the page cache, while nothing changes."""
    _counted(client, address)  # the frame is looked up, pictures are drawn
    return _counted(client, address)


def _counted(client, address: str) -> int:
    # What is kept is kept by language, also before the address has said which one that is.
    with translation.override("en"), CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def full_play(language: str = "en", evidence: int = 3) -> PlayPage:
    """Return a live play with everything that a play can have."""
    own = {"locale": Locale.get_default()}
    page = factories.play(
        language,
        threats=[factories.threat("media"), factories.threat("coercive")],
        picture=factories.picture(),
        picture_alt="A heron on a pond",
        preconditions="<p>a</p>",
        worse="<p>b</p>",
        stop_conditions="<p>c</p>",
        local_legal_note="<p>d</p>",
    )
    page.mechanisms = list(Mechanism.objects.filter(**own)[:2])
    page.sectors = list(Sector.objects.filter(**own)[:2])
    page.dimensions = list(Dimension.objects.filter(**own)[:2])
    page.save_revision()
    for _number in range(evidence):
        factories.evidence(page, factories.live(factories.case()))
    return factories.live(factories.fresh(page))


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_play_makes_ten_queries_at_most(site, client, language):
    page = full_play(language)
    text = client.get(page.url).content.decode()
    assert text.count("/cases/one-voice-") >= 3
    assert queries(client, page.url) <= 10


def test_a_play_makes_no_more_queries_for_more_evidence(site, client):
    few, many = full_play(evidence=1), full_play(evidence=6)
    assert queries(client, few.url) == queries(client, many.url)


def test_the_terms_of_a_page_are_named_in_the_language_shown(site, client):
    page = full_play("ar")
    tags = factories.read(client, page.url).select("dd.tags span")
    names = {tag.get_text(strip=True) for tag in tags}
    for term in [*page.threats.all(), *page.mechanisms.all(), *page.sectors.all()]:
        assert term.get_translation(Locale.objects.get(language_code="ar")).name in names


def test_the_first_page_after_a_change_looks_the_frame_up(site, client):
    page = full_play()
    warm = queries(client, page.url)
    page.save()
    assert warm < _counted(client, page.url) <= warm + FRAME
    assert _counted(client, page.url) == warm


def test_with_nothing_kept_at_all_a_page_still_answers(site, client):
    page = full_play()
    cache.clear()
    assert _counted(client, page.url) > 0


def test_home_and_lists_ask_little_and_no_more_for_more_items(site, client):
    most = {"/en/": 6, "/en/plays/": 6, "/en/cases/": 6, "/en/plays/for/media/": 8, "/ar/": 6}
    full_play(evidence=1)
    few = {address: queries(client, address) for address in most}
    assert {address for address in most if few[address] > most[address]} == set()
    for _number in range(3):
        full_play(evidence=2)
    assert {address: queries(client, address) for address in most} == few


def test_a_case_asks_little_and_no_more_for_more_plays(site, client):
    case = factories.live(factories.case())
    counts = []
    for _number in range(3):
        play = factories.play()
        factories.evidence(play, case)
        factories.live(factories.fresh(play))
        counts.append(queries(client, case.url))
    assert counts[0] <= 8
    assert len(set(counts)) == 1
