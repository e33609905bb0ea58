"""Versions, withdrawal and coming back: what a reader sees is the newest that still stands."""

import uuid

import pytest

from federation.models import (
    Endorsement,
    Item,
    ItemState,
    Peer,
    Policy,
    Provenance,
    Quarantine,
    Record,
    RecordState,
)
from playbook.models import PlayPage


def state_of(said) -> tuple[str, int, str]:
    item = Item.objects.get(item_id=said.id)
    return item.state, item.version, item.title


def shown(client, page) -> int:
    return client.get(PlayPage.objects.get(pk=page.pk).get_url()).status_code


@pytest.fixture
def published(link, cedar, subscribe):
    """Publish by policy: cedar plays hub as well, so that its own endorsement counts."""
    Peer.objects.update(is_hub=True)
    subscribe(Policy.PUBLISH)

    def _published(said):
        cedar.endorse(said)
        assert link.sync().ok
        return PlayPage.objects.get(provenance__item_id=said.id)

    return _published


def test_a_second_version_takes_the_place_of_the_first(link, cedar, published, client):
    first = cedar.publish("First words")
    page = published(first)
    assert state_of(first) == ("published", 1, "First words")
    second = cedar.publish("Better words", after=first)

    assert published(second).pk == page.pk

    assert state_of(first) == ("published", 2, "Better words")
    page.refresh_from_db()
    assert (page.title, page.live) == ("Better words", True)
    assert Provenance.objects.get().version == 2
    assert Record.objects.filter(schema="play/1", payload__isnull=False).count() == 2


def test_two_versions_in_one_batch_leave_the_second(link, cedar):
    first = cedar.publish("First words")
    cedar.publish("Better words", after=first)
    link.sync()
    assert state_of(first) == ("staged", 2, "Better words")
    assert Item.objects.count() == 1


def test_a_version_may_skip_numbers_but_not_its_predecessor(link, cedar):
    first = cedar.publish("First words")
    cedar.publish("Fifth words", after=first, version=5)
    link.sync()
    assert state_of(first) == ("staged", 5, "Fifth words")


def test_a_superseded_body_may_be_absent(link, cedar):
    first = cedar.publish("First words")
    cedar.publish("Better words", after=first)
    link.feed.withhold(first)
    assert link.sync().ok
    assert state_of(first) == ("staged", 2, "Better words")
    assert not Quarantine.objects.exists()


def test_a_withheld_first_version_is_excused_by_the_one_that_follows_later(link, cedar):
    first = cedar.publish("First words")
    link.feed.withhold(first)
    link.sync()
    assert Quarantine.objects.get().resolved is False
    cedar.publish("Better words", after=first)
    link.sync()
    assert Quarantine.objects.get().resolved is True
    assert state_of(first) == ("staged", 2, "Better words")


def test_a_retract_takes_the_page_away_with_a_notice_and_erases_the_bodies(
    link, cedar, published, client
):
    first = cedar.publish("First words")
    page = published(first)
    second = cedar.publish("Better words", after=first)
    published(second)
    assert shown(client, page) == 200
    assert Record.objects.filter(schema="play/1", payload__isnull=False).count() == 2
    cedar.retract(second, records=[second.address, first.address], reason="It endangers people.")

    assert link.sync().ok

    assert shown(client, page) == 410
    assert state_of(first)[:2] == ("retracted", 2)
    item = Item.objects.get()
    assert (item.retract_reason, item.retracted_on.isoformat()) == (
        "It endangers people.", "2026-11-20",
    )  # fmt: skip
    bodies = Record.objects.filter(address__in=[first.address, second.address])
    assert set(bodies.values_list("payload", "state")) == {(None, RecordState.RETRACTED)}
    assert Provenance.objects.get().retracted


def test_a_higher_version_brings_a_withdrawn_item_back_a_lower_does_not(
    link, cedar, published, client
):
    first = cedar.publish("First words")
    page = published(first)
    cedar.retract(first)
    link.sync()
    assert shown(client, page) == 410
    cedar.publish("The same number again", id=first.id, version=1)
    link.sync()
    assert state_of(first)[:2] == ("retracted", 1)
    assert shown(client, page) == 410

    published(cedar.publish("Mended words", after=first))

    assert state_of(first) == ("published", 2, "Mended words")
    assert shown(client, page) == 200
    assert not Provenance.objects.get().retracted
    assert Item.objects.get().retract_reason == ""


