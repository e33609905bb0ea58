"""What becomes of an item by this node's subscriptions, and what an endorsement is worth."""

import pytest

from federation.conf import get_conf
from federation.models import (
    Endorsement,
    Item,
    ItemState,
    Policy,
    Provenance,
    Quarantine,
    Subscription,
)
from federation.services import adoption, policy
from federation.services.origins import origin_of
from playbook.models import HomePage, PlayPage
from playbook.workflows import publish_trusted
from tests.factories import fresh
from tests.federation.simulated_node import SimulatedNode


def state(said) -> str:
    return Item.objects.get(item_id=said.id).state


def page_of(said) -> PlayPage:
    return PlayPage.objects.get(provenance__item_id=said.id, provenance__lang=said.raw["lang"])


EXPECTED = {
    Policy.IGNORE: ("ignored", None),
    Policy.STAGE: ("staged", None),
    Policy.DRAFT: ("draft", False),
    Policy.PUBLISH: ("published", True),
}


@pytest.mark.parametrize("chosen", EXPECTED)
def test_each_policy_does_what_it_says(hub_link, cedar, global_hub, subscribe, chosen: Policy):
    subscribe(chosen)
    said = cedar.publish("Words")
    global_hub.endorse(said)

    assert hub_link.sync().ok

    expected, live = EXPECTED[chosen]
    assert state(said) == expected
    pages = PlayPage.objects.filter(title="Words")
    assert list(pages.values_list("live", flat=True)) == ([] if live is None else [live])


def test_the_subscription_that_fits_closest_counts(hub_link, cedar, subscribe):
    subscribe(Policy.IGNORE)
    subscribe(Policy.STAGE, schema="play/1")
    subscribe(Policy.DRAFT, origin="cedar", lang="fr")
    english, french = cedar.publish("Words"), cedar.publish("Paroles", lang="fr")
    case = cedar.publish("A case", schema="case/1")
    hub_link.sync()
    assert (state(english), state(french), state(case)) == ("staged", "draft", "ignored")
    one, other = Subscription(origin="cedar"), Subscription(schema="play/1", lang="en")
    assert one.rank("cedar", "play/1", "en") > other.rank("cedar", "play/1", "en") > -1
    assert one.rank("baobab", "play/1", "en") == -1


@pytest.mark.parametrize("order", ["before", "after", "much later"])
def test_an_endorsement_publishes_whether_it_comes_before_or_after_its_item(
    enrol, global_hub, cedar, subscribe, order: str
):
    subscribe(Policy.PUBLISH)
    link = enrol(global_hub, cedar, hub=True)
    said = cedar.publish("Words")
    endorsed = lambda: global_hub.endorse(said)  # noqa: E731
    if order == "before":
        link.feed.logs.pop("cedar")
        endorsed()
        link.sync()
        assert Endorsement.objects.exists()
        assert not Item.objects.exists()
        link.feed.logs["cedar"] = cedar
    elif order == "much later":
        link.sync()
        assert state(said) == "staged"
        assert not PlayPage.objects.filter(title="Words").exists()
        endorsed()
    else:
        endorsed()

    assert link.sync().ok

    assert state(said) == "published"
    assert page_of(said).live
    origin = origin_of(page_of(said))
    assert (origin.node, origin.endorsed_by, origin.is_local) == ("cedar", ("global-hub",), False)


