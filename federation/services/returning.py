"""What the items of a recovered stretch become here: known by number, taken back, or drafts.

For the time of a recovery this node follows itself: its shared items stand beside those of others,
so that versions, retractions and recalls are judged by the same code (`services.batch`). An item
whose text came back stays there until its draft is made.
"""

import uuid

from wagtail.models import Page

from federation import mapping
from federation.conf import Conf
from federation.errors import FederationError
from federation.models import (
    Entry,
    Item,
    ItemState,
    Log,
    Mode,
    Provenance,
    Record,
    RecordState,
)
from federation.wire import records
from playbook.models import Threat

from . import adoption
from .publishing import today
from .rows import known_places


def seed(conf: Conf) -> None:
    """Let every item that this node shared stand as it is known here. Call in the transaction."""
    Item.objects.filter(origin=conf.NODE_ID).delete()
    Item.objects.bulk_create(
        Item(
            origin=row.origin,
            item_id=row.item_id,
            lang=row.lang,
            schema=row.schema,
            version=row.version,
            address=row.address,
            index=row.index,
            title="",
            state=ItemState.RETRACTED if row.retracted else ItemState.PUBLISHED,
            undecided=False,
            received_on=today(),
        )
        for row in Provenance.objects.filter(origin=conf.NODE_ID).order_by("pk")
    )


def settle(log: Log, at: int, conf: Conf) -> None:
    """Let what came of the entries from `at` on be what this node knows of its own items.

    A page of which a newer text came keeps what it shows until somebody publishes the draft; it is
    not shared by itself meanwhile. Call in the transaction.
    """
    _name_the_lost(log, at)
    for item in Item.objects.filter(origin=conf.NODE_ID).order_by("index", "pk"):
        if item.index < at:
            item.delete()
            continue
        row = _known_as(item, log)
        if item.state == ItemState.STAGED and item.schema != mapping.term.SCHEMA:
            item.undecided = False  # its draft is made by `make_drafts`, whatever policy says
            item.save(update_fields=["undecided"])
            continue
        if item.state == ItemState.RETRACTED and row.page is not None:
            row.page.specific.withdraw(item.retract_reason, item.retracted_on or today())
        item.delete()


def _name_the_lost(log: Log, at: int) -> None:
    """Keep a row for each body that did not come: it is known to be gone."""
    entries = list(Entry.objects.filter(log=log, index__gte=at).order_by("index"))
    Record.objects.bulk_create(
        [
            Record(
                address=entry.address,
                origin=log.node_id,
                schema="",
                payload=None,
                public=entry.type != "sealed",
                state=RecordState.LOST,
            )
            for entry in entries
        ],
        ignore_conflicts=True,
    )


def _known_as(item: Item, log: Log) -> Provenance:
    identity = {"origin": item.origin, "item_id": item.item_id, "lang": item.lang}
    row = Provenance.objects.filter(**identity).select_related("page").first()
    if row is None:
        page = _same_text_here(item)
        key = page.translation_key if page else _tree_of(item)
        row = Provenance(**identity, page=page, translation_key=key, mode=Mode.OWN)
    row.schema, row.version, row.address = item.schema or row.schema, item.version, item.address
    row.index = known_places(log, [item.address]).get(item.address, row.index)
    row.retracted = item.state != ItemState.STAGED
    row.revision_id = row.page.live_revision_id if row.page else None
    row.save()
    return row


def _same_text_here(item: Item) -> Page | None:
    """Return the page that was written before the backup and shared after it, if that is plain."""
    if item.state != ItemState.STAGED or item.schema == mapping.term.SCHEMA:
        return None
    found = [
        page
        for page in Page.objects.filter(
            title=item.title, locale__language_code=item.lang, provenance=None
        ).specific()
        if mapping.is_shareable_type(page) and mapping.schema_of(page) == item.schema
    ]
    return found[0] if len(found) == 1 else None


def _tree_of(item: Item) -> uuid.UUID:
    """Return the local key of what an item is a translation of; of a subtype, that of its term."""
    sibling = Provenance.objects.filter(origin=item.origin, item_id=item.item_id).first()
    if sibling is not None:
        return sibling.translation_key
    if item.schema == mapping.term.SCHEMA and item.state == ItemState.STAGED:
        record = adoption.item_record(item)
        term = Threat.objects.filter(code=record.content["code"]).order_by("pk").first()
        term = term or mapping.term.make(record)
        if term is not None:
            return term.translation_key
    return uuid.uuid4()


def make_drafts(conf: Conf) -> tuple[list[str], list[str]]:
    """Make a draft of each text that came back; return those made, and why others were not.

    Nothing goes live: a person looks at each and publishes it. Safe to repeat.
    """
    made, waiting = [], []
    for item in Item.objects.filter(origin=conf.NODE_ID, state=ItemState.STAGED).order_by("index"):
        name = f"{item.title} ({item.lang}, version {item.version})"
        try:
            if _is_as_said(item):
                item.delete()
                continue
            page = adoption.adopt_item(item, publish=False)
        except FederationError as error:
            waiting.append(f"{name}: {error.code}: {error}")
            continue
        if page is None:
            waiting.append(f"{name}: the page was changed here and never published")
        else:
            made.append(name)
        item.delete()
    return made, waiting


def _is_as_said(item: Item) -> bool:
    """Does the live page say what this node said last?"""
    row = adoption.provenance_of(item)
    if row is None or row.page is None or not row.page.live:
        return False
    raw = records.parse(bytes(Record.objects.get(address=item.address).payload or b"{}")).raw
    written = mapping.record_fields(row.page.specific).fields
    return all(raw.get(name) == value for name, value in written.items())
