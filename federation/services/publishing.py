"""Say something in this node's own log, and share pages through it.

Every function appends in the caller's or its own transaction and touches no network; heads are
signed later, on the beat (docs/protocol.md, "Log").
"""

import logging
import uuid
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction
from wagtail.models import Page

from federation import mapping
from federation.conf import get_conf
from federation.errors import FederationError, NotShareable
from federation.models import (
    BlobUse,
    Entry,
    Mode,
    Provenance,
    Record,
    Review,
    SharingChoice,
    SharingMode,
)
from federation.trust import load_keys
from federation.wire import dsse, records
from playbook.models import Threat
from playbook.models.readable import is_readable

from . import heads
from .appending import append_envelope
from .media import store_bytes
from .tombstones import place_of_source, require_not_recalled

logger = logging.getLogger(__name__)


def today() -> date:
    return datetime.now(UTC).date()


@transaction.atomic
def append_statement(schema: str, fields: dict[str, Any]) -> Entry:
    """Sign a record and append it to the own log; return its entry.

    `origin` and `salt` are filled in here. Raises InvalidRecord and its kin when `fields` do not
    make a record of `schema`, KeysMissing before `federation_init`.
    """
    conf = get_conf()
    keys = load_keys(conf.keys_dir)
    payload = records.build(schema, {"origin": conf.NODE_ID, "salt": records.new_salt(), **fields})
    parsed = records.parse(payload, max_bytes=conf.MAX_RECORD)
    envelope = dsse.Envelope.signed(payload, keys.record)
    return append_envelope(envelope, parsed)


def preview_payload(page: Page) -> dict[str, Any]:
    """Return exactly what would leave this node if `page` were shared now, but for the salt.

    Raises NotShareable with the reason when it may not leave.
    """
    fields, _media = _item_fields(page)
    return {"schema": mapping.schema_of(page), "origin": get_conf().NODE_ID, **fields}


@transaction.atomic
def share_page(page: Page) -> Entry:
    """Share the live version of `page` with everyone, as the next version of its item.

    Returns the entry; when what would leave is what already left, the entry it left with.
    Raises NotShareable.
    """
    heads.own_log(lock=True)
    specific = page.specific
    fields, media = _item_fields(specific)
    provenance = own_provenance(specific)
    if provenance and not provenance.retracted and _unchanged(provenance, fields):
        return Entry.objects.get(log__own=True, index=provenance.index)
    for term in mapping.term.own_subtypes(specific):
        _share_term(term)
    for data, kind in media:
        store_bytes(data, kind)
    schema = mapping.schema_of(specific)
    entry = append_statement(schema, fields)
    BlobUse.objects.bulk_create(
        [BlobUse(sha256=item["sha256"], address=entry.address) for item in fields["media"]]
    )
    Review.objects.filter(
        target_origin=get_conf().NODE_ID,
        target_item=fields["id"],
        target_lang=fields["lang"],
        answered=False,
    ).update(answered=True)
    Provenance.objects.update_or_create(
        origin=get_conf().NODE_ID,
        item_id=fields["id"],
        lang=fields["lang"],
        defaults={
            "page_id": specific.pk,
            "schema": schema,
            "version": fields["version"],
            "address": entry.address,
            "index": entry.index,
            "revision_id": specific.live_revision_id,
            "translation_key": specific.translation_key,
            "mode": Mode.OWN,
            "retracted": False,
        },
    )
    return entry


def _item_fields(page: Page) -> tuple[dict[str, Any], list[tuple[bytes, str]]]:
    """Return the fields of the next version of a page's item, and the files it names.

    Raises NotShareable, and Recalled: what was recalled is not shared again under its old name.
    """
    specific = page.specific
    if not mapping.is_shareable_type(specific):
        raise NotShareable(f"“{specific.title}” is not a kind of page that is shared.")
    _require_shareable(specific)
    conf = get_conf()
    written = mapping.record_fields(specific)
    provenance = own_provenance(specific)
    source = _source(specific)
    item_id = str(provenance.item_id if provenance else _item_id(specific))
    lang = specific.locale.language_code
    require_not_recalled((conf.NODE_ID, item_id, lang), place_of_source(source))
    fields: dict[str, Any] = {
        "audience": "public",
        "id": item_id,
        "lang": lang,
        "version": provenance.version + 1 if provenance else 1,
        "prev": provenance.address if provenance else None,
        "source": source,
        "licence": specific.licence,
        "valid_for_days": conf.LEASE_DAYS,
        **written.fields,
    }
    return fields, written.files