FORGED = {
    "by the author": lambda hub, cedar, said: cedar.endorse(said),
    "of another index": lambda hub, cedar, said: hub.endorse(said, target={"index": 7}),
    "of another record": lambda hub, cedar, said: hub.endorse(said, target={"record": "ab" * 32}),
    "of another origin": lambda hub, cedar, said: hub.endorse(said, target={"origin": "baobab"}),
    "in the hub's name": lambda hub, cedar, said: cedar.say(
        cedar.build("endorse/1", target=said.target, day="2026-11-20", origin="global-hub")
    ),
    "of a version that is gone": lambda hub, cedar, said: (
        hub.endorse(said), cedar.publish("Better words", after=said)
    ),
    "taken back at once": lambda hub, cedar, said: hub.withdraw(hub.endorse(said)),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_an_endorsement_that_does_not_count_publishes_nothing(
    hub_link, cedar, global_hub, subscribe, name: str
):
    subscribe(Policy.PUBLISH)
    said = cedar.publish("Words")
    FORGED[name](global_hub, cedar, said)

    assert hub_link.sync().ok

    assert state(said) == "staged"
    assert not PlayPage.objects.filter(live=True, provenance__isnull=False).exists()
    rows = Quarantine.objects.values_list("error", flat=True)
    assert list(rows) == (["record.wrong-origin"] if name == "in the hub's name" else [])


def test_readers_are_told_only_of_endorsements_of_this_very_entry(
    hub_link, cedar, global_hub, subscribe
):
    subscribe(Policy.DRAFT)
    said = cedar.publish("Words")
    global_hub.endorse(said, target={"index": 3})
    hub_link.sync()
    assert origin_of(page_of(said)).endorsed_by == ()
    global_hub.endorse(said)
    hub_link.sync()
    assert origin_of(page_of(said)).endorsed_by == ("global-hub",)


def test_a_withdrawn_endorsement_unpublishes_what_policy_published(
    hub_link, cedar, global_hub, subscribe, client
):
    subscribe(Policy.PUBLISH)
    said = cedar.publish("Words")
    endorsement = global_hub.endorse(said)
    hub_link.sync()
    page = page_of(said)
    assert client.get(page.get_url()).status_code == 200
    global_hub.withdraw(endorsement)

    assert hub_link.sync().ok

    assert state(said) == "staged"
    assert not fresh(page).live
    assert client.get(page.get_url()).status_code == 404
    global_hub.endorse(said)
    hub_link.sync()
    assert fresh(page).live, "endorsed again, it is back"


@pytest.mark.parametrize("by", ["a person adopted and published it", "a person edited it since"])
def test_a_withdrawn_endorsement_leaves_what_a_person_published(
    hub_link, cedar, global_hub, subscribe, by: str
):
    said = cedar.publish("Words")
    endorsement = global_hub.endorse(said)
    if by == "a person edited it since":
        subscribe(Policy.PUBLISH)
        hub_link.sync()
    else:
        hub_link.sync()
        adoption.adopt_item(Item.objects.get(), publish=False)
        subscribe(Policy.PUBLISH)
    page = page_of(said)
    page.title = "Words that we have gone over"
    _publish_as_a_person(page)
    assert fresh(page).live
    global_hub.withdraw(endorsement)

    assert hub_link.sync().ok

    assert fresh(page).live
    assert fresh(page).title == "Words that we have gone over"


def _publish_as_a_person(page) -> None:
    publish_trusted(page.save_revision(), reason="stands for the workflow, which has its own tests")


def test_local_edits_are_never_overwritten(hub_link, cedar, global_hub, subscribe):
    subscribe(Policy.PUBLISH)
    first = cedar.publish("Their words")
    global_hub.endorse(first)
    hub_link.sync()
    page = page_of(first)
    page.title = "Our words"
    page.save_revision()
    second = cedar.publish("Their better words", after=first)
    global_hub.endorse(second)

    assert hub_link.sync().ok

    assert state(second) == "staged", "the newer version waits in the inbox"
    assert fresh(page).get_latest_revision_as_object().title == "Our words"
    assert fresh(page).title == "Their words"
    assert Provenance.objects.get().version == 1
    assert Item.objects.get().version == 2


def test_a_newer_version_without_an_endorsement_leaves_the_endorsed_one_up(
    hub_link, cedar, global_hub, subscribe
):
    subscribe(Policy.PUBLISH)
    first = cedar.publish("Endorsed words")
    global_hub.endorse(first)
    hub_link.sync()
    cedar.publish("Words nobody has seen", after=first)
    hub_link.sync()
    assert page_of(first).live
    assert page_of(first).title == "Endorsed words"


@pytest.mark.parametrize("decided", [ItemState.DECLINED, ItemState.RETURNED, ItemState.DRAFT])
def test_an_endorsement_by_anybody_does_not_undo_what_a_person_decided(
    hub_link, cedar, global_hub, decided: str
):
    said = cedar.publish("Words")
    hub_link.sync()
    Item.objects.update(state=decided)
    cedar.endorse(said)
    assert hub_link.sync().ok
    assert state(said) == decided
    second = cedar.publish("Other words", after=said)
    hub_link.sync()
    assert state(second) == "staged", "a new version is a new question"


def test_an_item_in_a_language_the_node_does_not_publish_becomes_a_draft_there(
    link, cedar, subscribe
):
    subscribe(Policy.DRAFT)
    assert not HomePage.objects.filter(locale__language_code="sw").exists()
    said = cedar.publish("Maneno", lang="sw")
    assert link.sync().ok
    page = page_of(said)
    assert page.locale.language_code == "sw"
    assert not page.live
    assert not HomePage.objects.get(locale__language_code="sw").live
    assert page.get_parent().get_parent().specific == HomePage.objects.get(
        locale__language_code="sw"
    )


NO_PLACE = {
    "a language that this software does not know": {"lang": "xx"},
    "a type that has no page": {"schema": "term/1", "content": {"code": "media.x", "name": "X"}},
}


@pytest.mark.parametrize("chosen", [Policy.DRAFT, Policy.PUBLISH])
@pytest.mark.parametrize("name", NO_PLACE)
def test_an_item_that_has_no_place_here_stays_in_the_inbox_with_a_reason(
    hub_link, cedar, global_hub, subscribe, name: str, chosen: Policy
):
    subscribe(chosen)
    said = cedar.publish("No place", **NO_PLACE[name])
    behind = cedar.publish("Behind")
    global_hub.endorse(said)
    global_hub.endorse(behind)

    assert hub_link.sync().ok

    item = Item.objects.get(item_id=said.id)
    assert (item.state, item.error, item.undecided) == ("staged", "adopt.no-place", False)
    assert state(behind) == EXPECTED[chosen][0]


def test_an_item_that_makes_no_page_stays_in_the_inbox_with_a_reason(link, cedar, subscribe):
    subscribe(Policy.DRAFT)
    said = cedar.publish("Too long", content={"outcome": "x" * 250, "who_leads": "y" * 2000})
    bad = cedar.publish("No outcome", content={"outcome": ""})
    assert link.sync().ok
    assert state(said) == "draft", "what is too long for a line is cut"
    item = Item.objects.get(item_id=bad.id)
    assert (item.state, item.error) == ("staged", "record.invalid")
    assert not PlayPage.objects.filter(title="No outcome").exists()


def test_languages_of_one_item_share_a_translation_key_here(link, cedar, subscribe):
    subscribe(Policy.DRAFT)
    english = cedar.publish("Words")
    french = cedar.publish("Paroles", id=english.id, lang="fr")
    link.sync()
    assert page_of(english).translation_key == page_of(french).translation_key
    assert str(page_of(english).translation_key) != english.id, "the key is this node's own"


def test_another_nodes_translation_joins_the_tree_of_its_source(
    enrol, global_hub, cedar, subscribe
):
    baobab = SimulatedNode("baobab")
    link = enrol(global_hub, cedar, baobab, hub=True)
    subscribe(Policy.DRAFT)
    english = cedar.publish("Words")
    link.sync()
    source = {name: english.target[name] for name in ("origin", "id", "lang", "version")}
    swahili = baobab.publish("Maneno", lang="sw", source={"kind": "translation", **source})
    rival = baobab.publish("Words, rewritten", source={"kind": "translation", **source})
    adapted = baobab.publish("Ours", lang="fr", source={"kind": "adaptation", **source})
    assert link.sync().ok
    key = page_of(english).translation_key
    assert page_of(swahili).translation_key == key
    assert page_of(rival).translation_key != key, "the place in English is the source's own"
    assert page_of(adapted).translation_key != key
    assert page_of(english).title == "Words"


def test_deciding_again_changes_nothing(hub_link, cedar, global_hub, subscribe):
    subscribe(Policy.PUBLISH)
    said = cedar.publish("Words")
    global_hub.endorse(said)
    hub_link.sync()
    revisions = page_of(said).revisions.count()
    Item.objects.update(undecided=True)
    assert policy.decide_items(get_conf()) == 1
    assert state(said) == "published"
    assert page_of(said).live
    assert page_of(said).revisions.count() <= revisions + 1


def test_markup_outside_the_vocabulary_never_reaches_a_page(link, cedar, subscribe):
    subscribe(Policy.DRAFT)
    evil = '<p onclick="x()">Call <a href="javascript:x()">us</a></p><script>x()</script>'
    step = {
        "id": "11111111-2222-4333-8444-555555555555",
        "type": "step",
        "value": {"do": evil, "who": "<b>x</b>", "by_when": "", "dont": ""},
    }
    said = cedar.publish("Words", content={"preconditions": evil, "steps": [step]})
    assert link.sync().ok
    page = page_of(said)
    assert page.preconditions == "<p>Call us</p>"
    assert page.steps[0].value["do"].source == "<p>Call us</p>"
