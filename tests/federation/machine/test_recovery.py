"""A node that was put back to an older copy: it fetches its own log from others, and goes on."""

import gzip
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as django_settings
from wagtail.models import Locale, Page

from federation.client import Answer
from federation.conf import get_conf
from federation.errors import (
    AddressMismatch,
    BehindMark,
    Equivocation,
    FederationError,
    NobodyHasIt,
    RecordWithheld,
    RootMismatch,
)
from federation.models import (
    Acknowledgement,
    Entry,
    Item,
    Log,
    Peer,
    Provenance,
    Recall,
    Record,
    Review,
    ReviewDecision,
)
from federation.services import asking, heads, publishing, recalling, retracting, review
from federation.services.bundle_export import export_to
from federation.services.verify import verify_everything
from federation.trust import Mark, load_keys, read_mark, write_mark
from federation.wire import checkpoint, merkle, records, tiles
from federation.wire.leaf import Leaf
from playbook.models import RedactionCheck, Threat
from playbook.redaction import QUESTIONS
from playbook.workflows import publish_trusted
from tests import factories
from tests.federation.snapshot import snapshot

from .conftest import SMALL
from .world import Between, Place, PowerCut, World

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        "sqlite" not in django_settings.DATABASES["default"]["ENGINE"],
        reason="its nodes are database files: it needs SQLite",
    ),
]


@dataclass
class Told:
    """A world in which cedar has spoken, was copied, and has spoken on: pages by what became."""

    world: World
    pages: dict[str, int]

    @property
    def cedar(self) -> Place:
        return self.world.places["cedar"]

    @property
    def hub(self) -> Place:
        return self.world.places["hub"]

    def row(self, name: str) -> Provenance:
        return Provenance.objects.get(origin="cedar", item_id=self.pages[f"{name}-id"])


def shared(title: str) -> Page:
    page = _checked(factories.live(factories.play(title=title)))
    publishing.share_page(page)
    return page


def revise(page: int, title: str) -> None:
    found = Page.objects.get(pk=page).specific
    found.title = title
    publish_trusted(found.save_revision(), reason="a new version")
    publishing.share_page(_checked(factories.fresh(found)))


def _checked(page: Page) -> Page:
    RedactionCheck.record(page.live_revision, dict.fromkeys(QUESTIONS, True))
    return factories.fresh(page)


@pytest.fixture
def told(small, tmp_path) -> Told:
    """Cedar: `kept` and `gone` before the copy; after it `kept` twice revised, `gone` taken back,
    `new` shared, `brief` shared and taken back, `danger` (from before) recalled."""
    shutil.copytree(small, tmp_path / "world", symlinks=True)
    world = World(tmp_path / "world", SMALL)
    told = Told(world, {})
    with world.at(told.cedar):
        for name in ("kept", "gone", "danger"):
            told.pages[name] = shared(f"The {name} one").pk
        told.pages["draft"] = factories.live(factories.play(title="Shared later")).pk
    world.sign(told.cedar)
    assert world.pull(told.hub, "cedar").ok
    world.back_up(told.cedar)
    keep_mark(told.cedar)
    with world.at(told.cedar):
        revise(told.pages["kept"], "The kept one, again")
        revise(told.pages["kept"], "The kept one, a third time")
        told.pages["new"] = shared("The new one").pk
        publishing.share_page(_checked(Page.objects.get(pk=told.pages["draft"])))
        brief = shared("The brief one")
        told.pages["brief"] = brief.pk
        retracting.retract_page(brief, "A mistake.")
        page = Page.objects.get(pk=told.pages["gone"])
        retracting.retract_page(page, "It was wrong.", here=True)
        recalling.recall_page(Page.objects.get(pk=told.pages["danger"]), "It endangers people.")
        for name, page in list(told.pages.items()):
            told.pages[f"{name}-id"] = Provenance.objects.get(page_id=page).item_id
    world.sign(told.cedar)
    assert world.pull(told.hub, "cedar").ok
    return told


def keep_mark(place: Place) -> None:
    mark = place.folder / "federation" / "keys" / "log.mark"
    if mark.exists():
        shutil.copyfile(mark, place.folder / "old.mark")


