"""Was this useful: one word, one day, nothing about the reader; and the editors hear of danger."""

import datetime

import pytest
import time_machine
from django.core import mail
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import Locale

from playbook.feedback.alert import MAILS_A_DAY
from playbook.models import Feedback, FindingCase, FindingPage, StrategyPage, StrategyStage
from playbook.setup import section_for
from tests import factories

pytestmark = pytest.mark.django_db
LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def item(site):
    return factories.live(factories.play(title="A page to judge"))


def say(client, page, kind="useful", **options):
    return client.post(
        f"/en/feedback/{page.pk}/",
        f"kind={kind}",
        content_type="application/x-www-form-urlencoded",
        **options,
    )


def counted():
    return {(row.kind, row.day.isoformat()): row.count for row in Feedback.objects.all()}


# --- What a reader does -------------------------------------------------------------------------


def strategy():
    page = StrategyPage(title="In order", goal="protect", summary="An order.")
    page.stages = [StrategyStage(play=factories.live(factories.play()))]
    return in_its_section(page)


def finding():
    page = FindingPage(title="A finding", statement="It holds.")
    page.cases = [FindingCase(page=factories.live(factories.case()))]
    return in_its_section(page)


def in_its_section(page):
    page.live, page.locale = False, Locale.get_default()
    page.threats = [factories.threat()]
    section_for(type(page), "en").add_child(instance=page)
    page.save_revision()
    return page


@pytest.mark.parametrize("make", [factories.play, factories.case, strategy, finding])
def test_each_page_has_four_buttons_that_post_without_a_script(site, client, make):
    page = factories.live(make())
    form = factories.read(client, page.url).select_one(".feedback form")
    assert form["method"] == "post"
    assert form["action"] == f"/en/feedback/{page.pk}/"
    buttons = form.select("button[name=kind]")
    assert [button["value"] for button in buttons] == Feedback.Kind.values
    assert not form.select("input")
    for button in buttons:
        answer = say(client, page, button["value"])
        assert (answer.status_code, answer["Location"]) == (303, f"{form['action']}thanks/")
    assert Feedback.objects.count() == 4


def test_no_cookie_is_asked_for_or_given_and_nothing_is_stored_on_the_way(item):
    client = Client(enforce_csrf_checks=True)
    for answer in (say(client, item), client.get(f"/en/feedback/{item.pk}/thanks/")):
        assert answer.status_code in (200, 303)
        assert not answer.cookies
        assert "no-store" in answer["Cache-Control"]
        assert "Cookie" not in answer.get("Vary", "")


def test_only_page_word_day_and_number_are_kept(item, client):
    with time_machine.travel(datetime.datetime(2026, 3, 1, 9, tzinfo=datetime.UTC), tick=False):
        say(client, item, "unclear")
        say(client, item, "unclear")
    with time_machine.travel(datetime.datetime(2026, 3, 2, 9, tzinfo=datetime.UTC), tick=False):
        say(client, item, "unclear")
    assert counted() == {("unclear", "2026-03-01"): 2, ("unclear", "2026-03-02"): 1}
    kept = {field.name: type(field) for field in Feedback._meta.get_fields()}
    assert set(kept) == {"id", "page", "kind", "day", "count", "seen"}
    assert kept["day"] is models.DateField


def test_the_thanks_say_what_is_kept_and_lead_back(item, client):
    soup = factories.read(client, f"/en/feedback/{item.pk}/thanks/")
    text = soup.main.get_text(" ", strip=True)
    assert "Kept: which page, which of the four buttons, the day." in text
    assert "your browser's history shows that you were here" in text
    assert soup.select_one(f'main a[href="{item.url}"]')


# --- What is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/x-www-form-urlencoded", 400),
        (b"kind=", "application/x-www-form-urlencoded", 400),
        (b"kind=lovely", "application/x-www-form-urlencoded", 400),
        (b"kind=%00%ff", "application/x-www-form-urlencoded", 400),
        (b"kind=useful&kind=lovely", "application/x-www-form-urlencoded", 400),
        (b"=&" * 400, "application/x-www-form-urlencoded", 400),
        (b"kind=useful&x=" + b"y" * 2000, "application/x-www-form-urlencoded", 413),
        (b"y" * 3_000_000, "application/x-www-form-urlencoded", 413),
        (b'{"kind": "useful"}', "application/json", 415),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"kind=lovely", "application/x-www-form-urlencoded; charset=nonsense", 400),
    ],
)
def test_what_is_none_of_the_buttons_is_refused_with_a_way_back(item, client, body, kind, status):
    answer = client.generic("POST", f"/en/feedback/{item.pk}/", body, kind, CONTENT_TYPE=kind)
    assert answer.status_code == status
    assert b"<h1>" in answer.content
    assert "no-store" in answer["Cache-Control"]
    assert not Feedback.objects.exists()


def test_looking_at_the_address_of_the_form_leads_back_to_the_page(item, client):
    soup = factories.read(client, f"/en/feedback/{item.pk}/", status=405)
    assert soup.select_one(f'main a[href="{item.url}"]')


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://testserver"}, 303),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "null"}, 303),
    ],
)
def test_a_form_on_another_site_is_refused(item, client, headers, status):
    assert say(client, item, headers=headers).status_code == status
    assert Feedback.objects.exists() is (status == 303)


@pytest.mark.parametrize("address", ["/en/feedback/999999/", f"/en/feedback/{'9' * 40}/"])
def test_a_page_that_never_was_is_not_found(site, client, address):
    assert client.post(address, {"kind": "useful"}).status_code == 404
    assert client.get(f"{address}thanks/").status_code == 404


