"""Any order of events at a hub and three nodes: the federation heals and tells everybody the same.

Hypothesis picks writing, revising, retracting, endorsing, recalling, lifting; pulling from a node,
a bundle or a mirror, new or stale; new keys, suspension, revocation; partitions, wrong clocks,
power cuts after any commit, restored backups, weeks that pass. `facts` says what holds after each
step, `healed` what holds in the end. Source: docs/protocol.md, "How it is proved".
"""

import os
import shutil
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from django.conf import settings as django_settings
from django.db import connections
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from wagtail.models import Page

from federation.errors import BehindMark
from federation.models import GONE, Entry, Item, Lift, Log, Provenance, Recall, Record
from federation.services import (
    appending,
    bundle_export,
    heads,
    publishing,
    recalling,
    record_bundles,
    retracting,
    review,
    trusting,
)
from federation.trust import load_keys
from federation.wire import dsse, records
from playbook.models import RedactionCheck
from playbook.redaction import QUESTIONS
from playbook.setup import prepare_site
from playbook.workflows import publish_trusted
from tests import factories
from tests.migrated_database import copy_migrated_database

from . import founding, healed
from .facts import Facts, Known, Version
from .world import Place, World

NAMES = ["hub", "cedar", "baobab", "acacia"]
WRITERS = NAMES[1:]
TAKEN_OVER = "acacia"  # the one node whose keys are ever stolen: the others are held to everything
SOAKING = "SOAK_EXAMPLES" in os.environ  # new walks each time; else the same ones
EXAMPLES, STEPS = int(os.environ.get("SOAK_EXAMPLES", 20)), 100
CUTS = st.none() | st.integers(0, 4)  # after so many commits the power fails
pytestmark = [
    pytest.mark.long,
    pytest.mark.usefixtures("indexed"),
    pytest.mark.skipif(
        "sqlite" not in django_settings.DATABASES["default"]["ENGINE"],
        reason="its nodes are database files: it needs SQLite",
    ),
]
TROUBLES = ["cut_off", "mend", "set_clock", "back_up", "back_up", *["restore"] * 4, "day", "week"]
SCRATCH = Path("/dev/shm")  # noqa: S108 memory where there is some: it is thrown away


@dataclass
class Carried:
    """A bundle on a stick, and the recalls and lifts that are in it."""

    path: Path
    statements: set[str]


@pytest.fixture(scope="module")
def founded(tmp_path_factory, django_test_environment, django_db_blocker):
    """Return the folder of a federation on its first day; tests of this module use databases."""
    folder = tmp_path_factory.mktemp("founded")
    with django_db_blocker.unblock():
        copy_migrated_database(folder)
        prepare_site(django_settings.PLAYBOOK_LANGUAGES)
        connections["default"].close()
        founding.found(folder / "places", folder / "test.sqlite3", NAMES)
        yield folder / "places"