def restore(told: Told, *, whole: bool = False) -> None:
    """Put cedar's database back; `whole`: its mark too, as with an image of the machine."""
    told.world.put_back(told.cedar, told.cedar.backup)
    if whole:
        keys = told.cedar.folder / "federation" / "keys"
        shutil.copyfile(told.cedar.folder / "old.mark", keys / "log.mark")
    with told.world.at(told.cedar):
        asking.forget(get_conf())


def said(place: Place, world: World, of: str = "cedar") -> tuple[int, bytes]:
    with world.at(place):
        log = Log.objects.get(node_id=of)
        return log.head_size, log.root


def goes_on(told: Told, name: str = "kept") -> None:
    """Cedar shares another version; the hub and baobab take it, and all roots agree."""
    with told.world.at(told.cedar):
        before = told.row(name)
        revise(told.pages[name], "And on it goes")
        row = told.row(name)
        raw = records.parse(bytes(Record.objects.get(address=row.address).payload)).raw
        assert (raw["version"], raw["prev"]) == (before.version + 1, before.address)
    told.world.sign(told.cedar)
    told.world.now += timedelta(seconds=3600)
    for place, other in ((told.hub, "cedar"), (told.world.places["baobab"], "hub")):
        report = told.world.pull(place, other)
        assert report.ok, report.errors
        assert said(place, told.world) == said(told.cedar, told.world)
        with told.world.at(place):
            assert verify_everything().findings == []
            item = Item.objects.get(origin="cedar", item_id=told.pages[f"{name}-id"])
            assert (item.version, item.title) == (before.version + 1, "And on it goes")


def test_a_restored_node_has_its_log_back_and_goes_on(told):
    whole = said(told.cedar, told.world)
    restore(told)
    with told.world.at(told.cedar), pytest.raises(BehindMark) as refused:
        asking.sign_head(fetcher=Between(told.world, told.cedar))
    assert "federation_recover" in refused.value.remedy
    assert said(told.cedar, told.world)[0] == 3

    done = told.world.recover(told.cedar)

    assert (done.source, done.held, done.size, done.behind) == ("hub", 3, whole[0], False)
    assert said(told.cedar, told.world) == whole
    with told.world.at(told.cedar):
        assert verify_everything().findings == []
        assert read_mark(get_conf().keys_dir) == Mark(*whole)
        log = Log.objects.get(own=True)
        assert (log.size, log.applied, log.carried, log.error) == (whole[0],) * 3 + ("",)
    goes_on(told)


def test_what_was_said_is_known_again_by_its_number(told):
    with told.world.at(told.cedar):
        before = {
            name: (told.row(name).version, told.row(name).address, told.row(name).retracted)
            for name in ("kept", "gone", "danger", "new", "draft", "brief")
        }
    restore(told)
    done = told.world.recover(told.cedar)
    with told.world.at(told.cedar):
        for name, known in before.items():
            row = told.row(name)
            assert (row.version, row.retracted) == (known[0], known[2]), name
            assert row.address == known[1], name
        kept = Page.objects.get(pk=told.pages["kept"])
        assert (kept.title, kept.live, kept.has_unpublished_changes) == ("The kept one", True, True)
        assert kept.get_latest_revision_as_object().title == "The kept one, a third time"
        new = Page.objects.get(pk=told.row("new").page_id)
        assert (new.title, new.live) == ("The new one", False)
        assert told.row("draft").page_id == told.pages["draft"], "the page that was there already"
        assert Page.objects.filter(title="Shared later").count() == 1
        assert not Item.objects.filter(origin="cedar").exists()
        assert publishing.share_missed() == 0, "an older text is not shared over a newer one"
    assert len(done.texts) == 2
    assert done.waiting == []


def test_retractions_and_recalls_of_the_lost_stretch_hold(told):
    restore(told)
    with told.world.at(told.cedar):
        assert Page.objects.get(pk=told.pages["gone"]).live
        assert Page.objects.get(pk=told.pages["danger"]).live
        assert not Recall.objects.exists()
        bodies = Record.objects.filter(address=told.row("gone").address, payload__isnull=False)
        assert bodies.exists()
    told.world.recover(told.cedar)
    with told.world.at(told.cedar):
        for name, why in (("gone", "It was wrong."), ("danger", "It endangers people.")):
            page = Page.objects.get(pk=told.pages[name]).specific
            assert (page.live, page.withdrawn_reason) == (False, why)
            row = told.row(name)
            assert row.retracted
            found = Record.objects.filter(address=row.address, payload__isnull=False)
            assert not found.exists()
        assert Recall.objects.get().acknowledged
        acks = Entry.objects.filter(log__own=True, type="ack")
        assert acks.count() == 1, "it was acknowledged before"
        assert Acknowledgement.objects.get().node_id == "cedar"


