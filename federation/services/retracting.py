"""Take back what this node has shared, and erase the bodies of what was taken back.

The log keeps the addresses, so that it still verifies (docs/protocol.md, "Retract").
"""

from django.db import transaction
from wagtail.models import Page

from federation.conf import get_conf
from federation.models import (
    Blob,
    BlobState,
    BlobUse,
    Entry,
    HeldBody,
    Provenance,
    Record,
    RecordState,
)
from federation.wire import records
from playbook.models.readable import is_readable

from . import heads, record_bundles
from .publishing import append_statement, own_provenance, today


@transaction.atomic
def retract_page(page: Page, reason: str, *, here: bool = False) -> Entry | None:
    """Take a shared page back everywhere; None when it is not shared. Bodies are erased here.

    With `here` the page is withdrawn on this node too, and its address answers with the reason.
    """
    provenance = own_provenance(page)
    if provenance is None or provenance.retracted:
        return None
    entry = retract_item(provenance, reason)
    if here:
        page.specific.withdraw(reason, today())
    return entry


def retract_private(path: str) -> None:
    """Take back what stands at or below this path in the tree, and no longer everybody may read."""
    shared = Provenance.objects.filter(
        origin=get_conf().NODE_ID, retracted=False, page__path__startswith=path
    ).select_related("page")
    for provenance in shared.order_by("index"):
        if provenance.page and not is_readable(provenance.page.path):
            retract_item(provenance, "Its author made it private.")


@transaction.atomic
def retract_item(provenance: Provenance, reason: str) -> Entry:
    """Append the retraction of an own item and erase the bodies of all its versions."""
    addresses = _version_addresses(provenance)
    entry = append_statement(
        "retract/1",
        {
            "audience": "public",
            "target": {
                "origin": provenance.origin,
                "id": str(provenance.item_id),
                "lang": provenance.lang,
                "version": provenance.version,
                "record": provenance.address,
                "index": provenance.index,
            },
            "records": addresses,
            "reason": reason,
            "day": today().isoformat(),
        },
    )
    erase_bodies(addresses)
    provenance.retracted = True
    provenance.save(update_fields=["retracted"])
    log = heads.own_log()
    indexes = Entry.objects.filter(log=log, address__in=addresses).values_list("index", flat=True)
    record_bundles.rewrite_records(log, list(indexes))
    return entry


def _version_addresses(provenance: Provenance) -> list[str]:
    """Return the addresses of every version of an own item, newest first, along `prev`."""
    addresses: list[str] = []
    address: str | None = provenance.address
    while address:
        addresses.append(address)
        record = Record.objects.filter(address=address).first()
        if record is None or record.payload is None:
            break
        address = records.parse(bytes(record.payload)).raw.get("prev")
    return addresses


def erase_bodies(addresses: list[str]) -> None:
    """Drop the payloads and the claim on files of retracted records; the log keeps addresses."""
    Record.objects.filter(address__in=addresses).update(
        payload=None, signatures=[], state=RecordState.RETRACTED
    )
    HeldBody.objects.filter(address__in=addresses).delete()
    hashes = set(BlobUse.objects.filter(address__in=addresses).values_list("sha256", flat=True))
    BlobUse.objects.filter(address__in=addresses).delete()
    still_used = set(BlobUse.objects.filter(sha256__in=hashes).values_list("sha256", flat=True))
    Blob.objects.filter(sha256__in=hashes - still_used).update(
        state=BlobState.REFUSED, error="media.retracted", error_detail=""
    )
