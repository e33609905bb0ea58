"""Bad input: the right status, and a page in the reader's language that leads on."""

import datetime

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from playbook import error_pages
from tests import factories

pytestmark = pytest.mark.django_db
HUGE = "x" * 8000


def parsed(answer, status):
    assert answer.status_code == status
    return BeautifulSoup(answer.content, "html.parser")


def assert_leads_on(soup, language):
    assert soup.html["lang"] == language
    assert len(soup.select("h1")) == 1
    addresses = {link["href"] for link in soup.select("main a[href]")}
    assert f"/{language}/" in addresses
    assert f"/{language}/triage/" in addresses
    assert f"/{language}/search/" in addresses


# --- Missing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ar", "fr"])
@pytest.mark.parametrize("rest", ["nothing/", "plays/nothing/", "threats/nothing/", "a/b/c/d/e/f/"])
def test_a_missing_page_leads_home_to_triage_and_to_search(site, client, language, rest):
    answer = client.get(f"/{language}/{rest}")
    assert_leads_on(parsed(answer, 404), language)
    assert not answer.cookies


@pytest.mark.parametrize(
    ("address", "accepted", "language"),
    [
        ("/xx/plays/", "ar", "ar"),
        ("/nothing.php", "fr-CA", "fr"),
        ("/nothing.php", "", "en"),
        ("/%00", "en", "en"),
        ("/.env", "ar", "ar"),
        ("/" + HUGE, "fr", "fr"),
        ("/%E0%A4%A", "en", "en"),
    ],
)
def test_an_unknown_language_or_odd_path_answers_in_the_language_of_the_browser(
    site, client, address, accepted, language
):
    answer = client.get(address, headers={"accept-language": accepted}, follow=True)
    assert parsed(answer, 404).html["lang"] == language


def test_a_language_that_is_known_and_not_published_names_those_that_are(site, client):
    soup = parsed(client.get("/sw/threats/"), 404)
    assert soup.html["lang"] == "sw"
    assert soup.select_one('main a[href="/ar/"]')


def test_a_withdrawn_page_says_so_and_leads_on(site, client):
    page = factories.live(factories.play())
    page.withdraw("It named a place.", datetime.date(2026, 1, 1))
    soup = parsed(client.get(page.url), 410)
    assert "It named a place." in soup.get_text()
    assert page.title not in soup.get_text()
    assert soup.select_one('main a[href="/en/"]')


# --- Absurd query strings -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "%00=%00", "%ff=%fe", "a[]=1&a[b]=2", "q=" + HUGE, "page=-1&p=1e999&threat=%00",
        "&".join(f"{number}={number}" for number in range(3000)), "%", "=&=&;=", "lang=xx",
        "q=%27%20OR%201=1--", "q=%F0%9F%92%A9&kind=%0a", "threat=" + "9" * 400,
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "address",
    [
        "/en/",
        "/ar/plays/",
        "/en/threats/media/",
        "/fr/triage/media/",
        "/en/search/",
        "/en/nothing/",
    ],
)
def test_absurd_query_strings_do_no_harm(site, client, address, query):
    answer = client.get(address, QUERY_STRING=query)
    assert answer.status_code in (200, 400, 404)
    assert (answer.status_code == 404) is (address == "/en/nothing/")
    assert b"<h1" in answer.content
    assert not answer.cookies


# --- Requests that cannot be answered -----------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (lambda request: error_pages.bad_request(request, BadRequest("q=secret")), 400),
        (lambda request: error_pages.bad_request(request, RequestDataTooBig()), 413),
        (lambda request: error_pages.permission_denied(request, PermissionDenied("secret")), 403),
        (lambda request: error_pages.csrf_failure(request, "secret"), 403),
        (lambda request: error_pages.server_error(request), 500),
    ],
)
@pytest.mark.parametrize("language", ["en", "ar", "fr"])
def test_error_pages_need_no_database_and_tell_nothing_of_the_fault(
    db, django_assert_num_queries, view, status, language
):
    with django_assert_num_queries(0):
        answer = view(RequestFactory().get(f"/{language}/x/?q=secret"))
    soup = parsed(answer, status)
    assert_leads_on(soup, language)
    assert soup.html["dir"] == ("rtl" if language == "ar" else "ltr")
    assert "secret" not in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert not soup.select("script, style, [style]")


def test_a_host_that_is_not_ours_gets_a_page_and_no_fault(site):
    answer = Client(raise_request_exception=False).get(
        "/ar/", headers={"host": "elsewhere.example", "accept-language": "fr"}
    )
    assert_leads_on(parsed(answer, 400), "ar")


def test_too_many_fields_are_a_bad_request(item_address, client, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 5
    answer = client.get("/en/search/", QUERY_STRING="q=a" + "&q=a" * 20)
    assert_leads_on(parsed(answer, 400), "en")


@pytest.fixture
def item_address(site):
    return factories.live(factories.play()).url


def test_a_fault_is_answered_in_the_readers_language_without_the_database(
    site, monkeypatch, item_address
):
    client = Client(raise_request_exception=False)
    assert client.get(item_address).status_code == 200

    def broken(*args, **kwargs):
        raise DatabaseError("secret")

    with connection.execute_wrapper(broken):
        answer = client.get("/ar/plays/")
    assert_leads_on(parsed(answer, 500), "ar")
    assert b"secret" not in answer.content


def test_a_broken_error_page_still_ends_in_an_answer(rf, monkeypatch):
    def broken(name):
        raise ValueError("no such style sheet")

    monkeypatch.setattr(error_pages.loader, "get_template", broken)
    answer = error_pages.server_error(rf.get("/en/"))
    assert answer.status_code == 500
    assert b"href='/'" in answer.content


# --- Too much -----------------------------------------------------------------------------------


def _reads_the_form(request):
    return HttpResponse(request.POST.get("a", ""))


urlpatterns = [path("form", _reads_the_form)]
handler400 = "playbook.error_pages.bad_request"


@pytest.mark.urls(__name__)
def test_an_oversize_form_is_refused_as_too_much(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = client.post("/form", {"a": "b" * 1000})
    assert_leads_on(parsed(answer, 413), "en")
    assert client.post("/form", "a=b", "application/x-www-form-urlencoded").status_code == 200