def test_a_machine_restored_whole_is_told_by_the_hub(told):
    whole = said(told.cedar, told.world)
    restore(told, whole=True)
    with told.world.at(told.cedar):
        assert read_mark(get_conf().keys_dir).size == 3
        shared("Said by somebody who does not know")
        with pytest.raises(BehindMark):
            asking.sign_head(fetcher=Between(told.world, told.cedar))
        assert read_mark(get_conf().keys_dir) == Mark(*whole)
        log = Log.objects.get(own=True)
        assert (log.head_size, log.error) == (3, BehindMark.code)
        assert not heads.head_due(get_conf(), datetime.now(UTC) + timedelta(days=1))
        with pytest.raises(BehindMark):
            heads.sign_head()

    told.world.recover(told.cedar)

    with told.world.at(told.cedar):
        assert Log.objects.get(own=True).error == ""
        row = Provenance.objects.get(page__title="Said by somebody who does not know")
        assert row.index >= whole[0]
        assert asking.sign_head(fetcher=Between(told.world, told.cedar)).head_size == whole[0] + 1
    goes_on(told)


def test_what_was_said_after_the_restore_stands_behind_what_came_back(told):
    whole = said(told.cedar, told.world)
    restore(told)
    with told.world.at(told.cedar):
        revise(told.pages["kept"], "Said once more")
        page = shared("Said and taken back").pk
        retracting.retract_page(Page.objects.get(pk=page), "Never mind.")
        revise(told.pages["gone"], "Not known to be gone")
        other = shared("Quite new")

    done = told.world.recover(told.cedar)

    assert [line.split(" (")[0] for line in done.dropped] == ["Not known to be gone"]
    with told.world.at(told.cedar):
        log = Log.objects.get(own=True)
        assert (log.head_size, log.size) == (whole[0], whole[0] + 2)
        row = told.row("kept")
        raw = records.parse(bytes(Record.objects.get(address=row.address).payload)).raw
        assert (row.version, raw["version"], raw["content"]["title"]) == (4, 4, "Said once more")
        lost = Entry.objects.get(log=log, address=raw["prev"])
        assert lost.index < whole[0]
        assert Provenance.objects.get(page=other).index == whole[0] + 1
        assert told.row("gone").retracted
        assert not Page.objects.get(pk=told.pages["gone"]).live
        assert not Provenance.objects.filter(page_id=page).exists()
    goes_on(told)


def test_a_note_that_was_sealed_for_another_comes_back_from_them(told, tmp_path):
    """The hub is restored. Nobody carries its log but as a bundle; the note only cedar has."""
    world, hub = told.world, told.hub
    world.sign(hub)
    world.pull(told.cedar, "hub")
    world.back_up(hub)
    with world.at(hub):
        item = Item.objects.get(origin="cedar", title="The new one")
        review.answer_item(item, ReviewDecision.RETURN, "Say when this was.")
    world.sign(hub)
    whole = said(hub, world, "hub")
    world.pull(told.cedar, "hub")
    with world.at(told.cedar):
        assert Review.objects.get().note == "Say when this was."
        export_to(tmp_path / "hub.zip", nodes=["hub"])
    world.put_back(hub, hub.backup)
    with pytest.raises(BehindMark):
        world.sign(hub)
    assert world.recover(hub).behind, "nobody relays it"
    assert said(hub, world, "hub")[0] == whole[0] - 1

    done = world.recover(hub, bundle=tmp_path / "hub.zip")

    assert not done.behind
    assert done.missing == [], done.problems
    assert said(hub, world, "hub") == whole
    with world.at(hub):
        assert Review.objects.get().note == "Say when this was."
        assert verify_everything().findings == []


