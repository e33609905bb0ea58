"""Take what was recalled away from everybody here at once, and put it back after a lift.

Bodies go where nothing serves or shows them (`HeldBody`), pages answer with a notice, pictures and
made documents are deleted. `services.purging` erases the rest a week later.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from wagtail.models import Page, ReferenceIndex

from federation.models import (
    Entry,
    HeldBody,
    Item,
    ItemState,
    Lease,
    Log,
    Provenance,
    Quarantine,
    Recall,
    Record,
    RecordState,
)
from playbook.documents import store
from playbook.models import ContentEpoch, PlaybookImage, PublishedItem

from .local_pages import made_here_from, pages_of
from .record_bundles import rewrite_records
from .tombstones import Graves, Place, bodies_with, covers, place_of, spread


@transaction.atomic
def hide(recall: Recall) -> None:
    """Apply a recall to everything here, whenever it came. Safe to repeat."""
    places = spread(recall)
    addresses: set[str] = set()
    for place in places:
        addresses |= set(_addresses(Record, place))
        _forget_quarantined(place)
    _hold(addresses)
    identities = matching(places)
    Item.objects.filter(identities).exclude(state=ItemState.RECALLED).update(
        state=ItemState.RECALLED, undecided=False, error="", error_detail=""
    )
    rows = Provenance.objects.filter(identities)
    rows.update(retracted=True, lease=Lease.VALID, lease_revision_id=None)
    pages = pages_under(rows)
    for page in pages:
        _withdraw(page, recall)
    _delete_pictures(pages)
    transaction.on_commit(store.forget)
    ContentEpoch.bump()


def matching(places: Iterable[Place]) -> Q:
    """Return the condition under which an item or provenance row is one of these identities."""
    found = Q(pk__in=[])
    for origin, item_id, lang in places:
        one = Q(origin=origin, item_id=item_id)
        found |= one & Q(lang=lang) if lang else one
    return found


def _addresses(model: type[Record | HeldBody], place: Place) -> list[str]:
    """Return where the versions of an identity are, among its own origin's bodies."""
    return [body.address for body in bodies_with(model, place[1]) if covers(place, body.place)]


def _hold(addresses: set[str]) -> None:
    """Move bodies out of every sight; the bundles that held them are written again."""
    found = Record.objects.filter(address__in=addresses, payload__isnull=False)
    held = [
        HeldBody(
            address=row.address,
            origin=row.origin,
            payload=row.payload,
            signatures=row.signatures,
            state=row.state,
        )
        for row in found
        if row.payload is not None
    ]
    HeldBody.objects.bulk_create(held, ignore_conflicts=True)
    found.update(payload=None, signatures=[], state=RecordState.RETRACTED)
    _rewrite(addresses)


def _rewrite(addresses: Iterable[str]) -> None:
    entries = Entry.objects.filter(address__in=set(addresses), log__carried__gt=0)
    places: dict[int, list[int]] = {}
    for log_id, index in entries.order_by("pk").values_list("log_id", "index"):
        places.setdefault(log_id, []).append(index)
    for log in Log.objects.filter(pk__in=places):
        rewrite_records(log, places[log.pk])


def _forget_quarantined(place: Place) -> None:
    """Drop refused bodies of a recalled item too; here it does not matter why they were refused."""
    addresses = [
        body.address for body in bodies_with(Quarantine, place[1]) if covers(place, body.place)
    ]
    Quarantine.objects.filter(address__in=addresses).update(
        resolved=True, payload=None, signatures=[], item=""
    )


def pages_under(rows: Iterable[Provenance]) -> list[Page]:
    """Return the pages of these items, and what was made of them here and never shared."""
    named = list(rows)
    return pages_of(named) + made_here_from(named)


def _withdraw(page: Any, recall: Recall) -> None:
    if not hasattr(page, "withdraw"):  # only items are shared
        return
    if page.live or page.withdrawn_reason != recall.reason or not page.withdrawn_on:
        page.withdraw(recall.reason, recall.day)


def _delete_pictures(pages: list[Any]) -> None:
    """Delete the pictures that no other page shows: they have addresses of their own.

    The file that came with the item stays until it is purged, and a lift draws the picture anew.
    """
    hidden = {page.pk for page in pages}
    for picture in {page.picture for page in pages if getattr(page, "picture", None)}:
        if any(
            model._default_manager.filter(picture=picture).exclude(pk__in=hidden).exists()
            for model in PublishedItem.__subclasses__()
        ):
            continue
        others = ReferenceIndex.get_references_to(picture).exclude(
            object_id__in=[str(key) for key in hidden]
        )
        if not others.exclude(content_type__app_label="wagtailcore").exists():
            _delete_picture(picture)


def _delete_picture(picture: PlaybookImage) -> None:
    files = [rendition.file for rendition in picture.renditions.all()] + [picture.file]
    picture.delete()
    for file in files:
        transaction.on_commit(partial(file.storage.delete, file.name))


@transaction.atomic
def show_again(recall: Recall) -> None:
    """Undo what a lifted recall hid, as far as no other recall holds it and it is still here.

    Pages come back as drafts, items to the inbox: what is published is decided anew.
    """
    places = [place_of(row) for row in recall.tombstones.order_by("pk")]
    graves = Graves(place[1] for place in places)
    addresses = {
        body.address
        for place in places
        for body in bodies_with(HeldBody, place[1])
        if covers(place, body.place) and graves.over(body.place) is None
    }
    _release(addresses)
    for item in Item.objects.filter(matching(places), state=ItemState.RECALLED):
        if graves.over(place_of(item)):
            continue
        here = Record.objects.filter(address=item.address, payload__isnull=False).exists()
        item.state = ItemState.STAGED if here else ItemState.RETRACTED
        item.undecided = here
        item.save(update_fields=["state", "undecided"])
    rows = Provenance.objects.filter(matching(places))
    for page in pages_under([row for row in rows if graves.over(place_of(row)) is None]):
        if isinstance(page, PublishedItem) and page.withdrawn_on:
            page.reinstate()
    ContentEpoch.bump()


def _release(addresses: set[str]) -> None:
    held = HeldBody.objects.filter(address__in=addresses)
    for body in held:
        Record.objects.filter(address=body.address).update(
            payload=body.payload, signatures=body.signatures, state=body.state
        )
    held.delete()
    _rewrite(addresses)


def enforce() -> int:
    """Apply every standing recall once more, to rows that a restored copy or a fault brought back.

    Returns how many recalls had something to hide.
    """
    count = 0
    for recall in Recall.objects.standing().order_by("pk"):
        if _something_shows(recall):
            hide(recall)
            count += 1
    return count


def _something_shows(recall: Recall) -> bool:
    identities = matching([place_of(row) for row in recall.tombstones.order_by("pk")])
    items, rows = Item.objects.filter(identities), Provenance.objects.filter(identities)
    newest = {*items.values_list("address", flat=True), *rows.values_list("address", flat=True)}
    return (
        items.exclude(state=ItemState.RECALLED).exists()
        or rows.filter(retracted=False).exists()
        or any(not getattr(page, "withdrawn_on", True) for page in pages_under(rows))
        or Record.objects.filter(address__in=newest, payload__isnull=False).exists()
    )
