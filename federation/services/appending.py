"""Put a signed record into this node's own log. Heads are signed later (`services.heads`)."""

from django.db import transaction

from federation.models import Entry, Record
from federation.wire import dsse, records

from . import heads


def plain_signatures(envelope: dsse.Envelope) -> list[dict[str, str]]:
    """Return the first eight signatures as they are kept in a row."""
    return [{"keyid": s.keyid, "sig": s.sig.hex()} for s in envelope.signatures[:8]]


def record_row(envelope: dsse.Envelope, record: records.Record) -> Record:
    """Return the unsaved row of a record that was understood."""
    listed = [record.audience] if isinstance(record.audience, str) else record.audience
    return Record(
        address=envelope.address,
        origin=record.origin,
        schema=record.schema,
        payload=envelope.payload,
        signatures=plain_signatures(envelope),
        public=record.is_public,
        audience=[] if record.is_public else list(listed),
    )


@transaction.atomic
def append_envelope(envelope: dsse.Envelope, record: records.Record) -> Entry:
    """Append a verified record, whoever signed it, and keep its body; return the entry.

    The own log's row stays locked until the transaction ends. Raises KeysMissing before
    `federation_init`.
    """
    log = heads.own_log(lock=True)
    Record.objects.bulk_create([record_row(envelope, record)], ignore_conflicts=True)
    entry = Entry.objects.create(
        log=log, index=log.size, type=records.leaf_type_for(record), address=envelope.address
    )
    log.size += 1
    log.save(update_fields=["size"])
    return entry
