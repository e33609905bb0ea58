"""Three real nodes and their witnesses: from a signed head to a page that readers see."""

import shutil
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connections
from wagtail.models import Page

from federation.conf import get_conf
from federation.errors import BehindWitness
from federation.models import Evidence, Item, ItemState, Log, Peer, Provenance, Witness
from federation.services import asking, heads, publishing, review, submitting, testimony, trusting
from federation.services.quorum import Quorums
from federation.trust import proposals
from federation.wire.notes import Note
from playbook.models import RedactionCheck
from playbook.redaction import QUESTIONS
from playbook.setup import prepare_site
from tests import factories
from tests.migrated_database import copy_migrated_database

from . import founding
from .world import Between, Place, World

NAMES = ["hub", "cedar", "baobab"]
pytestmark = [
    pytest.mark.long,
    pytest.mark.usefixtures("indexed"),
    pytest.mark.skipif(
        "sqlite" not in settings.DATABASES["default"]["ENGINE"],
        reason="its nodes are database files: it needs SQLite",
    ),
]


class Witnessed(World):
    """A world whose stewards have named witnesses and a quorum."""

    def ask_for(self, quorum: dict[str, int]) -> None:
        with self.at(self.places["hub"]):
            conf = get_conf()
            change = proposals.propose_rules(trusting.repository_of(conf), NAMES, quorum)
            assert trusting.settle(change, conf) is None
        for name in NAMES[1:]:
            founding.hear_of_members(self, self.places[name])

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def submit(self, place: Place) -> submitting.Submitted:
        with self.at(place):
            return submitting.submit_head(fetcher=Between(self, place))

    def sign_as_worker(self, place: Place) -> Log | None:
        """What the task does: ask after a start, sign, submit."""
        with self.at(place):
            submitting.ask_witnesses(fetcher=Between(self, place))
            log = heads.sign_head()
        self.submit(place)
        return log

    def share(self, place: Place) -> str:
        with self.at(place):
            page = factories.live(factories.play())
            RedactionCheck.record(page.live_revision, dict.fromkeys(QUESTIONS, True))
            publishing.share_page(factories.fresh(page))
            return str(Provenance.objects.get(page_id=page.pk).item_id)


@pytest.fixture
def world(tmp_path, founded) -> Witnessed:
    shutil.copytree(founded, tmp_path / "places", symlinks=True)
    world = Witnessed(tmp_path / "places", NAMES)
    world.ask_for({"node": 2, "hub": 2})
    return world


@pytest.fixture(scope="module")
def founded(tmp_path_factory, django_test_environment, django_db_blocker):
    """Return the folder of a federation on its first day; tests of this module use databases."""
    folder = tmp_path_factory.mktemp("founded")
    with django_db_blocker.unblock():
        copy_migrated_database(folder)
        prepare_site(settings.PLAYBOOK_LANGUAGES)
        connections["default"].close()
        founding.found(folder / "places", folder / "test.sqlite3", NAMES)
        yield folder / "places"


def test_a_head_is_cosigned_relayed_and_then_its_items_are_published(world):
    hub, cedar, baobab = (world.places[name] for name in NAMES)
    shared = world.share(cedar)
    signed = world.sign_as_worker(cedar)
    assert signed.head_size == 1

    with world.at(cedar):
        log = Log.objects.get(own=True)
        verdict = Quorums(get_conf()).verdict(bytes(log.checkpoint), "cedar")
        assert set(verdict.times) == {"hub", "baobab"}
        assert (verdict.reached, log.cosigned_size) == (True, 1)
        assert log.fresh_at == verdict.time
        assert log.counter > signed.counter, "who follows asks for the cosignatures"
        assert sorted(Witness.objects.values_list("node_id", "size", "error")) == [
            ("baobab", 1, ""), ("hub", 1, ""),
        ]  # fmt: skip
        served = bytes(log.checkpoint)

    assert world.pull(hub, "cedar").ok
    with world.at(hub):
        assert bytes(Log.objects.get(node_id="cedar").checkpoint) == served
        review.endorse_item(Item.objects.get(item_id=shared))
        heads_before = Log.objects.get(own=True).head_size
    with world.at(hub):
        submitting.ask_witnesses(fetcher=Between(world, hub))
        assert heads.sign_head().head_size == heads_before + 1

    # The endorsement stands in a head of the hub that nobody cosigned yet.
    assert world.pull(baobab, "hub").ok
    with world.at(baobab):
        item = Item.objects.get(item_id=shared)
        assert (item.state, Provenance.objects.count()) == (ItemState.STAGED, 0)
        assert Log.objects.get(node_id="cedar").cosigned_size == 1
        assert Log.objects.get(node_id="hub").cosigned_size == 0

    assert world.submit(hub).cosigned == ["baobab", "cedar"]
    report = world.pull(baobab, "hub")

    assert report.ok
    with world.at(baobab):
        assert Item.objects.get(item_id=shared).state == ItemState.PUBLISHED
        page = Page.objects.get(pk=Provenance.objects.get(item_id=shared).page_id)
        assert page.live
        assert Peer.objects.get(node_id="hub").error == ""


