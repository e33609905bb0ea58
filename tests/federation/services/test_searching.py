"""What other nodes say changes what readers find here; a stale index shows in the node's status."""

import pytest
from wagtail.search.models import IndexEntry

from federation.models import Item, Policy
from federation.services import review
from federation.services.status import node_status
from playbook.models import PlayPage
from tests import factories

pytestmark = pytest.mark.usefixtures("indexed")


def found(client, text: str) -> list[str]:
    answer = client.get("/en/search/", {"q": text})
    return [result.title for result in answer.context["results"]]


def test_what_was_taken_back_by_its_author_is_no_longer_found(
    link, hub_here, cedar, subscribe, client
):
    subscribe(Policy.PUBLISH)
    said = cedar.publish("Zorbing")
    link.sync()
    assert found(client, "zorbing") == []
    review.endorse_item(Item.objects.get())
    assert found(client, "zorbing") == ["Zorbing"]
    cedar.retract(said)
    assert link.sync().ok
    assert PlayPage.objects.get().withdrawn_on is not None
    assert found(client, "zorbing") == []


def test_the_status_says_when_search_is_stale(here, site):
    factories.live(factories.play(title="Zorbing"))
    status = node_status(here)
    assert status["search"]["stale"] is False
    assert status["ok"] is True
    IndexEntry.objects.all().delete()
    status = node_status(here)
    assert status["search"]["missing"] >= 1
    assert status["search"]["stale"] is True
    assert status["ok"] is False
