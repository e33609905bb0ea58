"""A page made for one reader is given to the next, and never once it has changed or gone."""

import datetime
import gzip
import uuid

import pytest
import time_machine
from django.core.cache import cache, caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import Locale, PageViewRestriction, Site

from federation.models import Endorsement, Provenance
from playbook.models import ContentEpoch, Design, Threat
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 3, 4)


@pytest.fixture(autouse=True)
def _cache_on(settings):
    settings.PLAYBOOK_PAGE_CACHE_SECONDS = 3600
    caches["readers"].clear()
    yield
    caches["readers"].clear()


@pytest.fixture
def page(site):
    return factories.live(factories.play(title="Smeared", slug="smeared"))


def get(address: str, client: Client | None = None, **options):
    """Return the answer and whether it was a kept one: then only the state was asked for."""
    with CaptureQueriesContext(connection) as queries:
        answer = (client or Client()).get(address, **options)
    return answer, len(queries) == 1


def assert_kept(address: str) -> None:
    get(address)
    assert get(address)[1], "the page is kept before the change"


def text(answer) -> str:
    return answer.content.decode()


def test_the_second_reader_gets_the_same_page_for_one_query(page):
    first, first_kept = get(page.url)
    second, second_kept = get(page.url)
    assert (first_kept, second_kept) == (False, True)
    assert second.content == first.content
    assert dict(second.headers) == dict(first.headers)
    assert "Smeared" in text(second)


CHANGES = {
    "withdrawn": lambda page: page.withdraw("It named somebody.", TODAY),
    "unpublished": lambda page: page.unpublish(),
    "deleted": lambda page: page.delete(),
    "moved": lambda page: page.move(factories.case().get_parent(), pos="last-child"),
}


@pytest.mark.parametrize(
    ("change", "status"), [("withdrawn", 410), ("unpublished", 404), ("deleted", 404)]
)
def test_a_page_that_is_taken_away_is_gone_with_the_next_request(page, change, status):
    assert_kept(page.url)
    CHANGES[change](factories.fresh(page))
    answer, _kept = get(page.url)
    assert answer.status_code == status
    assert "Smeared" not in text(answer)
    listed, _kept = get("/en/plays/")
    assert "Smeared" not in text(listed)


def test_who_has_a_copy_is_not_told_that_a_withdrawn_page_still_holds(page):
    tag = get(page.url)[0]["ETag"]
    assert get(page.url, headers={"if-none-match": tag})[0].status_code == 304
    factories.fresh(page).withdraw("It named somebody.", TODAY)
    assert get(page.url, headers={"if-none-match": tag})[0].status_code == 410


def test_a_new_version_is_shown_at_once(page):
    assert_kept(page.url)
    draft = factories.fresh(page)
    draft.outcome = "Another outcome."
    draft.save_revision()
    assert get(page.url)[1], "a draft changes nothing for readers"
    factories.live(draft)
    assert "Another outcome." in text(get(page.url)[0])


def test_a_moved_page_leaves_its_address(site, page):
    assert_kept(page.url)
    here = factories.fresh(page)
    here.slug = "elsewhere"
    here.save()
    assert get(page.url)[0].status_code == 404
    assert get("/en/plays/elsewhere/")[0].status_code == 200


def test_a_changed_order_is_shown_at_once(page):
    other = factories.live(factories.play(title="Second", slug="second"))
    assert_kept("/en/plays/")
    factories.fresh(other).move(factories.fresh(page), pos="left")
    _answer, kept = get("/en/plays/")
    assert not kept


@pytest.mark.parametrize(
    "change",
    [
        lambda page: Threat.objects.get(code="media", locale=Locale.get_default()).save(),
        lambda page: Design.objects.update_or_create(site=Site.objects.get()),
        lambda page: Site.objects.get().save(),
        lambda page: factories.picture(),
        lambda page: factories.document(),
        lambda page: Endorsement.objects.create(
            endorser="hub", address="a" * 64, target_origin="here", target_address="b" * 64,
            target_index=0, day=TODAY,
        ),
        lambda page: Provenance.objects.create(
            page=page, origin="here", item_id=uuid.uuid4(), lang="en", schema="play/1", version=1,
            address="b" * 64, translation_key=page.translation_key,
        ),
    ],
    ids=["term", "design", "site", "picture", "document", "endorsement", "provenance"],
)  # fmt: skip
def test_whatever_readers_see_of_it_a_change_is_shown_at_once(page, change):
    assert_kept(page.url)
    change(page)
    assert not get(page.url)[1]


def test_a_page_made_after_a_change_of_design_has_the_new_look(page):
    """Though another process, where nobody forgot the old one, makes it."""
    assert_kept(page.url)
    kept = {key: value for key, value in cache._cache.items() if "playbook_appearance" in key}
    assert kept
    Design.objects.update_or_create(site=Site.objects.get(), defaults={"name": "Another name"})
    cache._cache.update(kept)
    assert "Another name" in text(get(page.url)[0])


