"""A page that an editor made private: Wagtail guards its address; nothing else may tell of it."""

import pytest
from wagtail.models import Locale, PageViewRestriction

from playbook.addresses import short_id
from playbook.models import (
    FindingCase,
    FindingPage,
    StandardPage,
    StrategyIndexPage,
    StrategyPage,
    StrategyStage,
)
from playbook.setup import section_for
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("indexed")]


@pytest.fixture
def hidden(site):
    """Return a play that is live and private, beside one that anybody may read."""
    shown = factories.live(factories.play(title="Open heron"))
    private = factories.live(factories.play(title="Hidden kingfisher"))
    strategy = StrategyPage(title="Stand together", goal="protect", summary="In order.", live=False)
    strategy.locale = Locale.objects.get(language_code="en")
    strategy.threats = [factories.threat()]
    strategy.stages = [
        StrategyStage(play=play, sort_order=place) for place, play in enumerate([shown, private])
    ]
    section_for(StrategyPage, "en").add_child(instance=strategy)
    strategy.save_revision()
    strategy = factories.live(strategy)
    PageViewRestriction.objects.create(page=private, restriction_type=PageViewRestriction.LOGIN)
    return private, strategy


def test_nothing_that_anybody_may_read_or_take_along_tells_of_it(hidden, client):
    private, strategy = hidden
    code = private.threats.get().code
    for address in (
        "/en/",
        "/en/plays/",
        f"/en/threats/{code}/",
        f"/en/triage/{code}/now/nobody/public/",
        strategy.url,
        f"/en/take-along/{short_id(strategy)}.html",
        f"/en/take-along/{short_id(strategy)}/",
        "/en/take-along/",
        "/en/search/?q=kingfisher",
        "/sitemap.xml",
        "/en/plays/feed.atom",
    ):
        text = client.get(address, follow=True).content.decode().replace("q=kingfisher", "")
        assert "Hidden kingfisher" not in text, address
        assert private.slug not in text, address
    assert "Open heron" in client.get(strategy.url).content.decode()
    assert client.get(private.url).status_code == 302


def test_a_page_in_another_language_does_not_lead_to_its_private_translation(site, client):
    page = factories.live(factories.play(title="Open heron", slug="open-heron"))
    private = factories.play("ar", title="Hidden kingfisher", slug="hidden-kingfisher")
    private.translation_key = page.translation_key
    private.save()
    private = factories.live(private)
    assert client.get("/ar/plays/open-heron/")["Location"] == private.url
    assert private.url in client.get(page.url).content.decode()
    _hide(private)
    assert private.url not in client.get(page.url).content.decode()
    shown = client.get("/ar/plays/open-heron/")
    assert shown.status_code == 200
    assert private.slug not in shown.content.decode()


def test_no_menu_names_a_private_section_nor_one_with_private_pages_only(hidden, client):
    _private, strategy = hidden
    text = factories.live(factories.item(StandardPage, title="Whom we call"))
    listed = client.get("/en/").content.decode()
    assert text.url in listed
    assert strategy.get_parent().url in listed
    _hide(text)
    _hide(strategy)
    listed = client.get("/en/").content.decode()
    assert text.title not in listed
    assert text.url not in listed
    assert strategy.get_parent().url not in listed
    section = StrategyIndexPage.objects.get(locale__language_code="en")
    PageViewRestriction.objects.all().delete()
    assert section.url in client.get("/en/").content.decode()
    _hide(section)
    assert section.url not in client.get("/en/").content.decode()


def test_a_private_case_is_not_counted_for_a_finding(site, client):
    finding = factories.item(FindingPage)
    cases = [factories.live(factories.case()) for _ in range(2)]
    finding.cases = [FindingCase(page=case) for case in cases]
    finding.save_revision()
    finding = factories.live(finding)
    both = FindingPage.objects.with_real_cases().get()
    assert both.real_cases == 2
    _hide(cases[0])
    for address in (finding.url, finding.get_parent().url):
        assert "Supported by 1 case." in " ".join(client.get(address).content.decode().split())


def test_a_page_below_a_private_one_is_as_private(site, client):
    page = factories.live(factories.play(title="Hidden kingfisher"))
    address = f"/en/p/{short_id(page)}/"
    feedback = f"/en/feedback/{page.pk}/thanks/"
    for path in (address, feedback):
        assert client.get(path).status_code == 200
    _hide(page.get_parent())
    for path in (address, feedback):
        assert client.get(path).status_code == 404
    for path in ("/sitemap.xml", "/en/plays/feed.atom", "/en/search/?q=kingfisher"):
        text = client.get(path).content.decode()
        assert page.slug not in text
        assert "Hidden kingfisher" not in text


def _hide(page):
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)
