"""A page that an editor made private: Wagtail guards its address; nothing else may tell of it."""

import pytest
from wagtail.models import Locale, PageViewRestriction

from playbook.addresses import short_id
from playbook.models import StrategyPage, StrategyStage
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
