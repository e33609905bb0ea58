"""What readers are shown of an item from elsewhere, on the page that its short address leads to."""

import pytest

from federation.models import Policy, Record
from federation.services.origins import proof_of
from playbook.addresses import page_path, short_id
from tests import factories
from tests.federation.services.test_policies import page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def followed(hub_link, cedar, global_hub, subscribe):
    """Return an item of cedar in its second version, endorsed by the hub, and the page of it."""
    subscribe(Policy.PUBLISH)
    first = cedar.publish("Words")
    second = cedar.publish("Better words", after=first)
    global_hub.endorse(second)
    assert hub_link.sync().ok
    return first, second, page_of(second)


def test_an_item_from_elsewhere_is_proved_with_its_versions_keys_and_the_hub(
    client, followed, cedar, global_hub
):
    first, second, page = followed
    text = factories.read(client, f"/en/p/{short_id(page)}/").main.get_text(" ")
    text = " ".join(text.split())
    assert "Better words" in text
    assert "cedar" in text
    assert "(this one)" not in text
    assert first.address in text
    assert second.address in text
    assert "global-hub (the hub)" in text
    assert "The signature was checked just now, and holds for this version." in text
    assert text.count("Holds:") == 4
    assert "Does not hold" not in text
    proof = proof_of(page)
    assert proof.node == "cedar"
    assert not proof.is_local
    assert [(version.number, version.address) for version in proof.versions] == [
        (2, second.address),
        (1, first.address),
    ]
    assert len({key.fingerprint for key in proof.keys}) == 3
    assert all(key.fingerprint in text for key in proof.keys)


def test_an_endorsement_whose_bytes_were_changed_is_not_taken_at_its_row(client, followed):
    _first, _second, page = followed
    record = Record.objects.get(schema="endorse/1")
    record.payload = bytes(record.payload).replace(b"20", b"21", 1)
    record.save()
    text = factories.read(client, f"/en/p/{short_id(page)}/").main.get_text(" ")
    assert "It could not be confirmed for this version." in text
    assert page_path(page) == page.url


def test_an_item_that_its_author_took_back_is_gone_from_all_that_is_taken_along(
    client, followed, cedar, hub_link
):
    _first, second, page = followed
    where = f"/en/take-along/{short_id(page)}.txt"
    assert b"Better words" in client.get(where).content
    cedar.retract(second)
    assert hub_link.sync().ok
    assert client.get(where).status_code == 410
    answer = client.get(f"/en/p/{short_id(page)}/")
    assert b"Withdrawn. Do not rely on a copy of it" in answer.content
    assert b"Better words" not in answer.content
    assert b"Better words" not in client.get("/en/plays/feed.atom").content