def _share_term(term: Threat) -> None:
    """Share a subtype that a page needs, once, and again where its wording changed."""
    conf = get_conf()
    written = mapping.term.write(term)
    known = Provenance.objects.filter(
        origin=conf.NODE_ID,
        schema=mapping.term.SCHEMA,
        translation_key=term.translation_key,
    )
    sibling = known.first()
    own = known.filter(lang=written["lang"]).first()
    fields = {
        **written,
        "audience": "public",
        "id": str(sibling.item_id if sibling else uuid.uuid4()),
        "version": own.version + 1 if own else 1,
        "prev": own.address if own else None,
        "source": None,
        "valid_for_days": conf.LEASE_DAYS,
    }
    if own and _unchanged(own, fields):
        return
    entry = append_statement(mapping.term.SCHEMA, fields)
    Provenance.objects.update_or_create(
        origin=conf.NODE_ID,
        item_id=fields["id"],
        lang=fields["lang"],
        defaults={
            "schema": mapping.term.SCHEMA,
            "version": fields["version"],
            "address": entry.address,
            "index": entry.index,
            "translation_key": term.translation_key,
            "mode": Mode.OWN,
        },
    )


def _require_shareable(page: Page) -> None:
    choice = SharingChoice.objects.filter(page_id=page.pk).first()
    if choice and choice.mode == SharingMode.NEVER:
        raise NotShareable(f"“{page.title}” is set never to be shared.")
    if not page.live:
        raise NotShareable(f"“{page.title}” is not published here. Publish it first.")
    if not is_readable(page.path):
        raise NotShareable(f"“{page.title}” is private here: what is shared, anybody may read.")
    if getattr(page, "composite", False):
        raise NotShareable(f"“{page.title}” is a training example: those stay on their node.")
    if not mapping.safety_passed(page):
        raise NotShareable(
            f"The published version of “{page.title}” has no safety check on record."
        )
    foreign = Provenance.objects.filter(page_id=page.pk).exclude(mode=Mode.OWN)
    if foreign.exists():
        raise NotShareable(f"“{page.title}” was written by another node, which shares it itself.")


def own_provenance(page: Page) -> Provenance | None:
    """Return the row of a page that this node itself has shared, if it has."""
    return Provenance.objects.filter(page_id=page.pk, origin=get_conf().NODE_ID).first()


def _item_id(page: Page) -> uuid.UUID:
    """Return the item's id: one for all languages that this node itself has written."""
    sibling = Provenance.objects.filter(
        translation_key=page.translation_key, origin=get_conf().NODE_ID
    ).first()
    return sibling.item_id if sibling else uuid.uuid4()


def _source(page: Page) -> dict[str, Any] | None:
    """Credit the item of another node that this page translates."""
    other = (
        Provenance.objects.filter(translation_key=page.translation_key)
        .exclude(origin=get_conf().NODE_ID)
        .exclude(page_id=page.pk)
        .first()
    )
    if other is None:
        return None
    return {
        "kind": "translation",
        "origin": other.origin,
        "id": str(other.item_id),
        "lang": other.lang,
        "version": other.version,
    }


_NOT_COMPARED = {"origin", "salt", "schema", "version", "prev"}


def _unchanged(provenance: Provenance, fields: dict[str, Any]) -> bool:
    record = Record.objects.filter(address=provenance.address, payload__isnull=False).first()
    if record is None or record.payload is None:
        return False
    raw = records.parse(bytes(record.payload)).raw
    return all(
        raw.get(name) == value for name, value in fields.items() if name not in _NOT_COMPARED
    )


def share_if_chosen(page: Page) -> Entry | None:
    """Share a page that was just published, where that was chosen for it beforehand.

    Publishing never fails because sharing does: a page that may not leave is left alone, and what
    else went wrong is logged and tried again by `share_missed`.
    """
    choice = SharingChoice.objects.filter(page_id=page.pk).first()
    if choice is None or choice.mode != SharingMode.AFTER_APPROVAL:
        return None
    try:
        return share_page(page)
    except NotShareable:
        return None
    except FederationError as error:
        logger.error("page %s was not shared: %s: %s", page.pk, error.code, error)
        return None


def share_missed() -> int:
    """Share live pages whose mode says so and whose live revision is not in the log; how many.

    Wagtail's publishing is not atomic with what follows it: a crash between the two is mended here.
    """
    count = 0
    chosen = SharingChoice.objects.filter(mode=SharingMode.AFTER_APPROVAL, page__live=True)
    for choice in chosen.select_related("page"):
        # Also what was taken back: it stays so until another version is published.
        shared = Provenance.objects.filter(page_id=choice.page_id).first()
        if shared and shared.revision_id == choice.page.live_revision_id:
            continue
        count += share_if_chosen(choice.page) is not None
    return count
