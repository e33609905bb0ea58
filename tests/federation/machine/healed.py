"""What must hold once everything is connected again and a week has passed."""

from datetime import timedelta

from django.db import connections
from wagtail.models import Page

from federation.errors import FederationError, MemberSuspended
from federation.models import Entry, Item, ItemState, Log, Provenance, Recall, Record, Tile
from federation.services import hiding, purging, recalling, trusting
from federation.services.sync import SyncReport
from federation.services.verify import _unpacked, verify_everything

from . import founding
from .facts import Facts, Known
from .world import Place, World

DAY = 24 * 3600


def heal(world: World, facts: Facts) -> None:
    """Mend lines and clocks, end suspensions, and let all nodes hear of all, purge, and hear."""
    world.cut.clear()
    for place in world.places.values():
        place.ahead = timedelta()
    for name in sorted(facts.suspended):
        founding.set_standing(world, name, "active")
    facts.suspended.clear()
    talk(world)
    for place in world.places.values():
        with world.at(place):
            for recall in Recall.objects.filter(over_cap=True):
                recalling.confirm_recall(recall)
    week(world)
    talk(world)
    for report in talk(world):
        refused = [error for error in report.errors if not _is_of_revoked(error, facts)]
        assert refused == [], (report.peer, refused)


def _is_of_revoked(error: tuple[str, FederationError], facts: Facts) -> bool:
    about, what = error
    return about in facts.revoked and isinstance(what, MemberSuspended)


def talk(world: World) -> list[SyncReport]:
    """A day on, everybody signs, the hub pulls from all, and all pull from the hub."""
    hub, *others = world.places.values()
    pass_time(world, DAY)
    for place in world.places.values():
        world.sign(place)
    reports = [world.pull(hub, place.name) for place in others]
    return reports + [world.pull(place, "hub") for place in others]


def pass_time(world: World, seconds: float) -> None:
    world.now += timedelta(seconds=seconds)
    with world.at(world.places["hub"]):
        trusting.renew_trust()


def week(world: World) -> None:
    """Eight days pass; then everybody does what the worker does about recalls."""
    pass_time(world, 8 * DAY)
    for place in world.places.values():
        with world.at(place):
            recalling.acknowledge()
            hiding.enforce()
            purging.purge_due()


def everything_is_known_at(world: World, place: Place, facts: Facts) -> None:
    """Check a place after healing, as its process; a revoked node is not asked for the rest."""
    facts.hold_at(place)
    findings = verify_everything().findings
    assert findings == [], (place.name, findings)
    for known in facts.known:
        if known.standing:
            _is_recalled_at(known, place)
    if place.name in facts.revoked:
        return
    for name in world.places:
        if name not in facts.revoked:
            _has_the_same_root(world, place, name)
    for known in facts.known:
        if known.origin not in facts.trusted:
            _is_known_at(known, place)
        elif not known.recalls and place.name != known.origin:
            _is_known_as_trusted(known, place, facts)


def _has_the_same_root(world: World, place: Place, name: str) -> None:
    log = Log.objects.filter(node_id=name).first()
    with world.at(world.places[name]):
        own = Log.objects.get(own=True)
    if log is not None or own.size:
        assert log is not None, (place.name, name)
        assert (log.head_size, log.root) == (own.size, own.root), (place.name, name)
        assert log.applied == log.size, (place.name, name)


def _is_recalled_at(known: Known, place: Place) -> None:
    heard = Recall.objects.standing().filter(address__in=known.standing)
    assert heard.count() == len(known.standing), f"{place.name} has not heard of a recall"
    assert heard.filter(acknowledged=False).count() == 0
    if not (known.restated and place.name == known.origin):
        found = tables_with(known.word) - {"playbook_gone"}  # its address, which answers for ever
        assert not found, f"{place.name} keeps a word of what was recalled: {found}"


def tables_with(word: str) -> set[str]:
    """Return the tables of this database, Django's or not, in which a word stands anywhere."""
    found = set()
    needle = word.encode()
    with connections["default"].cursor() as cursor:
        for name in connections["default"].introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{name}"')  # noqa: S608
            for row in cursor.fetchall():
                if any(needle in (c if isinstance(c, bytes) else str(c).encode()) for c in row):
                    found.add(name)
    if any(needle in (_unpacked(tile) or b"") for tile in Tile.objects.exclude(kind="hash")):
        found.add("the tiles, unpacked")
    return found


def _is_known_at(known: Known, place: Place) -> None:
    if known.retracted and not (known.restated and place.name == known.origin):
        bodies = Record.objects.filter(address__in=known.addresses, payload__isnull=False)
        assert not bodies.exists(), f"{place.name} keeps what was taken back"
    if place.name == known.origin:
        return
    item = Item.objects.filter(origin=known.origin, item_id=known.item).first()
    row = Provenance.objects.filter(origin=known.origin, item_id=known.item).first()
    page = Page.objects.get(pk=row.page_id) if row is not None else None
    if known.recalls:  # once lifted it may be anything, by whatever had been erased before
        assert known.standing or item is None or item.state != ItemState.RECALLED
        return
    assert item is not None, f"{place.name} never had {known}"
    if known.retracted:
        assert item.state == ItemState.RETRACTED
        assert page is None or not page.live
        return
    assert item.version == len(known.versions), (place.name, known)
    assert item.address == known.addresses[-1]
    if known.endorsed == item.version and place.role != "hub":
        assert page is not None, (place.name, item.state, item.error)
        assert page.live, (place.name, item.state, item.error)
        assert page.title == item.title


def _is_known_as_trusted(known: Known, place: Place, facts: Facts) -> None:
    """Of a node that was taken over, the newest version of before is the one that counts."""
    item = Item.objects.filter(origin=known.origin, item_id=known.item).first()
    size = facts.trusted[known.origin]
    before = [version for version in known.versions if version.index < size]
    if not before:
        assert item is None, (place.name, known)
    elif not known.retracted and known.origin not in facts.revoked:
        assert item is not None, (place.name, known)
        assert item.address == before[-1].address, (place.name, known)
    assert Entry.objects.filter(log__node_id=known.origin).exists()
