"""A page whose authors fall silent says so; a sensitive one is hidden until they are heard."""

from datetime import UTC, datetime, timedelta

import pytest

from federation.models import Lease, Log, Peer, Policy, Provenance
from federation.services import leases
from playbook.models import PlayPage
from tests.readers.test_query_budget import queries

NOW = datetime.now(UTC)


def later(days: float) -> datetime:
    return NOW + timedelta(days=days)


@pytest.fixture
def adopted(hub_link, cedar, global_hub, subscribe):
    """Return a function that publishes an item of cedar here, endorsed by the hub."""
    subscribe(Policy.PUBLISH)

    def _adopted(**fields) -> PlayPage:
        said = cedar.publish("A story", valid_for_days=30, **fields)
        global_hub.endorse(said)
        assert hub_link.sync().ok
        return PlayPage.objects.get(provenance__item_id=said.id)

    return _adopted


def heard(node_id: str, at: datetime) -> None:
    assert Log.objects.filter(node_id=node_id).update(head_seen_at=at)


def text(client, page) -> str:
    return client.get(page.get_url()).content.decode()


def test_a_lease_runs_out_with_the_silence_of_all_who_vouch(adopted, client):
    page = adopted()
    assert leases.evaluate_leases(later(29)) == 0
    assert "Unverified" not in text(client, page)

    assert leases.evaluate_leases(later(31)) == 1

    assert Provenance.objects.get().lease == Lease.UNVERIFIED
    assert "Unverified" in text(client, page)
    assert leases.evaluate_leases(later(32)) == 0


def test_the_notice_costs_readers_no_query(adopted, client):
    page = adopted()
    before = queries(client, page.get_url())
    leases.evaluate_leases(later(31))
    assert queries(client, page.get_url()) == before <= 10


def test_the_hub_is_heard_for_it_while_its_endorsement_stands(
    adopted, hub_link, global_hub, client
):
    page = adopted()
    heard("cedar", later(-100))
    assert leases.evaluate_leases(later(1)) == 0
    global_hub.withdraw(global_hub.said[0])
    hub_link.sync()
    PlayPage.objects.filter(pk=page.pk).update(live=True)
    heard("cedar", later(-100))
    leases.evaluate_leases(later(1))
    assert Provenance.objects.get().lease == Lease.UNVERIFIED


def test_the_origin_is_heard_where_the_hub_is_silent(adopted):
    adopted()
    heard("global-hub", later(-100))
    assert leases.evaluate_leases(later(1)) == 0


@pytest.mark.parametrize("how", ["frozen here", "two histories"])
def test_a_suspended_origin_is_not_heard(adopted, how):
    adopted()
    heard("global-hub", later(-100))
    if how == "frozen here":
        Peer.objects.update_or_create(node_id="cedar", defaults={"status": "frozen"})
    else:
        Log.objects.filter(node_id="cedar").update(frozen="log.equivocation")
    assert leases.evaluate_leases(later(1)) == 1
    assert Provenance.objects.get().lease == Lease.UNVERIFIED


def test_a_sensitive_page_is_hidden_and_comes_back_once_its_author_is_heard(
    adopted, hub_link, cedar, client
):
    page = adopted(sensitive=True)
    address = page.get_url()
    assert client.get(address).status_code == 200
    leases.evaluate_leases(later(31))
    answer = client.get(address)
    assert answer.status_code == 410
    assert "This page is not shown for now" in answer.content.decode()
    assert "A story" not in answer.content.decode()
    assert "delete it" not in answer.content.decode()

    cedar.publish("News")
    assert hub_link.sync().ok

    assert client.get(address).status_code == 200
    row = Provenance.objects.get(page=page)
    assert (row.lease, row.lease_revision_id) == (Lease.VALID, None)


def test_a_draft_that_runs_out_is_not_published_by_its_renewal(hub_link, cedar, subscribe, client):
    subscribe(Policy.DRAFT)
    cedar.publish("A story", sensitive=True, valid_for_days=30)
    hub_link.sync()
    page = PlayPage.objects.get(provenance__isnull=False)
    leases.evaluate_leases(later(31))
    assert Provenance.objects.get().lease == Lease.HIDDEN
    assert leases.renew_leases(later(1)) == 1
    page.refresh_from_db()
    assert (page.live, page.withdrawn_on) == (False, None)


def test_an_endorsement_withdrawn_meanwhile_keeps_a_hidden_page_away(
    adopted, hub_link, global_hub, client
):
    page = adopted(sensitive=True)
    leases.evaluate_leases(later(31))
    global_hub.withdraw(global_hub.said[0])
    hub_link.sync()
    leases.evaluate_leases(later(1))
    assert client.get(page.get_url()).status_code != 200


def test_a_recalled_page_is_not_shown_again_by_a_lease(adopted, hub_link, cedar, client):
    page = adopted(sensitive=True)
    leases.evaluate_leases(later(31))
    cedar.recall(cedar.said[0])
    hub_link.sync()
    leases.evaluate_leases(later(1))
    answer = client.get(page.get_url())
    assert answer.status_code == 410
    assert "This page was recalled" in answer.content.decode()


def test_a_lease_of_any_length_is_reckoned(adopted, cedar, hub_link):
    adopted()
    Log.objects.update(head_seen_at=None)
    assert leases.evaluate_leases(later(0)) == 1
    assert leases._LONGEST_DAYS < 10**6
