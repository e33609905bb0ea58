"""What a person says about another node's item goes into this node's own log, and no further."""

import pytest

from federation.conf import get_conf
from federation.errors import NotShareable
from federation.models import (
    Endorsement,
    Entry,
    Item,
    ItemState,
    Policy,
    Record,
    Review,
    ReviewDecision,
)
from federation.services import adoption, policy, review
from federation.wire import canonical, dsse
from playbook.models import PlayPage, Threat


def payload(entry: Entry) -> dict:
    return canonical.loads(bytes(Record.objects.get(address=entry.address).payload))


@pytest.fixture
def item(hub_here, link, cedar) -> Item:
    cedar.publish("Words")
    assert link.sync().ok
    return Item.objects.get()


def test_an_endorsement_names_exactly_this_version(item, cedar):
    entry = review.endorse_item(item)
    assert (entry.type, entry.log.own) == ("endorse", True)
    assert payload(entry)["target"] == cedar.said[0].target
    assert policy.endorsed_by(item, policy.endorser_ids(get_conf())) == {"here"}


def test_endorsing_twice_says_it_once(item):
    assert review.endorse_item(item) == review.endorse_item(item)
    assert Endorsement.objects.count() == 1
    assert Entry.objects.filter(log__own=True).count() == 1


def test_a_hubs_own_endorsement_publishes_here_and_its_withdrawal_takes_it_back(item, subscribe):
    subscribe(Policy.PUBLISH)
    review.endorse_item(item)
    page = PlayPage.objects.get(title="Words")
    assert page.live
    item.refresh_from_db()
    assert item.state == ItemState.PUBLISHED

    entry = review.withdraw_endorsement(item, "We looked again.")

    assert payload(entry)["target"] == {
        "origin": "here", "record": Endorsement.objects.get().address,
    }  # fmt: skip
    page.refresh_from_db()
    assert not page.live
    assert review.withdraw_endorsement(item, "Again.") is None


@pytest.mark.parametrize("decision", [ReviewDecision.RETURN, ReviewDecision.DECLINE])
def test_a_note_is_sealed_for_its_author(item, decision: str):
    entry = review.answer_item(item, ReviewDecision(decision), "Who leads?")
    record = Record.objects.get(address=entry.address)
    assert (entry.type, record.public, record.audience) == ("sealed", False, ["cedar"])
    assert payload(entry)["note"] == "Who leads?"
    assert dsse.address(bytes(record.payload)) == entry.address
    assert Review.objects.get().note == "Who leads?"
    item.refresh_from_db()
    assert item.state == ("returned" if decision == ReviewDecision.RETURN else "declined")


def test_what_its_author_took_back_is_neither_endorsed_nor_answered_nor_adopted(item, link, cedar):
    cedar.retract(cedar.said[0])
    assert link.sync().ok
    item.refresh_from_db()
    for act in (
        lambda: review.endorse_item(item),
        lambda: review.answer_item(item, ReviewDecision.RETURN, "Too late"),
        lambda: adoption.adopt_item(item, publish=False),
    ):
        with pytest.raises(NotShareable, match="withdrawn by its author"):
            act()
    assert not Entry.objects.filter(log__own=True).exists()
    assert not PlayPage.objects.exists()


def test_an_endorsement_does_not_bring_back_what_was_taken_back(link, hub_here, cedar, subscribe):
    subscribe(Policy.PUBLISH)
    said = cedar.publish("Words")
    link.sync()
    review.endorse_item(Item.objects.get())
    assert PlayPage.objects.get().live
    cedar.retract(said)
    assert link.sync().ok
    page = PlayPage.objects.get()
    assert not page.live
    assert page.withdrawn_on is not None
    Item.objects.update(undecided=True)
    policy.decide_items(hub_here)
    assert not PlayPage.objects.get().live
    assert Item.objects.get().state == ItemState.RETRACTED


def test_subtypes_named_twice_and_described_twice_are_made_once(link, cedar, subscribe):
    """An author files an item under one subtype twice and describes it in two languages."""
    subscribe(Policy.DRAFT)
    term = {"code": "media.deepfake", "parent": "media", "name": "A false video"}
    english = cedar.publish(schema="term/1", content=term, lang="en")
    cedar.publish(schema="term/1", content=term, lang="fr", id=english.id)
    cedar.publish("Filed twice", content={"threats": ["media.deepfake", "media.deepfake"]})
    cedar.publish("Behind")
    before = Threat.objects.filter(code="media.deepfake", locale__language_code="en").count()
    assert link.sync().ok
    assert Item.objects.get(title="Behind").state == "draft"
    assert Item.objects.get(title="Filed twice").state == "draft"
    after = Threat.objects.filter(code="media.deepfake", locale__language_code="en").count()
    assert (before <= 1, after) == (True, 1)


def test_a_subtype_whose_code_fits_no_column_is_left_out(link, cedar, subscribe):
    subscribe(Policy.DRAFT)
    code = "media." + "x" * 90
    cedar.publish(schema="term/1", content={"code": code, "parent": "media", "name": "Long"})
    cedar.publish("Filed under it", content={"threats": ["media", code]})
    assert link.sync().ok
    assert Item.objects.get(title="Filed under it").state == "draft"
    assert not Threat.objects.filter(name="Long").exists()