def test_a_draft_a_withdrawn_page_and_a_section_take_no_word(site, item, client):
    draft = factories.play()
    item.withdraw("It named a place.", datetime.date(2026, 1, 1))
    for page in (draft, item, site):
        assert say(client, page).status_code == 404
    assert not Feedback.objects.exists()


def test_a_flood_ends_at_a_number_a_day_and_leaves_room_for_other_words(item, client, monkeypatch):
    monkeypatch.setattr(Feedback, "MOST_A_DAY", 3)
    answers = [say(client, item).status_code for _time in range(5)]
    assert answers == [303, 303, 303, 429, 429]
    assert say(client, item, "dangerous").status_code == 303
    assert {kind: count for (kind, _day), count in counted().items()} == {
        "useful": 3, "dangerous": 1,
    }  # fmt: skip
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    with time_machine.travel(tomorrow):
        assert say(client, item).status_code == 303


def test_what_is_over_the_number_is_only_read(item, client, monkeypatch):
    monkeypatch.setattr(Feedback, "MOST_A_DAY", 1)
    say(client, item)
    with CaptureQueriesContext(connection) as queries:
        assert say(client, item).status_code == 429
    assert [query for query in queries if not query["sql"].startswith("SELECT")] == []


# --- What editors see ---------------------------------------------------------------------------


def dashboard(browser):
    return factories.read(browser, reverse("wagtailadmin_home")).select_one(
        "#dangerous-feedback-section"
    )


def test_dangerous_is_on_the_dashboard_until_it_is_marked_as_seen(item, client, login):
    browser = login("editor")
    say(client, item, "outdated")
    assert dashboard(browser) is None
    say(client, item, "dangerous")
    say(client, item, "dangerous")
    panel = dashboard(browser)
    assert "A page to judge" in panel.get_text()
    assert panel.select_one("td:nth-of-type(2)").get_text() == "2"
    assert panel.select_one(f'a[href="{reverse("wagtailadmin_pages:edit", args=[item.pk])}"]')
    browser.post(panel.form["action"])
    assert dashboard(browser) is None
    assert Feedback.objects.filter(kind="dangerous", seen=True).exists()
    say(client, item, "dangerous")
    assert dashboard(browser) is not None


def test_the_dashboard_asks_once_for_many_pages(site, client, login):
    browser = login("publisher")
    for _number in range(2):
        say(client, factories.live(factories.play()), "dangerous")
    dashboard(browser)
    with CaptureQueriesContext(connection) as few:
        dashboard(browser)
    for _number in range(4):
        say(client, factories.live(factories.play()), "dangerous")
    with CaptureQueriesContext(connection) as many:
        dashboard(browser)
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("who", "sees"),
    [("editor", True), ("safety", True), ("publisher", True), ("curator", False), ("admin", True)],
)
def test_who_sees_what_readers_said(item, client, login, who, sees):
    say(client, item, "dangerous")
    browser = login(who)
    assert (dashboard(browser) is not None) is sees
    listing = browser.get(reverse("playbook_feedback_report"))
    assert (listing.status_code == 200) is sees
    marked = browser.post(reverse("playbook_feedback_seen", args=[item.pk]))
    assert marked.status_code == 302
    assert Feedback.objects.get().seen is sees


def test_the_listing_filters_by_word_and_day(item, client, login):
    with time_machine.travel(datetime.datetime(2026, 3, 1, 9, tzinfo=datetime.UTC), tick=False):
        say(client, item, "unclear")
    say(client, item, "useful")
    browser = login("editor")
    address = reverse("playbook_feedback_report")

    def said(query):
        soup = factories.read(browser, f"{address}?{query}")
        return [row.select("td")[1].get_text(strip=True) for row in soup.select("tbody tr")]

    assert said("") == ["Useful", "Unclear"]
    assert said("kind=unclear") == ["Unclear"]
    assert said("day_from=2026-02-01&day_to=2026-04-01") == ["Unclear"]
    assert said("seen=true") == []
    assert browser.get(f"{address}?export=csv").status_code == 200


def test_the_listing_does_not_grow_queries_with_rows(site, client, login):
    browser = login("editor")
    address = reverse("playbook_feedback_report")
    lengths = []
    for rows in (2, 6):
        for _number in range(rows):
            say(client, factories.live(factories.play()))
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            browser.get(address)
        lengths.append(len(queries))
    assert lengths[0] == lengths[1]


# --- Mail ---------------------------------------------------------------------------------------


def test_publishers_get_one_letter_a_day_and_page_with_nothing_about_the_reader(
    item, client, people, settings
):
    settings.EMAIL_BACKEND = LOCMEM
    say(client, item, headers={"user-agent": "Browser 7"}, REMOTE_ADDR="198.51.100.7")
    assert not mail.outbox
    for _time in range(3):
        say(
            client, item, "dangerous",
            headers={"user-agent": "Browser 7"}, REMOTE_ADDR="198.51.100.7",
        )  # fmt: skip
    assert [letter.to for letter in mail.outbox] == [["publisher@example.org"]]
    letter = str(mail.outbox[0].message())
    assert "A page to judge" in letter
    assert reverse("wagtailadmin_pages:edit", args=[item.pk]) in letter
    assert "198.51.100.7" not in letter
    assert "Browser 7" not in letter


def test_without_a_mail_backend_nothing_is_sent(item, client, people, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert say(client, item, "dangerous").status_code == 303
    assert not mail.outbox


def test_calling_every_page_dangerous_does_not_fill_letter_boxes(site, client, people, settings):
    settings.EMAIL_BACKEND = LOCMEM
    for _number in range(MAILS_A_DAY + 2):
        say(client, factories.live(factories.play()), "dangerous")
    assert len(mail.outbox) == MAILS_A_DAY
    assert Feedback.objects.dangerous().count() == MAILS_A_DAY + 2
