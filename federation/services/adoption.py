"""From a staged item to a page of this node, and back when its author takes it away.

A page that was edited here is never overwritten: the newer version waits in the inbox.
"""

from django.core.exceptions import ValidationError
from django.db import transaction
from wagtail.models import Page

from federation import mapping
from federation.conf import get_conf
from federation.errors import InvalidRecord, MediaMissing, NoPlace, NotShareable, RecordWithheld
from federation.models import (
    GONE,
    Blob,
    BlobState,
    Item,
    ItemState,
    Lease,
    Mode,
    Provenance,
    Record,
)
from federation.wire import records
from playbook.workflows import publish_trusted

from .media import read_blob
from .publishing import today
from .tombstones import require_not_recalled


def item_record(item: Item) -> records.Item:
    """Return the verified record of an item's present version; RecordWithheld when it is gone."""
    record = Record.objects.filter(address=item.address).first()
    if record is None or record.payload is None:
        raise RecordWithheld(f"The body of “{item.title}” is not here.", item=str(item))
    parsed = records.parse(bytes(record.payload))
    if not isinstance(parsed, records.Item):
        raise RecordWithheld(f"“{item.title}” is not an item.", item=str(item))
    return parsed


def provenance_of(item: Item) -> Provenance | None:
    """Return the row that ties an item to its page here, if it has one."""
    return (
        Provenance.objects.filter(origin=item.origin, item_id=item.item_id, lang=item.lang)
        .select_related("page")
        .first()
    )


@transaction.atomic
def adopt_item(item: Item, *, publish: bool) -> Page | None:
    """Make or update the page for an item: a draft, or live at once where policy says so.

    Returns None and leaves the item in the inbox where the page was edited here. Saves the item's
    state. Raises RecordWithheld, MediaMissing, NotShareable for a retracted item, Recalled.
    """
    if item.state in GONE:
        raise NotShareable(f"“{item.title}” was withdrawn by its author.")
    record = item_record(item)
    source = record.source.identity if record.source else None
    require_not_recalled((item.origin, str(item.item_id), item.lang), source)
    _make_missing_terms(item, record)
    provenance = provenance_of(item)
    page = provenance.page.specific if provenance and provenance.page else None
    if provenance and page and _edited_here(provenance, page):
        return None
    try:
        if page is None:
            page = _new_page(item, record)
        else:
            mapping.fill_page(page, record, _picture(record))
            if page.withdrawn_on:
                page.reinstate()
        revision = page.save_revision(clean=True)
    except ValidationError as error:
        raise InvalidRecord(f"It does not make a page: {error.messages}", item=str(item)) from error
    if publish:
        publish_trusted(revision, reason=f"endorsed version {item.version} from {item.origin}")
        page.refresh_from_db()
    own = item.origin == get_conf().NODE_ID  # it came back after a restore
    Provenance.objects.update_or_create(
        origin=item.origin,
        item_id=item.item_id,
        lang=item.lang,
        defaults={
            "page_id": page.pk,
            "schema": item.schema,
            "version": item.version,
            "address": item.address,
            "index": item.index,
            "revision_id": page.live_revision_id if own else revision.pk,
            "translation_key": page.translation_key,
            "mode": Mode.OWN if own else Mode.FOLLOW,
            "by_policy": publish,
            "retracted": False,
            "distrusted": False,
            "lease": Lease.VALID,
        },
    )
    item.state = ItemState.PUBLISHED if publish else ItemState.DRAFT
    item.undecided = False
    item.save(update_fields=["state", "undecided"])
    return page


def _make_missing_terms(item: Item, record: records.Item) -> None:
    """Make the subtypes that an item is filed under, as its own node describes them."""
    missing = mapping.term.missing_codes(record)
    if not missing:
        return
    described = Item.objects.filter(origin=item.origin, schema=mapping.term.SCHEMA)
    for other in described.exclude(state__in=GONE):
        term = item_record(other)
        if term.content["code"] in missing and mapping.term.make(term):
            missing.remove(term.content["code"])
            other.state, other.undecided = ItemState.PUBLISHED, False
            other.save(update_fields=["state", "undecided"])


def _edited_here(provenance: Provenance, page: Page) -> bool:
    return page.latest_revision_id != provenance.revision_id


def _new_page(item: Item, record: records.Item) -> Page:
    try:
        parent = mapping.parent_for(item.schema, item.lang)
    except LookupError as error:
        raise NoPlace(
            f"There is no place here for a {item.schema} in {item.lang}.", item=str(item)
        ) from error
    page = mapping.new_page(record)
    mapping.fill_page(page, record, _picture(record))
    page.locale = parent.locale
    page.live = False
    key = _translation_key(item, record)
    if key and not Page.objects.filter(translation_key=key, locale=parent.locale).exists():
        page.translation_key = key
    parent.add_child(instance=page)
    return page


def _translation_key(item: Item, record: records.Item) -> object:
    """Return the local key of the tree that the item belongs to: its own, or its source's."""
    trees = [(item.origin, str(item.item_id))]
    if record.source and record.source.kind == "translation":
        trees.append((record.source.origin, record.source.id))
    for origin, item_id in trees:
        row = Provenance.objects.filter(origin=origin, item_id=item_id).first()
        if row is not None:
            return row.translation_key
    return None


def _picture(record: records.Item) -> mapping.Picture | None:
    """Return the picture that a record names, read from the verified files."""
    sha256 = record.content.get("picture")
    if not sha256:
        return None
    alt = next((file.alt for file in record.media if file.sha256 == sha256), "")
    if not Blob.objects.filter(sha256=sha256, state=BlobState.PRESENT).exists():
        raise MediaMissing(f"The picture {sha256[:12]}… has not arrived.")
    return mapping.Picture(sha256, read_blob(sha256), alt)


@transaction.atomic
def withdraw_item(item: Item) -> None:
    """Take a retracted item's page away; its address answers with a notice from then on.

    Does nothing where no page was made. The item's state says `retracted` and stays so.
    """
    item.undecided = False
    item.save(update_fields=["undecided"])
    provenance = provenance_of(item)
    if provenance is None:
        return
    provenance.retracted = True
    provenance.save(update_fields=["retracted"])
    if provenance.page is not None:
        reason = item.retract_reason or "It was withdrawn by its author."
        provenance.page.specific.withdraw(reason, item.retracted_on or today())


@transaction.atomic
def unpublish_if_by_policy(item: Item) -> None:
    """Take back what policy, not a person, published, when its endorsement no longer stands.

    A newer version without an endorsement does not take the older, endorsed one down.
    """
    provenance = provenance_of(item)
    if provenance is None or provenance.page is None or provenance.address != item.address:
        return
    if provenance.by_policy and provenance.lease == Lease.HIDDEN:  # nor does it come back alone
        Provenance.objects.filter(pk=provenance.pk).update(lease_revision_id=None)
    as_published = provenance.page.live_revision_id == provenance.revision_id
    if provenance.by_policy and provenance.page.live and as_published:
        provenance.page.specific.unpublish()
        item.state = ItemState.STAGED
        item.save(update_fields=["state"])
