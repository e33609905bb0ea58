"""What endangers people is gone from every node that hears of it, and does not come back."""

import json
import uuid
from unittest.mock import patch

import pytest
from bs4 import BeautifulSoup
from django.utils.translation import override as translation_of

from federation import tasks
from federation.management.commands import run_scheduler
from federation.models import (
    Acknowledgement,
    Authority,
    Entry,
    HeldBody,
    Item,
    Log,
    Peer,
    Policy,
    Provenance,
    Quarantine,
    Recall,
    Record,
    Tombstone,
)
from federation.services import heads, hiding, policy, publishing, recalling, record_bundles
from federation.services.verify import verify_everything
from federation.wire import canonical, dsse, records
from playbook.addresses import short_id
from playbook.models import PlayPage
from playbook.publishing import PublicationRefused
from tests import factories
from tests.federation.served import feed_of_this_node
from tests.federation.simulated_node import SimulatedNode, key_for

pytestmark = pytest.mark.usefixtures("indexed")


@pytest.fixture
def baobab() -> SimulatedNode:
    return SimulatedNode("baobab")


@pytest.fixture
def shared_link(enrol, global_hub, cedar, baobab):
    """Return the link to the hub, which relays the logs of two coalitions."""
    return enrol(global_hub, cedar, baobab, hub=True)


@pytest.fixture
def published(shared_link, global_hub, subscribe):
    """Publish an item here by the hub's endorsement; return its page."""
    subscribe(Policy.PUBLISH)

    def _published(said):
        global_hub.endorse(said)
        assert shared_link.sync().ok
        return PlayPage.objects.get(provenance__item_id=said.id, provenance__lang=said.raw["lang"])

    return _published


@pytest.fixture
def stewards(here):
    """Return the keys of three stewards, known to this node."""
    keys = [key_for("steward", str(number)) for number in range(3)]
    names = json.dumps([key.public.hex for key in keys])
    (here.trust_dir / "stewards.json").write_text(names, encoding="ascii")
    return keys


def state(said) -> str:
    return Item.objects.get(origin=said.raw["origin"], item_id=said.id, lang=said.raw["lang"]).state


def body(said) -> bytes | None:
    payload = Record.objects.values_list("payload", flat=True).filter(address=said.address).first()
    return bytes(payload) if payload is not None else None


def translation(node: SimulatedNode, of, title: str = "In other words", **fields):
    """Return an item of another node that was made from this one."""
    source = {name: of.raw[name] for name in ("origin", "id", "lang", "version")}
    return node.publish(title, source={"kind": "translation", **source}, **fields)


def test_a_recalled_page_is_gone_at_once_with_a_notice_and_no_word_of_it(
    shared_link, cedar, published, client
):
    said = cedar.publish("A dangerous story")
    page = published(said)
    address = page.get_url()
    assert client.get(address).status_code == 200
    cedar.recall(said, reason="A name in it gives people away.")

    assert shared_link.sync().ok

    answer = client.get(address)
    text = answer.content.decode()
    assert answer.status_code == 410
    assert "This page was recalled" in text
    assert "A name in it gives people away." in text
    assert "A dangerous story" not in text
    assert "heard the true story" not in text
    assert state(said) == "recalled"
    assert body(said) is None
    assert Provenance.objects.get(page=page).retracted


def test_the_page_of_its_origin_says_recalled_and_shows_no_endorsement(
    shared_link, cedar, published, client
):
    said = cedar.publish("A dangerous story")
    page = published(said)
    origin = f"/{page.locale.language_code}/p/{short_id(page)}/"
    assert "holds for this version" in client.get(origin).content.decode()
    cedar.recall(said, reason="A name in it gives people away.")
    assert shared_link.sync().ok

    text = client.get(origin).content.decode()
    assert "This page was recalled" in text
    assert "A name in it gives people away." in text
    assert "holds for this version" not in text
    assert "A dangerous story" not in text


def test_what_is_applied_is_acknowledged_in_the_own_log_and_signed_at_once(
    shared_link, cedar, here
):
    said = cedar.publish()
    shared_link.sync()
    heads.sign_head()
    log = heads.own_log()
    assert not heads.head_due(here, log.head_seen_at)
    recall = cedar.recall(said)

    shared_link.sync()

    log = heads.own_log()
    entry = Entry.objects.get(log=log, type="ack")
    raw = json.loads(bytes(Record.objects.get(address=entry.address).payload))
    assert (raw["origin"], raw["target"]) == (here.NODE_ID, {"record": recall.address})
    assert heads.head_due(here, log.head_seen_at)
    shared_link.sync()
    assert Entry.objects.filter(log=log, type="ack").count() == 1
    assert verify_everything().findings == []