class Federation(RuleBasedStateMachine):
    founded: Path
    steps = 0
    items, bundles, mirrors = Bundle("items"), Bundle("bundles"), Bundle("mirrors")
    names, writers = st.sampled_from(NAMES), st.sampled_from(WRITERS)

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="machine-", dir=SCRATCH if SCRATCH.is_dir() else None))
        shutil.copytree(self.founded, self.folder, symlinks=True, dirs_exist_ok=True)
        self.world = World(self.folder, NAMES)
        self.facts = Facts()
        self.made = 0

    def place(self, name: str) -> Place:
        return self.world.places[name]

    def number(self) -> int:
        self.made += 1
        return self.made

    # --- What people do -------------------------------------------------------------------

    @initialize(target=items)
    def begin(self) -> object:
        """Three items are known to all, and endorsed, before anything else happens."""
        known = [self.share(name) for name in ("cedar", TAKEN_OVER, TAKEN_OVER)]
        for one in known:
            self.endorse(one)
        self.world.sign(self.place("hub"))
        for name in WRITERS:
            self.world.pull(self.place(name), "hub")
        return multiple(*known)

    @rule(target=items, name=writers)
    def share(self, name: str) -> Known:
        word = f"quicksilver{self.number()}heron"
        with self.world.at(self.place(name)):
            page = _checked(factories.live(factories.play(title=f"A {word}")))
            publishing.share_page(page)
            row = Provenance.objects.get(page_id=page.pk)
            known = Known(name, page.pk, str(row.item_id), word, [_version(row)])
        self.facts.known.append(known)
        return known

    @rule(known=items, act=st.sampled_from(["revise", "endorse", "endorse", "retract"]))
    def decide(self, known: Known, act: str) -> None:
        if not known.retracted and not known.recalls:
            getattr(self, act)(known)

    def revise(self, known: Known) -> None:
        with self.world.at(self.place(known.origin)):
            page = Page.objects.get(pk=known.page).specific
            page.title = f"{page.title} again"
            publish_trusted(page.save_revision(), reason="a new version")
            publishing.share_page(_checked(factories.fresh(page)))
            known.versions.append(_version(Provenance.objects.get(page_id=page.pk)))
        known.endorsed = 0

    def retract(self, known: Known) -> None:
        with self.world.at(self.place(known.origin)):
            retracting.retract_page(Page.objects.get(pk=known.page), "It was wrong.")
        known.retracted = True

    def endorse(self, known: Known) -> None:
        """The curator fetches what is new, if there is a line, and endorses what came."""
        self.world.sign(self.place(known.origin))
        self.world.pull(self.place("hub"), known.origin)
        with self.world.at(self.place("hub")):
            item = Item.objects.filter(origin=known.origin, item_id=known.item).first()
            if item is None or item.state in GONE:
                return
            review.endorse_item(item)
            if item.version == len(known.versions):
                known.endorsed = item.version

    # --- What endangers people --------------------------------------------------------------

    @rule(known=items, commits=CUTS)
    def recall(self, known: Known, commits: int | None) -> None:
        """Its own node recalls an item; where nobody listens to that any more, others carry it."""
        if known.recalls:
            return
        origin = self.place(known.origin)
        with self.world.power_for(origin, commits), self.world.at(origin):
            recalling.recall_page(Page.objects.get(pk=known.page), "It endangers people.")
        with self.world.at(origin):
            said = Recall.objects.filter(item_id=known.item).first()
        if said is None:
            return
        known.recalls.append(said.address)
        if known.origin in self.facts.revoked:
            self.carry_from(origin, said.address)

    @rule(known=items, lift=st.booleans(), carrier=names)
    def stewards_say(self, known: Known, lift: bool, carrier: str) -> None:
        """Two stewards recall an item, or lift a recall; any node says it on."""
        target = {"origin": known.origin, "id": known.item}
        if not lift:
            envelope = founding.signed_by_stewards(self.world, "recall/1", target)
            known.recalls.append(envelope.address)
        elif known.standing:
            lifted = known.standing[0]
            target["record"] = lifted
            envelope = founding.signed_by_stewards(self.world, "lift/1", target)
            known.lifted.add(lifted)
        else:
            return
        self.carry(envelope, "hub" if carrier in self.facts.revoked else carrier)

    def carry_from(self, place: Place, address: str) -> None:
        """A recall that a node holds, and can tell nobody any more, is brought to the hub."""
        with self.world.at(place):
            record = Record.objects.get(address=address)
            envelope = dsse.Envelope(
                bytes(record.payload or b""), record_bundles.signatures_of(record)
            )
        self.carry(envelope, "hub")

    def carry(self, envelope: dsse.Envelope, carrier: str) -> None:
        with self.world.at(self.place(carrier)):
            recalling.carry(envelope)

    @rule(known=items)
    def replay(self, known: Known) -> None:
        """A node puts the bytes of an old version at the end of its log, even if taken back."""
        old = known.versions[0]
        with self.world.at(self.place(known.origin)):
            key = load_keys(heads.get_conf().keys_dir).record
            fresh = appending.plain_signatures(dsse.Envelope.signed(old.payload, key))
            row = Record.objects.get(address=old.address)
            if row.payload is None:
                known.restated = True
                row.payload, row.state = old.payload, "present"
            row.signatures = [*old.signatures, *fresh]
            row.save()
            log = heads.own_log()
            record_bundles.rewrite_records(log, [old.index])
            envelope = dsse.Envelope(old.payload, record_bundles.signatures_of(row))
            appending.append_envelope(envelope, records.parse(old.payload))

    # --- What machines do, until their power fails ----------------------------------------

    @rule(name=names, other=names, commits=CUTS)
    def pull(self, name: str, other: str, commits: int | None) -> None:
        """The other side signs what it has said; then one pulls from it."""
        if name == other:
            other = "hub" if name != "hub" else "cedar"
        self.world.sign(self.place(other))
        with self.world.power_for(self.place(name), commits):
            self.world.pull(self.place(name), other)

    @rule(name=names, commits=CUTS)
    def sign(self, name: str, commits: int | None) -> None:
        with self.world.power_for(self.place(name), commits):
            self.world.sign(self.place(name))

    @rule(target=bundles, name=names)
    def export(self, name: str) -> object:
        place = self.place(name)
        self.world.sign(place)
        path = self.folder / f"bundle-{self.number()}.zip"
        with self.world.at(place):
            done = bundle_export.export_to(path)
            inside = {
                address
                for log in done.logs
                for address in Entry.objects.filter(
                    log__node_id=log.node, type="recall", index__lt=log.end
                ).values_list("address", flat=True)
            }
            here = Record.objects.filter(address__in=inside, payload__isnull=False)
            return Carried(path, set(here.values_list("address", flat=True)))

    @rule(name=names, bundle=bundles, commits=CUTS)
    def take_in(self, name: str, bundle: Carried, commits: int | None) -> None:
        """A bundle comes, new or old; every recall in it counts, whatever becomes of the rest."""
        place = self.place(name)
        with self.world.power_for(place, commits):
            self.world.take_in(place, bundle.path)
            with self.world.at(place):
                heard = set(Recall.objects.values_list("address", flat=True))
                heard |= set(Lift.objects.values_list("address", flat=True))
            assert bundle.statements <= heard, f"{name} passed over a recall in a bundle"

    @rule(target=mirrors, name=names)
    def keep_a_copy(self, name: str) -> object:
        self.world.sign(self.place(name))
        return self.world.mirror(self.place(name), f"mirror-{self.number()}")

    @rule(name=names, mirror=mirrors, commits=CUTS)
    def pull_from_a_copy(self, name: str, mirror: Place, commits: int | None) -> None:
        if mirror.name != name:
            with self.world.power_for(self.place(name), commits):
                self.world.pull(self.place(name), mirror.name, mirror=mirror)

    # --- What stewards do -------------------------------------------------------------------

    @rule(name=writers, act=st.sampled_from(["rotate", "suspend", "activate"]))
    def govern(self, name: str, act: str) -> None:
        facts = self.facts
        if name in facts.trusted:
            return
        if act == "rotate":
            founding.rotate(self.world, self.place(name))
        elif act == "suspend" and name not in facts.suspended:
            founding.set_standing(self.world, name, "suspended")
            facts.suspended.add(name)
        elif act == "activate" and name in facts.suspended:
            founding.set_standing(self.world, name, "active")
            facts.suspended.remove(name)

    @rule(eighths=st.integers(1, 7), revoke=st.booleans())
    def take_over(self, eighths: int, revoke: bool) -> None:
        """A thief had the keys: from some entry on, which the hub has seen, nothing counts."""
        with self.world.at(self.place("hub")):
            log = Log.objects.filter(node_id=TAKEN_OVER).first()
        size = (log.head_size if log else 0) * eighths // 8
        if size and not {TAKEN_OVER} & {*self.facts.trusted, *self.facts.suspended}:
            status = "revoked" if revoke else "active"
            founding.set_standing(self.world, TAKEN_OVER, status, size)
            self.facts.trusted[TAKEN_OVER] = size
            if revoke:
                self.facts.revoked.add(TAKEN_OVER)
                self.carry_what_it_had_not_told()

    def carry_what_it_had_not_told(self) -> None:
        """Nobody asks a revoked node any more; its recalls count by their own signatures."""
        place = self.place(TAKEN_OVER)
        with self.world.at(place):
            held = set(Record.objects.filter(schema="recall/1").values_list("address", flat=True))
        for known in self.facts.known:
            for address in held.intersection(known.recalls):
                self.carry_from(place, address)

    # --- What goes wrong ------------------------------------------------------------------

    @rule(
        name=names,
        other=names,
        trouble=st.sampled_from(TROUBLES),
        seconds=st.integers(0, 140),
    )
    def trouble(self, name: str, other: str, trouble: str, seconds: int) -> None:
        self.world.now += timedelta(seconds=seconds)
        place = self.place(name)
        if trouble == "cut_off":
            self.world.cut.add(frozenset((name, other)))
        elif trouble == "mend":
            self.world.cut.discard(frozenset((name, other)))
        elif trouble == "set_clock":
            place.ahead = timedelta(seconds=seconds if seconds % 2 else -seconds)
        elif trouble == "day":
            healed.pass_time(self.world, healed.DAY)
        elif trouble == "week":
            healed.week(self.world)
        elif trouble == "back_up" or place.backup is None:
            self.world.back_up(place)
        else:
            self.restore(place, place.backup)

    def restore(self, place: Place, backup: Path) -> None:
        """Put an old database back; a node that has spoken since must not speak any more."""
        with self.world.at(place):
            said = Log.objects.get(own=True)
        newest = place.folder / "newest.sqlite3"
        self.world.back_up_to(place, newest)
        self.world.put_back(place, backup)
        with self.world.at(place):
            log = Log.objects.get(own=True)
            if log.size < said.head_size:
                self.require_silence(log, said.head_size)
        if log.size < said.size:
            # The operator finds the newer copy after all: what was said may not be said again.
            self.world.put_back(place, newest)
        else:
            place.heads.clear()
            place.versions.clear()
        with self.world.at(place):
            trusting.renew_trust()  # as the worker does when it is started

    def require_silence(self, log: Log, signed: int) -> None:
        """However much it says anew, it signs nothing where it once signed something else."""
        for _more in range(signed - log.size + 1):
            with pytest.raises(BehindMark):
                heads.sign_head()
            fields = {"audience": "public", "target": {"record": "0" * 64}, "day": "2026-11-21"}
            publishing.append_statement("ack/1", fields)

    # --- What always holds ----------------------------------------------------------------

    @invariant()
    def facts_hold_where_something_happened(self) -> None:
        type(self).steps += 1
        touched, self.world.touched = self.world.touched, set()
        for name in sorted(touched):
            with self.world.at(self.place(name)):
                self.facts.hold_at(self.place(name))
        self.world.touched.clear()

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is not None:
                return  # a step has failed: that is what is to be seen
            healed.heal(self.world, self.facts)
            for place in self.world.places.values():
                with self.world.at(place):
                    healed.everything_is_known_at(self.world, place, self.facts)
        finally:
            self.world.end()


def _version(row: Provenance) -> Version:
    record = Record.objects.get(address=row.address)
    return Version(row.address, row.index, bytes(record.payload or b""), record.signatures)


def _checked(page: Page) -> Page:
    RedactionCheck.record(page.live_revision, dict.fromkeys(QUESTIONS, True))
    return factories.fresh(page)


def test_any_order_of_events_heals(founded):
    Federation.founded = founded
    run_state_machine_as_test(
        Federation,
        settings=settings(
            max_examples=EXAMPLES,
            derandomize=not SOAKING,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"{Federation.steps} steps")