def test_a_machine_put_back_whole_is_told_by_a_real_witness_and_heals_with_its_own_data(world):
    hub, cedar = world.places["hub"], world.places["cedar"]
    world.share(cedar)
    assert world.sign_as_worker(cedar).head_size == 1
    mark = cedar.folder / "federation" / "keys" / "log.mark"
    world.back_up(cedar)
    old_mark, newest = mark.read_bytes(), cedar.folder / "newest.sqlite3"
    world.share(cedar)
    assert world.sign_as_worker(cedar).head_size == 2
    world.back_up_to(cedar, newest)
    new_mark = mark.read_bytes()

    world.put_back(cedar, cedar.backup)  # the whole machine: database, mark, a new process
    mark.write_bytes(old_mark)
    with world.at(cedar):
        asking.forget(get_conf())
        testimony.forget(get_conf())
    world.share(cedar)
    with pytest.raises(BehindWitness, match="seen 2 entries"):
        world.sign_as_worker(cedar)

    assert world.pull(hub, "cedar").ok
    with world.at(hub):
        assert Log.objects.get(node_id="cedar").head_size == 1, "nothing of a second history left"
    world.put_back(cedar, newest)
    mark.write_bytes(new_mark)
    world.wait(3600)
    world.share(cedar)
    assert world.sign_as_worker(cedar).head_size == 3
    assert world.pull(hub, "cedar").ok
    with world.at(hub):
        assert Log.objects.get(node_id="cedar").cosigned_size == 3


def test_a_thief_with_the_log_key_cannot_have_two_histories_cosigned(world):
    """One history went to the witnesses; the thief shows another to whoever asks the node."""
    hub, cedar = world.places["hub"], world.places["cedar"]
    world.back_up(cedar)
    world.share(cedar)
    world.sign_as_worker(cedar)
    honest = cedar.folder / "honest.sqlite3"
    world.back_up_to(cedar, honest)
    with world.at(cedar):
        true_note = bytes(Log.objects.get(own=True).checkpoint)

    world.put_back(cedar, cedar.backup)  # the thief has the key, and no scruples
    with world.at(cedar):
        (get_conf().keys_dir / "log.mark").unlink()
        asking.forget(get_conf())
        testimony.forget(get_conf())
        testimony.told(get_conf(), "hub", 0)
    false = world.share(cedar)
    with world.at(cedar):
        assert heads.sign_head().head_size == 1
    done = world.submit(cedar)
    assert sorted(about for about, _error in done.errors) == ["baobab", "hub"]
    assert all("another history" in str(error) for _about, error in done.errors)
    assert done.cosigned == []

    report = world.pull(hub, "cedar")

    assert [error.code for _about, error in report.errors] == ["log.equivocation"]
    with world.at(hub):
        assert not Item.objects.filter(item_id=false).exists()
        found = Evidence.objects.get()
        bodies = [Note.decode(bytes(each)).text for each in (found.first, found.second)]
        assert bodies[0] == Note.decode(true_note).text
        assert bodies[0] != bodies[1]
        assert Log.objects.get(node_id="cedar").frozen == "log.equivocation"