def test_retracting_what_is_not_here_leaves_a_tombstone(link, cedar):
    said = cedar.publish("Never seen")
    link.feed.tamper(said)
    cedar.retract(said)
    assert link.sync().ok
    assert state_of(said)[:2] == ("retracted", 1)
    assert not PlayPage.objects.exists()
    link.feed.stop_lying()
    for _ in range(2):
        cedar.publish("Something else")
        assert link.sync().ok
    assert state_of(said)[:2] == ("retracted", 1)
    assert not Record.objects.filter(address=said.address, payload__isnull=False).exists()


TOMBSTONES = {
    "with its version": {},
    "without a version": {"target": ("origin", "id", "lang"), "records": []},
    "without its addresses": {"target": ("origin", "id", "lang", "version"), "records": []},
}


@pytest.mark.parametrize("name", TOMBSTONES)
@pytest.mark.parametrize("known", [False, True], ids=["nothing known", "version 1 known"])
def test_what_was_retracted_does_not_come_back_when_an_old_body_is_recovered(
    link, cedar, name: str, known: bool, subscribe
):
    """The relay spoils a version, the item is withdrawn, then the honest body turns up."""
    subscribe(Policy.DRAFT)
    said = cedar.publish("Old words")
    if known:
        link.sync()
        said = cedar.publish("Newer words", after=said)
    link.feed.tamper(said)
    link.sync()
    assert Quarantine.objects.get(resolved=False).address == said.address
    how = TOMBSTONES[name]
    target = {part: said.target[part] for part in how.get("target", said.target)}
    retraction = {"target": target}
    if "records" in how:
        retraction["records"] = how["records"]
    cedar.retract(said, **retraction)
    link.feed.hang(f"record/{said.address}")
    link.sync()
    link.feed.stop_lying()
    for _ in range(3):
        cedar.publish(f"Something else {uuid.uuid4()}")
        assert link.sync().ok

    assert Item.objects.get(item_id=said.id).state == ItemState.RETRACTED
    assert not Record.objects.filter(address=said.address, payload__isnull=False).exists()
    assert not Quarantine.objects.filter(payload__isnull=False).exists()
    assert not PlayPage.objects.filter(live=True, provenance__item_id=said.id).exists()


def test_a_quarantined_body_goes_with_the_item_it_belonged_to(link, cedar):
    said = cedar.publish("Not understood", schema="recipe/1")
    link.sync()
    assert Quarantine.objects.get().payload is not None
    assert Record.objects.get(address=said.address).payload is not None
    cedar.retract(said)

    link.sync()

    row = Quarantine.objects.get(address=said.address)
    assert (row.payload, row.signatures, row.resolved) == (None, [], True)
    assert Record.objects.get(address=said.address).payload is None


def test_a_retraction_that_comes_late_erases_without_undoing_what_came_after(link, cedar):
    first = cedar.publish("First words")
    link.sync()
    retraction = cedar.retract(first)
    link.feed.tamper(cedar.publish("unrelated"))
    link.feed.withhold(retraction)
    cedar.publish("Mended words", after=first)
    link.sync()
    assert state_of(first) == ("staged", 2, "Mended words")
    link.feed.stop_lying()
    cedar.publish("Something else")
    link.sync()
    assert state_of(first) == ("staged", 2, "Mended words")
    assert Record.objects.get(address=first.address).payload is None
    assert not Quarantine.objects.filter(resolved=False).exists()


def test_an_endorsement_withdrawn_before_its_body_came_does_not_stand(link, cedar, published):
    said = cedar.publish("Words")
    endorsement = cedar.endorse(said)
    link.feed.strip_signature(endorsement)
    link.sync()
    assert not Endorsement.objects.exists()
    cedar.withdraw(endorsement)
    link.feed.stop_lying()
    link.sync()
    cedar.publish("Something else")
    link.sync()
    assert not Endorsement.objects.filter(withdrawn=False).exists()
    assert state_of(said)[0] == "staged"
    assert not PlayPage.objects.filter(live=True).exists()


def test_only_one_language_of_an_item_is_taken_back(link, cedar):
    english = cedar.publish("Words")
    french = cedar.publish("Paroles", id=english.id, lang="fr")
    link.sync()
    cedar.retract(french)
    link.sync()
    assert dict(Item.objects.values_list("lang", "state")) == {"en": "staged", "fr": "retracted"}
    assert Record.objects.get(address=english.address).payload is not None