def test_a_sealed_body_that_nobody_has_does_not_stop_the_rest(told, tmp_path):
    world, hub = told.world, told.hub
    world.sign(hub)
    world.back_up(hub)
    with world.at(hub):
        item = Item.objects.get(origin="cedar", title="The new one")
        review.answer_item(item, ReviewDecision.RETURN, "Say when this was.")
    world.sign(hub)
    with world.at(hub):
        export_to(tmp_path / "hub.zip", nodes=["hub"])
    world.put_back(hub, hub.backup)

    done = world.recover(hub, bundle=tmp_path / "hub.zip")

    assert done.missing == [done.size - 1]
    assert not done.behind
    with world.at(hub):
        assert verify_everything().findings == []
        assert not Review.objects.exists()


def test_pictures_subtypes_and_translations_come_back_with_their_texts(told):
    """All of a page that was made after the backup; its files are gone from the disk as well."""
    world, cedar = told.world, told.cedar
    with world.at(cedar):
        term = Threat.objects.create(
            code="media.deepfake", locale=Locale.get_default(), parent=factories.threat(),
            name="A false video",
        )  # fmt: skip
        page = _checked(
            factories.live(
                factories.play(
                    title="With a picture", picture=factories.picture(), picture_alt="A door",
                    threats=[term],
                )
            )
        )  # fmt: skip
        publishing.share_page(page)
        named = Provenance.objects.get(page_id=page.pk)
        size = Log.objects.get(own=True).size
    world.sign(cedar)
    assert world.pull(told.hub, "cedar").ok
    restore(told)
    shutil.rmtree(cedar.folder / "federation" / "blobs")
    shutil.rmtree(cedar.folder / "media")

    done = world.recover(cedar)

    assert done.waiting == []
    with world.at(cedar):
        row = Provenance.objects.get(origin="cedar", item_id=named.item_id)
        page = row.page.specific
        draft = page.get_latest_revision_as_object()
        assert (draft.title, draft.picture_alt) == ("With a picture", "A door")
        assert draft.picture.file.size > 0
        term = Threat.objects.get(code="media.deepfake")
        known = Provenance.objects.get(origin="cedar", schema="term/1")
        assert known.translation_key == term.translation_key
        assert [each.code for each in draft.threats.all()] == ["media.deepfake"]
        publish_trusted(page.get_latest_revision(), reason="looked at")
        publishing.share_page(_checked(factories.fresh(page)))
        log = Log.objects.get(own=True)
        later = Entry.objects.filter(log=log, index__gte=size)
        assert {entry.type for entry in later} <= {"publish"}
        assert not Record.objects.filter(
            address__in=later.values("address"), schema="term/1"
        ).exists(), "the subtype is known to be shared"
    world.sign(cedar)
    report = world.pull(told.hub, "cedar")
    assert report.ok, report.errors
    assert said(told.hub, world) == said(cedar, world)


# --- Lies ---------------------------------------------------------------------------------------


class Lying(Between):
    """A line on which somebody changes what certain addresses answer."""

    def __init__(self, told: Told, change) -> None:
        super().__init__(told.world, told.cedar)
        self.change = change

    @contextmanager
    def open(self, method, url, headers, body) -> Iterator:
        with super().open(method, url, headers, body) as answer:
            data = b"".join(answer.chunks)
            packed = answer.headers.get("content-encoding") == "gzip"
            plain = gzip.decompress(data) if packed else data
            status, changed = self.change(url.split("/v1/")[1], answer.status, plain)
            if packed:
                changed = gzip.compress(changed)
            headers = dict(answer.headers)
            if status != answer.status:
                headers["content-type"] = "application/octet-stream"
            yield Answer(status, headers, iter([changed]))


def tampered_entry(path, status, data):
    if "/tile/entries/" in path:
        data = data.replace(b'"type":"publish"', b'"type":"endorse"', 5)
    return status, data


def tampered_body(path, status, data):
    return status, data.replace(b"The new one", b"The bad one")


def no_bodies(path, status, data):
    if path.startswith("record/"):
        return 404, b"{}"
    if "/records/" in path:
        rows = data.split(b"\n")
        kept = [row.replace(b'"present"', b'"erased"') for row in rows if b'"state":' in row]
        data = b"".join(row + b"\n" for row in kept)
    return status, data