def test_each_change_gives_the_content_another_name(page):
    before = ContentEpoch.now()
    ContentEpoch.bump()
    assert ContentEpoch.now() != before
    assert ContentEpoch.objects.count() == 1, "the row of the change replaces those before it"


def test_another_day_another_page(page):
    with time_machine.travel(datetime.datetime(2026, 3, 4, 12, tzinfo=datetime.UTC), tick=False):
        factories.fresh(page)
        page.review_due = TODAY
        page = factories.live(_revised(page))
        assert_kept(page.url)
        assert 'class="badge review_overdue"' not in text(get(page.url)[0])
    with time_machine.travel(datetime.datetime(2026, 3, 5, 12, tzinfo=datetime.UTC), tick=False):
        assert 'class="badge review_overdue"' in text(get(page.url)[0])


def _revised(page):
    page.save_revision()
    return page


@pytest.mark.parametrize("name", ["session_here", "csrf_here", "anything"])
def test_a_request_with_a_cookie_is_neither_kept_nor_answered_from_the_cache(page, name):
    assert_kept(page.url)
    client = Client()
    client.cookies[name] = "x"
    answer, kept = get(page.url, client)
    assert answer.status_code == 200
    assert not kept
    ContentEpoch.bump()
    get(page.url, client)
    assert not get(page.url)[1], "and what it got was kept for nobody"


@pytest.mark.parametrize(
    "query",
    ["a=" + "x" * 10_000, "page=%00", "q=a&q=b&q=c", "utm_source=x", "%ff=%fe", "&&&=", "page=-1"],
    ids=lambda query: query[:12],
)
def test_an_absurd_query_string_is_answered_and_not_kept(page, query):
    for address in (page.url, "/en/", "/en/plays/"):
        ContentEpoch.bump()
        answer, _kept = get(f"{address}?{query}")
        assert answer.status_code in (200, 400, 404)
        assert not get(f"{address}?{query}")[1]
        assert not get(address)[1]


def test_a_page_behind_a_password_is_kept_for_nobody(page):
    PageViewRestriction.objects.create(page=page, restriction_type="password", password="x")
    for _again in range(2):
        answer, kept = get(page.url)
        assert not kept
        assert "Smeared" not in text(answer)


@pytest.mark.parametrize(
    "address", ["/en/nothing/", "/sw/", "/en", "/", "/admin/login/", "/healthz"]
)
def test_what_is_no_page_is_not_kept(page, address):
    get(address)
    assert not caches["readers"]._cache


def test_each_host_and_language_has_its_own(page, settings):
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    assert_kept("/en/")
    assert not get("/en/", headers={"host": "other.example"})[1]
    assert 'lang="ar"' in text(get("/ar/")[0])
    assert 'lang="en"' in text(get("/en/")[0])
    assert get("/en/", headers={"host": "evil.example"})[0].status_code == 400


def test_text_goes_compressed_to_whoever_takes_it(page):
    plain, _kept = get(page.url)
    packed, kept = get(page.url, headers={"accept-encoding": "br, gzip;q=0.8"})
    assert kept
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert int(packed["Content-Length"]) == len(packed.content) < len(plain.content)
    assert packed["ETag"] == plain["ETag"]
    refused, _kept = get(page.url, headers={"accept-encoding": "identity"})
    assert not refused.has_header("Content-Encoding")
    assert refused.content == plain.content


def test_head_says_what_get_would(page):
    for _again in range(2):
        with CaptureQueriesContext(connection):
            head = Client().head(page.url)
        assert head.status_code == 200
        assert head.content == b""
    whole, kept = get(page.url)
    assert kept
    assert head["Content-Length"] == whole["Content-Length"] == str(len(whole.content))


def test_what_comes_with_a_page(page):
    """No cookie, the same for every browser's language, and the protections, kept or not."""
    for _again in range(2):
        answer, _kept = get(page.url, headers={"accept-language": "ar"})
        assert not answer.cookies
        assert answer["Vary"] == "Accept-Encoding"
        assert answer["Cache-Control"] == "no-cache"
        assert answer["Content-Language"] == "en"
        assert answer["X-Frame-Options"] == "SAMEORIGIN"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_the_cache_is_bounded(site, settings):
    assert settings.CACHES["readers"]["OPTIONS"]["MAX_ENTRIES"] == 500
    store = caches["readers"]
    for number in range(1200):
        store.set(str(number), "x")
    assert len(store._cache) <= 500


def test_it_can_be_turned_off(page, settings):
    settings.PLAYBOOK_PAGE_CACHE_SECONDS = 0
    get(page.url)
    assert not get(page.url)[1]
    assert not caches["readers"]._cache