def test_a_recall_before_its_item_keeps_it_out_in_every_version(shared_link, cedar, baobab):
    said = cedar.publish("Never to be seen")
    cedar.recall(said)
    later = cedar.publish("Mended, they say", after=said)
    copy = translation(baobab, said, lang="fr")
    cedar.publish("Something else")

    assert shared_link.sync().ok

    assert list(Item.objects.values_list("title", flat=True)) == ["Something else"]
    assert [body(each) for each in (said, later, copy)] == [None] * 3
    assert not HeldBody.objects.exists()
    assert not Quarantine.objects.exists()


def test_a_higher_version_does_not_bring_it_back_and_a_new_id_does(shared_link, cedar, published):
    said = cedar.publish("First words")
    page = published(said)
    cedar.recall(said)
    shared_link.sync()

    cedar.publish("Better words", after=said)
    cedar.publish("First words again", id=said.id, version=7, prev=said.address)
    fresh = cedar.publish("New words")
    shared_link.sync()

    assert state(said) == "recalled"
    page.refresh_from_db()
    assert not page.live
    assert state(fresh) == "staged"


def test_everything_made_from_it_goes_too(shared_link, cedar, baobab, published, client):
    said = cedar.publish("A dangerous story")
    french = translation(baobab, said, "Une histoire", lang="fr")
    again = translation(baobab, french, "Hadithi", lang="ar")
    other = baobab.publish("Its own story")
    pages = [published(each) for each in (said, french, again, other)]
    cedar.recall(said)

    shared_link.sync()

    assert [client.get(page.get_url()).status_code for page in pages] == [410, 410, 410, 200]
    assert [state(each) for each in (said, french, again)] == ["recalled"] * 3
    assert Tombstone.objects.count() == 3
    assert body(other) is not None


def test_what_is_made_from_it_later_never_comes_even_in_a_chain_out_of_order(
    shared_link, cedar, baobab
):
    said = cedar.publish("A dangerous story")
    middle = baobab.item(
        {"title": "Une histoire"},
        lang="fr",
        source={"kind": "translation", "origin": "cedar", "id": said.id, "lang": "en",
                "version": 1},
    )  # fmt: skip
    source = {"kind": "adaptation", "origin": "baobab", "id": middle["id"], "lang": "fr",
              "version": 1}  # fmt: skip
    last = baobab.publish("Hadithi", lang="sw", source=source)
    cedar.recall(said)
    shared_link.sync()
    assert state(last) == "staged"

    baobab.say(canonical.dumps(middle))
    shared_link.sync()

    assert state(last) == "recalled"
    assert body(last) is None


def test_the_recall_of_one_language_leaves_the_others(shared_link, cedar, baobab):
    english = cedar.publish("In English")
    french = cedar.publish("En français", id=english.id, lang="fr")
    copy = translation(baobab, french, "Kwa Kiswahili", lang="sw")
    kept = translation(baobab, english, "Em português", lang="pt")
    shared_link.sync()

    cedar.recall(french, lang="fr")
    shared_link.sync()

    assert [state(each) for each in (english, french, copy, kept)] == [
        "staged", "recalled", "recalled", "staged",
    ]  # fmt: skip


def test_an_own_translation_that_was_never_shared_goes_too(shared_link, cedar, published, client):
    said = cedar.publish("A dangerous story")
    page = published(said)
    draft = factories.live(
        factories.play("fr", translation_key=page.translation_key, title="Une histoire")
    )
    assert client.get(draft.get_url()).status_code == 200
    cedar.recall(said)

    shared_link.sync()

    assert client.get(draft.get_url()).status_code == 410
    later = factories.play("ar", translation_key=page.translation_key)
    with translation_of("en"), pytest.raises(PublicationRefused, match="recalled"):
        factories.live(later)


def test_the_feed_serves_no_recalled_body_and_carries_the_recall(
    hub_here, shared_link, cedar, client
):
    said = cedar.publish("A dangerous story")
    shared_link.sync()
    feed = "/federation/v1"
    assert client.get(f"{feed}/record/{said.address}").status_code == 200
    recall = cedar.recall(said)

    assert shared_link.sync().ok

    assert client.get(f"{feed}/record/{said.address}").status_code == 404
    assert client.get(f"{feed}/record/{recall.address}").status_code == 200
    rows = list(feed_of_this_node(key_for("any", "any")).records("cedar", 0, 2))
    assert [row.payload is None for row in rows] == [True, False]
    assert verify_everything().findings == []