@pytest.mark.parametrize(
    ("lie", "error"),
    [
        (tampered_entry, RootMismatch),
        (tampered_body, AddressMismatch),
        (no_bodies, RecordWithheld),
    ],
    ids=["an entry", "a body", "no bodies"],
)
def test_a_relay_that_lies_changes_nothing(told, lie, error):
    restore(told)
    with told.world.at(told.cedar):
        before = snapshot(ignore=())
        mark = read_mark(get_conf().keys_dir)

    with pytest.raises(FederationError) as met:
        told.world.recover(told.cedar, Lying(told, lie))

    assert type(met.value) is error
    with told.world.at(told.cedar):
        assert snapshot(ignore=()) == before
        assert read_mark(get_conf().keys_dir) == mark
        with pytest.raises(BehindMark):
            heads.sign_head()
    told.world.recover(told.cedar)
    goes_on(told)


def test_a_body_that_nobody_has_can_be_done_without_but_no_retraction(told):
    restore(told)

    def one_gone(path, status, data):
        return no_bodies(path, status, data) if "records/" in path else withheld(path, status, data)

    with told.world.at(told.hub):
        addresses = {
            kind: set(Entry.objects.filter(log__node_id="cedar", type=kind, index__gte=3)
            .values_list("address", flat=True))
            for kind in ("publish", "retract")
        }  # fmt: skip
    kinds = ["publish"]

    def withheld(path, status, data):
        gone = any(path == f"record/{each}" for kind in kinds for each in addresses[kind])
        return (404, b"{}") if gone else (status, data)

    with pytest.raises(RecordWithheld):
        told.world.recover(told.cedar, Lying(told, one_gone))
    kinds.append("retract")
    with pytest.raises(RecordWithheld):
        told.world.recover(told.cedar, Lying(told, one_gone), accept_missing=True)
    with told.world.at(told.cedar):
        assert Log.objects.get(own=True).size == 3


def test_a_history_that_a_thief_signed_is_not_taken(told):
    """Whoever has the log key shows a longer log than the true one; the hub has the true one."""
    whole = said(told.cedar, told.world)
    restore(told)
    with told.world.at(told.cedar):
        conf = get_conf()
        key = load_keys(conf.keys_dir).log
        leaves = [entry.leaf for entry in Entry.objects.filter(log__own=True).order_by("index")]
        leaves += [Leaf("endorse", f"{n:064x}") for n in range(40)]
        root = merkle.root([leaf.hash for leaf in leaves])
        note = checkpoint.sign(checkpoint.Checkpoint(conf.log_origin, len(leaves), root), key)
        before = snapshot(ignore=())

    def fork(path, status, data):
        if path == "log/cedar/checkpoint":
            return 200, note
        if "/tile/entries/" in path:
            return 200, tiles.encode_entries([leaf.data for leaf in leaves])
        return status, data

    with pytest.raises(Equivocation):
        told.world.recover(told.cedar, Lying(told, fork))
    with told.world.at(told.cedar):
        assert snapshot(ignore=()) == before
        assert read_mark(get_conf().keys_dir) == Mark(*whole)


def test_a_head_by_another_key_counts_for_nothing(told):
    restore(told, whole=True)
    with told.world.at(told.cedar):
        conf = get_conf()
        wrong = load_keys(conf.keys_dir).witness
        note = checkpoint.sign(checkpoint.Checkpoint(conf.log_origin, 90, bytes(32)), wrong)

    def forged(path, status, data):
        return (200, note) if path == "log/cedar/checkpoint" else (status, data)

    with told.world.at(told.cedar):
        asking.sign_head(fetcher=Lying(told, forged))
        assert read_mark(get_conf().keys_dir).size == 3
    done = told.world.recover(told.cedar, Lying(told, forged))
    assert [error.code for about, error in done.problems if about == "hub"] == [
        "checkpoint.wrong-key"
    ]


def test_whoever_knew_a_higher_counter_hears_of_what_is_said_next(told):
    """Others ask for what changed since a counter that the restored database has not reached."""
    restore(told)
    with told.world.at(told.hub):
        seen = Peer.objects.get(node_id="cedar").counter
    told.world.recover(told.cedar)
    with told.world.at(told.cedar):
        assert Log.objects.get(own=True).counter > seen
    goes_on(told)


