"""Whoever recalls without being entitled, or lifts, or wipes too much: nothing comes of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from federation.errors import RecallUnentitled
from federation.models import (
    Acknowledgement,
    Item,
    Lift,
    Provenance,
    Quarantine,
    Recall,
    Record,
    Review,
)
from federation.services import entitlement, publishing, purging, recalling
from federation.trust import DescriptorDirectory
from federation.wire import canonical, dsse
from playbook.models import PlayPage
from tests import factories
from tests.federation.simulated_node import Said, SimulatedNode, key_for

from .test_recalls import baobab, body, published, shared_link, state, stewards, translation

__all__ = ["baobab", "published", "shared_link", "stewards"]

pytestmark = pytest.mark.usefixtures("indexed")


@pytest.fixture
def said(shared_link, cedar) -> Said:
    """Return an item of cedar that this node has staged."""
    made = cedar.publish("A true story")
    assert shared_link.sync().ok
    assert state(made) == "staged"
    return made


def retargeted(envelope: dsse.Envelope, said: Said) -> dsse.Envelope:
    """Return the same signatures over the recall of another item."""
    raw = canonical.loads(envelope.payload)
    raw["target"]["id"] = said.id
    return dsse.Envelope(canonical.dumps(raw), envelope.signatures)


LIES = {
    "by a third node": lambda s: s.baobab.recall_of(s.said),
    "by a third node in the owner's name": lambda s: s.baobab.recall_of(s.said, origin="cedar"),
    "by a third node's identity key": lambda s: s.baobab.recall_of(
        s.said, keys=[s.baobab.keys.identity]
    ),
    "by the hub that relays it": lambda s: s.hub.recall_of(s.said),
    "with a good signature over another item": lambda s: retargeted(
        s.cedar.recall_of(s.other), s.said
    ),
    "by the owner's log key": lambda s: s.cedar.recall_of(s.said, keys=[s.cedar.keys.log]),
    "by the owner's request key": lambda s: s.cedar.recall_of(s.said, keys=[s.cedar.keys.request]),
    "by one steward alone": lambda s: s.baobab.recall_of(s.said, keys=s.stewards[:1]),
    "by one steward twice": lambda s: s.baobab.recall_of(s.said, keys=[s.stewards[0]] * 2),
    "by a steward and a stranger": lambda s: s.baobab.recall_of(
        s.said, keys=[s.stewards[0], key_for("stranger", "any")]
    ),
}


class Scene:
    """Who takes part in a lie."""

    def __init__(self, cedar, baobab, hub, said, other, stewards) -> None:
        self.cedar, self.baobab, self.hub = cedar, baobab, hub
        self.said, self.other, self.stewards = said, other, stewards


@pytest.fixture
def scene(cedar, baobab, global_hub, said, stewards, shared_link) -> Scene:
    other = cedar.publish("Another")
    shared_link.sync()
    return Scene(cedar, baobab, global_hub, said, other, stewards)


@pytest.mark.parametrize("lie", LIES)
def test_a_forged_recall_is_quarantined_and_hides_nothing(scene, shared_link, lie):
    envelope = LIES[lie](scene)
    entry = scene.baobab.carry(envelope)
    scene.baobab.publish("What stands behind it")

    assert shared_link.sync().ok

    row = Quarantine.objects.get()
    assert (row.address, row.error) == (entry.address, "recall.unentitled")
    assert state(scene.said) == "staged"
    assert body(scene.said) == scene.said.envelope.payload
    assert not Recall.objects.exists()
    assert Item.objects.filter(origin="baobab").count() == 1
    with pytest.raises(RecallUnentitled):
        recalling.carry(envelope)


def test_a_recall_changed_on_the_way_is_refused_and_the_honest_one_taken_later(
    scene, shared_link, cedar
):
    recall = cedar.recall(scene.other)
    changed = retargeted(recall.envelope, scene.said)
    shared_link.feed._swap_body(recall, changed.payload, recall.address)

    shared_link.sync()

    assert Quarantine.objects.get().error == "record.address-mismatch"
    assert (state(scene.said), state(scene.other)) == ("staged", "staged")
    shared_link.feed.stop_lying()
    shared_link.sync()
    assert (state(scene.said), state(scene.other)) == ("staged", "recalled")
    assert Quarantine.objects.get().resolved


def test_another_record_does_not_pass_for_a_recall(scene, shared_link, baobab):
    baobab.say(scene.said.envelope.payload, leaf="recall")
    shared_link.sync()
    assert Quarantine.objects.get().error in ("record.type-mismatch", "recall.unentitled")
    assert not Recall.objects.exists()


def test_two_stewards_recall_what_is_nobody_elses_to_recall(scene, shared_link, baobab, stewards):
    baobab.recall(scene.said, keys=stewards[1:])
    shared_link.sync()
    assert state(scene.said) == "recalled"
    assert Recall.objects.get().authority == "stewards"


def test_a_broken_list_of_stewards_stops_no_recall_of_the_owner(scene, shared_link, cedar, here):
    (here.trust_dir / "stewards.json").write_text('["not a key"]', encoding="ascii")
    cedar.recall(scene.said)
    shared_link.sync()
    assert state(scene.said) == "recalled"


# --- Lifting --------------------------------------------------------------------------------------


def lifts(scene: Scene, recall: Said) -> dict[str, dsse.Envelope]:
    cedar, one = scene.cedar, scene.stewards[0]
    return {
        "the owner": cedar.lift_of(recall, cedar.keys.record, cedar.keys.identity),
        "one steward": cedar.lift_of(recall, one),
        "one steward and the owner": cedar.lift_of(recall, one, cedar.keys.record),
    }


@pytest.mark.parametrize("who", ["the owner", "one steward", "one steward and the owner"])
def test_nobody_but_two_stewards_lifts(scene, shared_link, cedar, who):
    recall = cedar.recall(scene.said)
    cedar.carry(lifts(scene, recall)[who])
    shared_link.sync()
    assert Quarantine.objects.get().error == "recall.unentitled"
    assert state(scene.said) == "recalled"
    assert not Lift.objects.exists()


def test_two_stewards_lift_and_what_was_hidden_is_decided_anew(
    scene, shared_link, published, cedar, client
):
    page = published(scene.said)
    address = page.get_url()
    recall = cedar.recall(scene.said)
    shared_link.sync()
    assert client.get(address).status_code == 410
    cedar.carry(cedar.lift_of(recall, *scene.stewards[:2]))

    assert shared_link.sync().ok

    assert body(scene.said) == scene.said.envelope.payload
    assert state(scene.said) == "published"
    assert client.get(address).status_code == 200


def test_a_lift_before_its_recall_holds_and_a_replayed_one_lifts_no_other(
    scene, shared_link, cedar, baobab
):
    first = cedar.recall_of(scene.said)
    named = Said(0, None, first)
    lift = cedar.signed(
        "lift/1",
        scene.stewards[:2],
        target={"origin": "cedar", "id": scene.said.id, "record": first.address},
        reason="A mistake.",
        day="2026-11-20",
    )
    baobab.carry(lift)
    shared_link.sync()
    cedar.carry(first)
    shared_link.sync()
    assert state(scene.said) == "staged"
    assert named.raw["target"]["id"] == scene.said.id

    second = cedar.recall(scene.said)
    baobab.carry(lift)
    cedar.carry(lift)
    shared_link.sync()

    assert state(scene.said) == "recalled"
    assert Recall.objects.get(address=second.address).lifted is False


def test_what_lies_under_two_recalls_comes_back_by_two_lifts(scene, shared_link, cedar):
    one = cedar.recall(scene.said)
    two = cedar.recall(scene.said, lang="en")
    cedar.carry(cedar.lift_of(one, *scene.stewards[:2]))
    shared_link.sync()
    assert state(scene.said) == "recalled"
    assert body(scene.said) is None
    cedar.carry(cedar.lift_of(two, *scene.stewards[1:]))
    shared_link.sync()
    assert state(scene.said) == "staged"
    assert body(scene.said) == scene.said.envelope.payload


# --- A coerced node -------------------------------------------------------------------------------


def in_days(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def test_the_eleventh_recall_of_a_day_hides_and_waits_for_a_person(shared_link, cedar):
    items = [cedar.publish(f"Item {number}") for number in range(11)]
    shared_link.sync()
    for item in items:
        cedar.recall(item)
    shared_link.sync()
    assert {state(item) for item in items} == {"recalled"}

    purging.purge_due(in_days(8))

    waiting = Recall.objects.get(over_cap=True)
    assert str(waiting.item_id) == items[10].id
    assert Item.objects.filter(title="").count() == 10
    assert purging.awaits_confirmation(waiting)
    recalling.confirm_recall(waiting)
    assert not purging.awaits_confirmation(Recall.objects.get(pk=waiting.pk))
    assert purging.purge_due(in_days(8)) == 1
    assert Item.objects.filter(title="").count() == 11


def test_the_cap_is_a_days_and_no_others_count(shared_link, cedar, baobab):
    items = [cedar.publish(f"Item {number}") for number in range(10)]
    shared_link.sync()
    for item in items:
        cedar.recall(item)
    shared_link.sync()
    Recall.objects.update(received_at=in_days(-2))
    cedar.recall(cedar.publish("One more"))
    baobab.recall(baobab.publish("Another's"))
    shared_link.sync()
    assert not Recall.objects.filter(over_cap=True).exists()


def test_unconfirmed_a_recall_purges_no_item_of_another_node(shared_link, cedar, baobab):
    said = cedar.publish("A story")
    copy = translation(baobab, said, "Une histoire", lang="fr")
    shared_link.sync()
    recall = cedar.recall(said)
    shared_link.sync()

    purging.purge_due(in_days(8))

    titles = dict(Item.objects.values_list("origin", "title"))
    assert titles == {"cedar": "", "baobab": "Une histoire"}
    assert {state(said), state(copy)} == {"recalled"}
    row = Recall.objects.get(address=recall.address)
    assert purging.awaits_confirmation(row)
    recalling.confirm_recall(row)
    purging.purge_due(in_days(8))
    assert set(Item.objects.values_list("title", flat=True)) == {""}


def test_two_stewards_need_no_confirmation(shared_link, cedar, baobab, stewards):
    said = cedar.publish("A story")
    translation(baobab, said, "Une histoire", lang="fr")
    shared_link.sync()
    baobab.recall(said, keys=stewards[:2])
    shared_link.sync()
    purging.purge_due(in_days(8))
    assert set(Item.objects.values_list("title", flat=True)) == {""}


def test_an_acknowledgement_in_the_name_of_another_does_not_count(
    shared_link, cedar, baobab, global_hub
):
    recall = cedar.recall(cedar.publish())
    forged = baobab.build("ack/1", target={"record": recall.address}, day="2026-11-20",
                          origin="global-hub")  # fmt: skip
    baobab.say(forged)
    shared_link.sync()
    assert Quarantine.objects.get().error == "record.wrong-origin"
    assert not Acknowledgement.objects.filter(node_id="global-hub").exists()
    global_hub.acknowledge(recall)
    shared_link.sync()
    assert Acknowledgement.objects.filter(node_id="global-hub").count() == 1


def test_the_entitled_are_told_from_signatures_alone(cedar, baobab, here, stewards, enrol):
    enrol(cedar, baobab)
    said = cedar.publish()
    for envelope, expected in (
        (cedar.recall_of(said), "origin"),
        (cedar.recall_of(said, keys=[cedar.keys.identity], origin="baobab"), "origin"),
        (baobab.recall_of(said, keys=stewards[:2]), "stewards"),
    ):
        record = entitlement.verified(envelope, here)
        assert entitlement.authority_of(envelope, record, here) == expected
    assert not Record.objects.exists()
    assert json.loads((here.trust_dir / "stewards.json").read_text())


def test_a_recall_of_a_node_that_is_not_enrolled_yet_is_taken_once_it_is(shared_link, baobab, here):
    late = SimulatedNode("fig")
    said = late.publish()
    baobab.carry(late.recall_of(said))
    shared_link.sync()
    assert Quarantine.objects.get().error == "recall.unentitled"
    DescriptorDirectory(here.trust_dir).add(late.descriptor)
    baobab.publish("Something new")
    shared_link.sync()
    assert Recall.objects.get().origin == "fig"
    assert Quarantine.objects.get().resolved


def test_whoever_translates_an_item_and_recalls_that_takes_no_other_page_along(
    shared_link, cedar, baobab, published, client
):
    said = cedar.publish("A story")
    page = published(said)
    foreign = published(translation(baobab, said, "Une histoire", lang="fr"))
    own = factories.live(factories.play("ar", translation_key=page.translation_key))
    assert foreign.translation_key == page.translation_key
    baobab.recall(baobab.said[0])

    shared_link.sync()
    purging.purge_due(in_days(8))

    assert [client.get(each.get_url()).status_code for each in (page, own)] == [200, 200]
    assert client.get(foreign.get_url()).status_code == 410
    factories.live(factories.fresh(own))


def test_what_people_here_made_of_it_is_erased_by_a_confirmation_alone(
    shared_link, cedar, published, client
):
    page = published(cedar.publish("A story"))
    own = factories.live(factories.play("ar", translation_key=page.translation_key))
    address = own.get_url()
    cedar.recall(cedar.said[0])
    shared_link.sync()
    purging.purge_due(in_days(8))
    assert client.get(address).status_code == 410
    assert not PlayPage.objects.filter(pk=page.pk).exists()
    assert PlayPage.objects.filter(pk=own.pk).exists()
    recall = Recall.objects.get()
    assert purging.awaits_confirmation(recall)

    recalling.confirm_recall(recall)
    purging.purge_due(in_days(8))

    assert not PlayPage.objects.filter(pk=own.pk).exists()
    assert client.get(address).status_code == 410
    assert not purging.awaits_confirmation(Recall.objects.get())


def test_notes_about_it_are_erased_with_it(shared_link, cedar, global_hub, shareable, here):
    page = shareable()
    publishing.share_page(page)
    row = Provenance.objects.get(page=page)
    target = {
        "origin": row.origin, "id": str(row.item_id), "lang": row.lang, "version": row.version,
        "record": row.address, "index": row.index,
    }  # fmt: skip
    note = "You wrote where she lives."
    global_hub.say(
        global_hub.build(
            "review/1", audience=[here.NODE_ID], target=target, decision="return", note=note,
            day="2026-11-20",
        )
    )  # fmt: skip
    shared_link.sync()
    assert Review.objects.get().note == note
    recalling.recall_page(page, "It endangers people.")
    purging.purge_due(in_days(8))
    assert Review.objects.get().note == ""
    assert not Record.objects.filter(schema="review/1", payload__isnull=False).exists()


def test_a_refused_body_of_what_was_recalled_is_not_even_kept_as_evidence(link, cedar):
    """By a wrong key, or after what is trusted: its text would lie here for ever."""
    said = cedar.publish("A dangerous story")
    cedar.recall(said)
    link.sync()
    again = cedar.publish("A dangerous story", after=said, key=key_for("thief"))
    other = cedar.publish("A harmless one", key=key_for("thief"))

    link.sync()
    link.sync()

    kept = {row.address: row.payload for row in Quarantine.objects.all()}
    assert kept[again.address] is None
    assert kept[other.address] is not None
    assert not Record.objects.filter(address=again.address, payload__isnull=False).exists()
