"""Triage: a few questions, answers in the address, and an end that is of use to this reader."""

import pytest
from bs4 import BeautifulSoup
from django.db import transaction

from playbook.starter.loader import load_starter
from playbook.threats import load_threats
from playbook.triage.choosing import choose_plays
from playbook.triage.walk import read_path
from tests import factories

# One worker has them all: the starter texts are loaded once.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("triage")]
THREATS = ["bureaucratic", "media", "coercive", "upheaval"]


@pytest.fixture
def starter(shared_starter):
    """The twelve starter plays, live, in English and some of them in Arabic and French."""


@pytest.fixture(scope="module")
def shared_starter(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        load_starter(["en", "ar", "fr"], live=True)
        yield
        transaction.set_rollback(True)


def ends(tree, path=""):
    """Yield every walk that has come to its end, from every answer to every question."""
    walk = read_path(path, tree)
    if walk.question is None:
        yield walk
        return
    for option in walk.question.options:
        yield from ends(tree, walk.path + option.code)


def slugs(path):
    tree = load_threats()
    return [play.slug for play in choose_plays(read_path(path, tree), tree)]


# --- Where the paths end, with the starter plays -----------------------------------------------


def test_every_path_ends_after_three_to_five_questions_with_plays_that_fit(starter):
    tree = load_threats()
    walks = list(ends(tree))
    assert len(walks) > 500
    for walk in walks:
        assert 3 <= len(walk.steps) <= 5, walk.path
        plays = choose_plays(walk, tree)
        assert plays, walk.path
        assert len(plays) == len({play.pk for play in plays}) <= 4
        if walk.code("when") == "now":
            assert {play.phase for play in plays}.isdisjoint({"recover"}), walk.path
        if walk.code("people") == "detained":
            assert plays[0].slug == "staff-detained-or-ordered-to-leave", walk.path


@pytest.mark.parametrize(
    ("path", "best"),
    [
        ("bureaucratic/now/nobody/quiet/law", "unexpected-compliance-demand"),
        ("bureaucratic/now/nobody/quiet/unsure", "unexpected-compliance-demand"),
        ("bureaucratic/now/nobody/quiet/money", "accounts-frozen"),
        ("bureaucratic/now/nobody/quiet/contacts", "quiet-diplomacy"),
        ("bureaucratic/days/nobody/public/law", "comply-contest-restructure"),
        ("bureaucratic/before/quiet", "compliance-evidence-folder"),
        ("media/now/nobody/public/words", "false-story-spreading"),
        ("media/now/danger/quiet", "false-story-spreading"),
        ("media/before/public", "before-the-smear"),
        ("media/after/nobody/public", "after-the-crisis"),
        ("coercive/now/nobody/unsure/unsure", "officials-at-the-door"),
        ("coercive/now/danger/unsure", "officials-at-the-door"),
        ("coercive/now/nobody/quiet/money", "accounts-frozen"),
        ("coercive/days/nobody/quiet/contacts", "quiet-diplomacy"),
        ("coercive/now/detained/quiet", "staff-detained-or-ordered-to-leave"),
        ("coercive/before/quiet", "officials-at-the-door"),
        ("upheaval/now/nobody/quiet/contacts", "quiet-diplomacy"),
        ("upheaval/now/nobody/public/law", "comply-contest-restructure"),
        ("upheaval/before/unsure", "upheaval-watch"),
        ("upheaval/now/detained/unsure", "staff-detained-or-ordered-to-leave"),
        ("unsure/unsure/detained/unsure", "staff-detained-or-ordered-to-leave"),
        ("unsure/now/nobody/public/words", "false-story-spreading"),
    ],
)
def test_the_best_play_stands_first(starter, path, best):
    assert slugs(path)[0] == best


def test_a_play_without_translation_is_shown_with_its_language(starter, client):
    soup = factories.read(client, "/ar/triage/coercive/now/detained/quiet/")
    assert soup.html["lang"] == "ar"
    best = soup.select_one('.act [lang="en"] h3 a')
    assert best["href"] == "/en/plays/staff-detained-or-ordered-to-leave/"
    assert "English" in soup.select_one(".act .note bdi[lang=en]").get_text()
    translated = soup.select_one('#others ~ ul li[lang="ar"] a')
    assert translated["href"] == "/ar/plays/officials-at-the-door/"


# --- Walking ----------------------------------------------------------------------------------


def test_a_reader_walks_from_the_first_question_to_the_end_by_links(starter, client):
    address = "/en/triage/"
    for code in ("coercive", "now", "detained", "quiet"):
        soup = factories.read(client, address)
        assert soup.h1.get_text().endswith("?")
        assert not soup.select("main form")
        address += f"{code}/"
        assert soup.select_one(f'.doors a[href="{address}"]'), address
    soup = factories.read(client, address)
    text = soup.main.get_text(" ", strip=True)
    act = soup.select_one(".act").get_text(" ", strip=True)
    assert act.index("First a lawyer") < act.index("Then the family") < act.index("Staff detained")
    assert len(soup.select(".act ol li a")) == 5
    assert "Do not name or show a detained person" in text
    assert "This site lists no offer of help for this today" in text


def test_each_answer_can_be_changed_and_the_walk_left_at_any_time(starter, client):
    soup = factories.read(client, "/en/triage/coercive/now/detained/quiet/")
    links = [link["href"] for link in soup.select(".answers a")]
    assert links == [
        "/en/triage/", "/en/triage/coercive/", "/en/triage/coercive/now/",
        "/en/triage/coercive/now/detained/",
    ]  # fmt: skip
    for address in [*links, "/en/triage/coercive/now/detained/quiet/"]:
        assert factories.read(client, address).select_one('main .more a[href="/en/"]'), address


def test_every_question_can_be_answered_with_not_being_sure(starter, client):
    for path in ("", "unsure/", "unsure/unsure/", "unsure/unsure/unsure/"):
        soup = factories.read(client, f"/en/triage/{path}")
        assert soup.select_one(f'.doors a[href="/en/triage/{path}unsure/"]'), path


def test_nothing_is_stored_or_sent_along(starter, client):
    for path in ("", "media/", "media/now/nobody/quiet/law/"):
        answer = client.get(f"/en/triage/{path}")
        assert answer.status_code == 200
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")
        main = BeautifulSoup(answer.content, "html.parser").main
        assert not main.select("script, form, input")
        assert not [link for link in main.select("a[href]") if "?" in link["href"]]
    assert not client.session.keys()


def test_a_public_play_is_shown_with_a_warning_where_publicity_is_not_safe(starter, client):
    quiet = factories.read(client, "/en/triage/media/now/nobody/quiet/words/").get_text()
    public = factories.read(client, "/en/triage/media/now/nobody/public/words/").get_text()
    assert "You said that publicity is not safe" in quiet
    assert "You said that publicity is not safe" not in public


def test_a_play_for_another_moment_says_so(starter, client):
    words = "No play here is made for just this moment"
    assert words in factories.read(client, "/en/triage/coercive/before/quiet/").get_text()
    assert words not in factories.read(client, "/en/triage/media/before/quiet/").get_text()


# --- Bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "begin"),
    [
        ("/en/triage/nothing/", None),
        ("/en/triage/coercive/now/nothing/", "/en/triage/coercive/now/"),
        ("/en/triage/coercive/now/detained/quiet/more/", "/en/triage/coercive/now/detained/quiet/"),
        ("/en/triage/coercive//now/", "/en/triage/coercive/"),
        ("/en/triage/" + "x" * 5000 + "/", None),
        ("/en/triage/%00/", None),
        ("/en/triage/../../etc/", None),
        ("/en/triage/قسر/", None),
    ],
)
def test_an_unknown_code_is_answered_with_a_way_on(starter, client, address, begin):
    soup = factories.read(client, address, status=404)
    assert soup.html["lang"] == "en"
    if "etc" in address:  # the browser's own tidying leads out of the triage
        return
    assert soup.select_one('main a[href="/en/triage/"]')
    if begin:
        assert soup.select_one(f'main a[href="{begin}"]')


def test_a_query_string_changes_nothing(starter, client):
    plain = client.get("/en/triage/media/now/")
    odd = client.get("/en/triage/media/now/?" + "a" * 4000 + "=%00&people=detained&q[]=1")
    assert odd.status_code == 200
    assert odd.content == plain.content


def test_a_language_that_is_not_published_has_no_triage(site, client):
    assert client.get("/sw/triage/").status_code == 404


def test_only_reading_is_answered(site, client):
    assert client.post("/en/triage/media/", {"a": "b"}).status_code == 405


# --- What it costs ------------------------------------------------------------------------------


def test_a_question_asks_the_database_little(starter, client, django_assert_max_num_queries):
    client.get("/en/triage/coercive/")
    with django_assert_max_num_queries(6):
        client.get("/en/triage/media/")