def test_what_the_mark_says_and_nobody_has_is_said(told):
    restore(told)
    told.world.cut.add(frozenset(("hub", "cedar")))
    done = told.world.recover(told.cedar)
    assert done.behind
    assert NobodyHasIt.code in [error.code for _about, error in done.problems]
    with pytest.raises(BehindMark):
        told.world.sign(told.cedar)


@pytest.mark.parametrize("commits", range(6))
def test_a_recovery_that_was_killed_is_run_again(told, commits):
    restore(told)
    told.cedar.cut_after = commits
    with suppress(PowerCut):
        told.world.recover(told.cedar)
    told.cedar.cut_after = None
    with told.world.at(told.cedar):
        known = Log.objects.get(own=True)
        assert known.size in (3, read_mark(get_conf().keys_dir).size), "all of it or nothing"

    told.world.recover(told.cedar)

    with told.world.at(told.cedar):
        assert verify_everything().findings == []
        kept = Page.objects.get(pk=told.pages["kept"])
        assert kept.get_latest_revision_as_object().title == "The kept one, a third time"
    goes_on(told)


def test_looking_first_changes_nothing(told):
    restore(told)
    with told.world.at(told.cedar):
        before = snapshot(ignore=())
    done = told.world.recover(told.cedar, dry_run=True)
    assert done.behind
    assert "The new one (en, version 1)" in "\n".join(done.entries)
    with told.world.at(told.cedar):
        assert snapshot(ignore=()) == before


# --- Asking before the first signature -----------------------------------------------------------


def test_the_hub_is_waited_for_and_not_for_ever(told):
    world, cedar = told.world, told.cedar
    world.cut.add(frozenset(("hub", "cedar")))
    with world.at(cedar):
        asking.forget(get_conf())
        shared("Said while the line is cut")
        before = Log.objects.get(own=True).head_size
        assert asking.sign_head(fetcher=Between(world, cedar)) is None
        assert Log.objects.get(own=True).error == "log.not-asked"
    world.now += timedelta(seconds=get_conf().ASK_SECONDS - 60)
    with world.at(cedar):
        assert asking.sign_head(fetcher=Between(world, cedar)) is None
        assert Log.objects.get(own=True).head_size == before
    world.now += timedelta(seconds=120)
    with world.at(cedar):
        assert asking.sign_head(fetcher=Between(world, cedar)).head_size == before + 1
        assert Log.objects.get(own=True).error == ""


def test_a_second_history_that_was_begun_all_the_same_is_noticed(told):
    """The hub was out of reach for too long, and the restored node spoke before it was told."""
    world, cedar = told.world, told.cedar
    restore(told, whole=True)
    world.cut.add(frozenset(("hub", "cedar")))
    with world.at(cedar):
        for number in range(20):
            shared(f"Said twice {number}")
        heads.sign_head()
        asking.forget(get_conf())
        shared("And more")
    world.cut.clear()
    with world.at(cedar):
        size = Log.objects.get(own=True).head_size
        with pytest.raises(Equivocation):
            asking.sign_head(fetcher=Between(world, cedar))
        log = Log.objects.get(own=True)
        assert (log.head_size, log.error) == (size, Equivocation.code)
        assert not heads.head_due(get_conf(), datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(Equivocation):
        world.recover(cedar)


def test_one_answer_holds_for_a_day(told):
    world, cedar = told.world, told.cedar
    asked = []

    def count(path, status, data):
        asked.append(path)
        return status, data

    line = Lying(told, count)
    with world.at(cedar):
        asking.forget(get_conf())
        for number in range(3):
            shared(f"Number {number}")
            assert asking.sign_head(fetcher=line)
    assert asked == ["log/cedar/checkpoint"]
    world.now += timedelta(seconds=25 * 3600)
    with world.at(cedar):
        shared("A day later")
        assert asking.sign_head(fetcher=line)
    assert len(asked) == 2


def test_an_older_mark_is_never_put_over_a_newer_one(told):
    with told.world.at(told.cedar):
        conf = get_conf()
        mark = read_mark(conf.keys_dir)
        asking.forget(conf)
        asking.ask(conf, fetcher=Between(told.world, told.cedar))
        assert read_mark(conf.keys_dir) == mark
        write_mark(conf.keys_dir, replace(mark, size=mark.size + 5))
        asking.ask(conf, fetcher=Between(told.world, told.cedar))
        assert read_mark(conf.keys_dir).size == mark.size + 5
