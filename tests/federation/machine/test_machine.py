"""Any order of events at a hub and two nodes: the federation heals and tells everybody the same.

Hypothesis picks writing, revising, retracting, endorsing, pulling, partitions, wrong clocks, power
cuts after any commit and restored backups. At the end everything is connected again, and then:
the roots of each log agree everywhere; nothing that was acknowledged is lost; what was taken back
is nowhere; heads never fell. Source: docs/protocol.md, "How it is proved".
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from wagtail.models import Page

from federation.errors import BehindMark
from federation.models import Item, ItemState, Log, Provenance, Record
from federation.services import publishing, retracting, review
from federation.services.verify import verify_everything
from playbook.models import RedactionCheck
from playbook.redaction import QUESTIONS
from playbook.workflows import publish_trusted
from tests import factories

from .world import Place, PowerCut, World

NAMES = ["hub", "cedar", "baobab"]
EXAMPLES, STEPS = int(os.environ.get("SOAK_EXAMPLES", 30)), 50
CUTS = st.none() | st.integers(0, 3)  # after so many commits the power fails
pytestmark = [
    pytest.mark.long,
    pytest.mark.usefixtures("indexed"),
    pytest.mark.skipif(
        "sqlite" not in django_settings.DATABASES["default"]["ENGINE"],
        reason="its nodes are database files: it needs SQLite",
    ),
]


@dataclass
class Known:
    """What a node has promised: an item with its newest shared version, or its retraction."""

    origin: str
    page: int
    item: str
    version: int
    addresses: list[str] = field(default_factory=list)
    retracted: bool = False
    endorsed: int = 0


class Federation(RuleBasedStateMachine):
    template: Path
    items = Bundle("items")
    names = st.sampled_from(NAMES)
    writers = st.sampled_from(NAMES[1:])

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="machine-"))
        self.world = World(self.folder, self.template, NAMES)
        self.known: list[Known] = []

    def place(self, name: str) -> Place:
        return self.world.places[name]

    # --- What people do -------------------------------------------------------------------

    @rule(target=items, name=writers)
    def share(self, name: str) -> object:
        with self.world.at(self.place(name)):
            page = _checked(factories.live(factories.play()))
            publishing.share_page(page)
            row = Provenance.objects.get(page_id=page.pk)
        known = Known(name, page.pk, str(row.item_id), 1, [row.address])
        self.known.append(known)
        return known

    @rule(known=items, act=st.sampled_from(["revise", "endorse", "endorse", "retract"]))
    def act(self, known: Known, act: str) -> None:
        if not known.retracted:
            getattr(self, act)(known)

    def revise(self, known: Known) -> None:
        with self.world.at(self.place(known.origin)):
            page = Page.objects.get(pk=known.page).specific
            page.title = f"{page.title} again"
            publish_trusted(page.save_revision(), reason="a new version")
            publishing.share_page(_checked(factories.fresh(page)))
            row = Provenance.objects.get(page_id=page.pk, origin=known.origin)
        known.version, known.endorsed = row.version, 0
        known.addresses.append(row.address)

    def retract(self, known: Known) -> None:
        with self.world.at(self.place(known.origin)):
            retracting.retract_page(Page.objects.get(pk=known.page), "It endangers people.")
        known.retracted = True

    def endorse(self, known: Known) -> None:
        """The curator fetches what is new, if there is a line, and endorses what came."""
        self.world.sign(self.place(known.origin))
        self.world.pull(self.place("hub"), known.origin)
        with self.world.at(self.place("hub")):
            item = Item.objects.filter(origin=known.origin, item_id=known.item).first()
            if item is None:
                return
            review.endorse_item(item)
            if item.version == known.version:
                known.endorsed = item.version

    # --- What machines do, until their power fails ----------------------------------------

    @rule(name=writers, to_hub=st.booleans(), commits=CUTS)
    def pull(self, name: str, to_hub: bool, commits: int | None) -> None:
        """The other side signs what it has said; then one of the two pulls."""
        place, other = ("hub", name) if to_hub else (name, "hub")
        self.world.sign(self.place(other))
        with self.power_for(self.place(place), commits):
            self.world.pull(self.place(place), other)

    @rule(name=names, commits=CUTS)
    def sign(self, name: str, commits: int | None) -> None:
        with self.power_for(self.place(name), commits):
            self.world.sign(self.place(name))

    @contextmanager
    def power_for(self, place: Place, commits: int | None) -> Iterator[None]:
        place.cut_after = commits
        try:
            yield
        except PowerCut:
            self.world.wait(11 * 60)  # a claim of a dead worker lapses
        finally:
            place.cut_after = None

    # --- What goes wrong ------------------------------------------------------------------

    @rule(
        name=names,
        trouble=st.sampled_from(["cut_off", "heal", "set_clock", "back_up", "restore", "restore"]),
        seconds=st.integers(0, 140),
    )
    def trouble(self, name: str, trouble: str, seconds: int) -> None:
        self.world.wait(seconds)
        getattr(self, trouble)(self.place(name), seconds)

    def cut_off(self, place: Place, _seconds: int) -> None:
        self.world.cut.add(frozenset(("hub", place.name)))

    def heal(self, place: Place, _seconds: int) -> None:
        self.world.cut.discard(frozenset(("hub", place.name)))

    def set_clock(self, place: Place, seconds: int) -> None:
        place.ahead = timedelta(seconds=seconds if seconds % 2 else -seconds)

    def back_up(self, place: Place, _seconds: int) -> None:
        self.world.back_up(place)

    def restore(self, place: Place, _seconds: int) -> None:
        """Put an old database back; a node that has spoken since must not speak any more."""
        if place.backup is None:
            self.world.back_up(place)
            return
        with self.world.at(place):
            said = Log.objects.get(own=True)
        newest = self.folder / "newest.sqlite3"
        self.world.back_up_to(place, newest)
        self.world.put_back(place, place.backup)
        with self.world.at(place):
            log = Log.objects.get(own=True)
        if log.size < said.head_size:
            with pytest.raises(BehindMark):
                self.world.sign(place)
        if log.size >= said.size:
            place.heads.clear()
        elif self.can_be_recovered(place, said):
            self.recover(place, said)
        else:  # nobody else has it: the operator finds the newer copy after all
            self.world.put_back(place, newest)

    def can_be_recovered(self, place: Place, said: Log) -> bool:
        """Was all that it said signed, and does the hub hold it and can be reached?"""
        if place.role == "hub" or frozenset(("hub", place.name)) in self.world.cut:
            return False
        with self.world.at(self.place("hub")):
            held = Log.objects.filter(node_id=place.name).first()
        return said.size == said.head_size and held is not None and held.carried == said.size

    def recover(self, place: Place, said: Log) -> None:
        """It has its log back, and its texts as drafts; from others it pulls again."""
        done = self.world.recover(place)
        assert not done.behind, done.problems
        place.heads.clear()
        with self.world.at(place):
            log = Log.objects.get(own=True)
            assert (log.head_size, log.root) == (said.head_size, said.root)
            for known in self.known:
                row = Provenance.objects.filter(origin=place.name, item_id=known.item).first()
                if known.origin == place.name and row is not None and row.page_id:
                    known.page = row.page_id

    # --- What always holds ----------------------------------------------------------------

    @invariant()
    def heads_never_fall(self) -> None:
        for place in self.world.places.values():
            with self.world.at(place):
                sizes = dict(Log.objects.values_list("node_id", "head_size"))
            for name, size in place.heads.items():
                assert sizes[name] >= size, (place.name, name)
            place.heads = sizes

    def teardown(self) -> None:
        try:
            self.heal_everything()
            for place in self.world.places.values():
                with self.world.at(place):
                    self.everything_is_known_at(place)
        finally:
            shutil.rmtree(self.folder)

    def heal_everything(self) -> None:
        self.world.cut.clear()
        for place in self.world.places.values():
            place.ahead = timedelta()
        for _round in range(2):
            self.world.wait(24 * 3600)
            for place in self.world.places.values():
                self.world.sign(place)
            for name in NAMES[1:]:
                report = self.world.pull(self.place("hub"), name)
                assert report.ok, report.errors
            for name in NAMES[1:]:
                report = self.world.pull(self.place(name), "hub")
                assert report.ok, report.errors

    def everything_is_known_at(self, place: Place) -> None:
        assert verify_everything().findings == []
        for name in NAMES:
            log = Log.objects.filter(node_id=name).first()
            with self.world.at(self.place(name)):
                own = Log.objects.get(own=True)
            if log is not None or own.size:
                assert log is not None
                assert (log.head_size, log.root) == (own.size, own.root), (place.name, name)
        for known in self.known:
            self.one_is_known_at(known, place)

    def one_is_known_at(self, known: Known, place: Place) -> None:
        if known.retracted:
            bodies = Record.objects.filter(address__in=known.addresses, payload__isnull=False)
            assert not bodies.exists()
        if place.name == known.origin:
            return
        item = Item.objects.get(origin=known.origin, item_id=known.item)
        shown = Provenance.objects.filter(origin=known.origin, item_id=known.item).first()
        page = shown and Page.objects.get(pk=shown.page_id)
        if known.retracted:
            assert item.state == ItemState.RETRACTED
            assert page is None or not page.live
            return
        assert item.version == known.version
        assert item.address == known.addresses[-1]
        if known.endorsed == known.version and place.role != "hub":
            assert page is not None
            assert page.live
            assert page.title == item.title


def _checked(page: Page) -> Page:
    RedactionCheck.record(page.live_revision, dict.fromkeys(QUESTIONS, True))
    return factories.fresh(page)


def test_any_order_of_events_heals(template):
    Federation.template = template
    run_state_machine_as_test(
        Federation,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