def test_a_stale_relay_and_a_restored_row_bring_nothing_back(shared_link, cedar, published, client):
    said = cedar.publish("A dangerous story")
    page = published(said)
    before = Item.objects.values().get()
    held = body(said)
    cedar.recall(said)
    shared_link.sync()

    shared_link.feed.roll_back(cedar, 1)
    shared_link.sync()
    assert (state(said), body(said)) == ("recalled", None)

    Item.objects.filter(pk=before["id"]).update(**{**before, "undecided": True})
    Record.objects.filter(address=said.address).update(payload=held, state="present")
    policy.decide_items(recalling.get_conf())
    assert client.get(page.get_url()).status_code == 410
    assert Item.objects.get(pk=before["id"]).error == "recall.stands"
    assert hiding.enforce() == 1
    assert (state(said), body(said)) == ("recalled", None)
    assert hiding.enforce() == 0


def test_a_retry_from_quarantine_brings_nothing_back(shared_link, cedar):
    said = cedar.publish("A dangerous story")
    shared_link.feed.tamper(said)
    shared_link.sync()
    assert Quarantine.objects.get().error == "record.address-mismatch"
    cedar.recall(said)
    shared_link.sync()
    shared_link.feed.stop_lying()
    cedar.publish("Something else")

    shared_link.sync()

    assert Quarantine.objects.get().resolved
    assert not Item.objects.filter(item_id=said.id).exists()
    assert body(said) is None


def test_a_body_that_never_came_is_excused_by_the_recall_that_lists_it(shared_link, cedar):
    said = cedar.publish("A dangerous story")
    shared_link.feed.withhold(said)
    shared_link.sync()
    assert not Quarantine.objects.get().resolved
    cedar.recall(said, records=[said.address])
    shared_link.sync()
    assert Quarantine.objects.get().resolved


def test_who_comes_after_the_purge_misses_nothing(shared_link, cedar):
    said = cedar.publish("A dangerous story")
    later = cedar.publish("A dangerous story, again", after=said)
    cedar.publish("Something else")
    for each in (said, later):
        shared_link.feed.withhold(each)
    cedar.recall(said, records=[said.address, later.address])

    assert shared_link.sync().ok

    assert not Quarantine.objects.exists()
    assert Item.objects.get().title == "Something else"


def test_recalling_what_is_not_here_is_no_error(shared_link, cedar, baobab):
    ghost = baobab.twin(0).publish("Elsewhere")
    baobab.recall(ghost)
    assert shared_link.sync().ok
    assert Recall.objects.get().acknowledged
    assert not Item.objects.exists()


def test_a_retraction_after_a_recall_changes_nothing(shared_link, cedar):
    said = cedar.publish()
    shared_link.sync()
    cedar.recall(said)
    cedar.retract(said)
    cedar.publish("Better words", after=said)
    shared_link.sync()
    assert state(said) == "recalled"


def test_a_recall_comes_first_out_of_a_log_that_is_frozen(shared_link, cedar, baobab):
    said = cedar.publish()
    baobab.publish()
    shared_link.sync()
    Log.objects.filter(node_id="baobab").update(frozen="log.equivocation")
    Peer.objects.filter(node_id="baobab").update(status="frozen")
    baobab.carry(cedar.recall_of(said))

    report = shared_link.sync()

    assert [about for about, _error in report.errors] == ["baobab"]
    assert state(said) == "recalled"


def test_a_recall_comes_first_out_of_a_log_that_does_not_add_up(shared_link, cedar, baobab):
    said = cedar.publish()
    shared_link.sync()
    baobab.publish()
    baobab.carry(cedar.recall_of(said))
    shared_link.feed.show_head(baobab, baobab.head(root=b"\0" * 32))
    report = shared_link.sync()
    assert [error.code for _about, error in report.errors] == ["log.root-mismatch"]
    assert state(said) == "recalled"


def test_a_recall_at_the_end_of_a_long_backlog_comes_before_the_rest(shared_link, cedar):
    said = cedar.publish("A dangerous story")
    for number in range(300):
        cedar.publish(f"Item {number}")
    cedar.recall(said)
    shared_link.feed.hang("log/cedar/records/.*")

    shared_link.sync()

    assert Recall.objects.count() == 1
    assert Log.objects.get(node_id="cedar").applied == 0
    shared_link.feed.stop_lying()
    shared_link.sync()
    assert Item.objects.count() == 300
    assert not Item.objects.filter(item_id=said.id).exists()


