"""Erase what was recalled a week ago: bodies, files, page texts and their revisions.

Unconfirmed, a node's own recall erases its own items alone, and no more than ten a day; what was
made from them elsewhere stays hidden until a person here confirms. So a coerced node cannot wipe
the network (docs/protocol.md, "Retract, recall, lease").
"""

from datetime import UTC, datetime, timedelta
from functools import partial

from django.db import transaction

from federation.models import (
    Authority,
    Blob,
    BlobState,
    BlobUse,
    HeldBody,
    Item,
    Provenance,
    Recall,
    Record,
    RecordState,
    Review,
    Tombstone,
)
from playbook.erasing import erase_page
from playbook.models import ContentEpoch

from .hiding import matching
from .local_pages import made_here_from, pages_of
from .media import blob_path
from .tombstones import Place, bodies_with, covers, place_of

AFTER = timedelta(days=7)


def purge_due(now: datetime | None = None) -> int:
    """Erase what is due; return how many recalls had something to erase. Safe to repeat."""
    due = (now or datetime.now(UTC)) - AFTER
    count = 0
    waiting = Recall.objects.standing().filter(received_at__lte=due)
    for recall in waiting.order_by("pk"):
        count += _purge(recall)
    return count


def awaits_confirmation(recall: Recall) -> bool:
    """Is there something under this recall that only a person here may have erased?"""
    if recall.lifted or recall.confirmed or recall.authority == Authority.STEWARDS:
        return False
    rest = recall.tombstones.filter(purged=False)
    if (rest if recall.over_cap else rest.exclude(origin=recall.origin)).exists():
        return True
    places = [place_of(row) for row in recall.tombstones.order_by("pk")]
    return bool(made_here_from(Provenance.objects.filter(matching(places))))


def _purges_all(recall: Recall) -> bool:
    return recall.confirmed or recall.authority == Authority.STEWARDS


def _may_purge(recall: Recall, row: Tombstone) -> bool:
    return _purges_all(recall) or (row.origin == recall.origin and not recall.over_cap)


@transaction.atomic
def _purge(recall: Recall) -> bool:
    rows = [
        row
        for row in recall.tombstones.filter(purged=False).order_by("pk")
        if _may_purge(recall, row)
    ]
    for row in rows:
        _erase(place_of(row), recall)
    Tombstone.objects.filter(pk__in=[row.pk for row in rows]).update(purged=True)
    if rows:
        ContentEpoch.bump()
    return bool(rows)


def _erase(place: Place, recall: Recall) -> None:
    addresses = [
        body.address for body in bodies_with(HeldBody, place[1]) if covers(place, body.place)
    ]
    HeldBody.objects.filter(address__in=addresses).delete()
    _erase_files(addresses)
    identities = matching([place])
    Item.objects.filter(identities).update(title="")
    _erase_notes(place)
    rows = Provenance.objects.filter(identities)
    # What somebody here made is no item of the node that recalls.
    local = made_here_from(rows) if _purges_all(recall) else []
    for page in [*local, *pages_of(rows)]:
        erase_page(page, recall.day, recall.reason)


def _erase_notes(place: Place) -> None:
    """Empty what reviewers wrote about the item: a note may repeat what endangers."""
    origin, item_id, lang = place
    about = Review.objects.filter(target_origin=origin, target_item=item_id)
    about = about.filter(target_lang=lang) if lang else about
    addresses = list(about.values_list("address", flat=True))
    about.update(note="")
    Record.objects.filter(address__in=addresses).update(
        payload=None, signatures=[], state=RecordState.RETRACTED
    )


def _erase_files(addresses: list[str]) -> None:
    """Drop files that nothing else names, from the disk too."""
    hashes = set(BlobUse.objects.filter(address__in=addresses).values_list("sha256", flat=True))
    BlobUse.objects.filter(address__in=addresses).delete()
    used = set(BlobUse.objects.filter(sha256__in=hashes).values_list("sha256", flat=True))
    Blob.objects.filter(sha256__in=hashes - used).update(
        state=BlobState.REFUSED, error="media.retracted", error_detail=""
    )
    for sha256 in hashes - used:
        transaction.on_commit(partial(blob_path(sha256).unlink, missing_ok=True))