def test_an_own_item_is_recalled_here_and_said_to_all_in_one_act(here, shareable, client):
    page = shareable(title="A dangerous story")
    publishing.share_page(page)
    address = page.get_url()

    entry = recalling.recall_page(page, "A name in it gives people away.")

    assert client.get(address).status_code == 410
    raw = json.loads(bytes(Record.objects.get(address=entry.address).payload))
    assert raw["records"] == [Provenance.objects.get().address]
    assert raw["target"] == {"origin": here.NODE_ID, "id": str(Provenance.objects.get().item_id)}
    types = list(Entry.objects.order_by("index").values_list("type", flat=True))
    assert types == ["publish", "recall", "ack"]
    assert (Recall.objects.get().confirmed, Recall.objects.get().authority) == (True, "origin")
    assert Acknowledgement.objects.get().node_id == here.NODE_ID
    heads.sign_head()
    assert verify_everything().findings == []


def test_a_recalled_own_page_is_not_shared_or_published_again(here, shareable):
    page = shareable()
    publishing.share_page(page)
    recalling.recall_page(page, "It endangers people.")
    page = factories.fresh(page)
    page.reinstate()
    with translation_of("en"), pytest.raises(PublicationRefused, match="recalled"):
        factories.live(page)
    PlayPage.objects.filter(pk=page.pk).update(live=True, live_revision_id=page.latest_revision_id)
    with pytest.raises(publishing.FederationError) as caught:
        publishing.share_page(factories.fresh(page))
    assert caught.value.code == "recall.stands"


def test_what_was_never_shared_cannot_be_recalled(here, shareable):
    with pytest.raises(publishing.NotShareable):
        recalling.recall_page(shareable(), "It endangers people.")
    assert not Recall.objects.exists()


def test_an_emergency_recall_by_the_identity_key_is_carried_by_anyone(
    shared_link, cedar, baobab, here
):
    said = cedar.publish()
    shared_link.sync()
    envelope = cedar.recall_of(said, keys=[cedar.keys.identity])

    entry = recalling.carry(envelope)

    assert (entry.type, entry.address) == ("recall", envelope.address)
    assert state(said) == "recalled"
    assert Recall.objects.get().authority == Authority.ORIGIN
    assert recalling.carry(envelope) is None
    stored = Record.objects.get(address=envelope.address)
    again = dsse.Envelope(bytes(stored.payload), record_bundles.signatures_of(stored))
    again.verify(cedar.keys.identity.public)
    heads.sign_head()
    assert verify_everything().findings == []


def test_a_recall_is_public_and_names_an_item_not_a_version(cedar):
    said = cedar.publish()
    good = cedar.recall_of(said).payload
    assert isinstance(records.parse(good), records.Recall)
    raw = canonical.loads(good)
    for change in (
        {"audience": ["baobab"]},
        {"target": {"origin": "cedar"}},
        {"target": {**raw["target"], "version": 1}},
        {"target": {**raw["target"], "id": str(uuid.uuid1())}},
        {"records": ["x"]},
        {"reason": None},
    ):
        with pytest.raises(records.InvalidRecord):
            records.parse(canonical.dumps({**raw, **change}))


def test_the_notice_says_nothing_that_the_page_said(shared_link, cedar, published, client):
    said = cedar.publish("A dangerous story")
    address = published(said).get_url()
    cedar.recall(said)
    shared_link.sync()
    shown = BeautifulSoup(client.get(address).content, "html.parser")
    assert "dangerous" not in shown.get_text(" ")
    assert "endangers people" in shown.get_text(" ")


def test_an_acknowledgement_that_cannot_be_signed_waits_and_the_recall_does_not(
    shared_link, cedar, here
):
    said = cedar.publish()
    shared_link.sync()
    key = here.keys_dir / "record.pem"
    key.chmod(0o644)
    recalling.receive(cedar.recall_of(said), here)
    assert recalling.acknowledge() == 0
    assert state(said) == "recalled"
    assert not Acknowledgement.objects.exists()
    key.chmod(0o600)
    tasks.keep_recalls.call()
    assert Acknowledgement.objects.get().node_id == here.NODE_ID
    assert Recall.objects.get().acknowledged


def test_housekeeping_wakes_what_erases_and_what_counts_leases(here):
    with patch.object(run_scheduler, "wake") as wake:
        run_scheduler.housekeeping()
    woken = {call.args[0].module_path for call in wake.call_args_list}
    assert {"federation.tasks.keep_recalls", "federation.tasks.evaluate_leases"} <= woken
    assert tasks.evaluate_leases.call() == 0
