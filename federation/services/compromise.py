"""What a node said after the last entry that stewards trust: out of use here, and listed.

Entries stay in the log, which must verify; bodies move to quarantine with their bytes; pages that
policy published go, those a person approved are flagged (docs/protocol.md, "Enrolment, rotation,
compromise").
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import Page

from federation.conf import Conf, get_conf
from federation.errors import AfterLastTrusted
from federation.models import (
    GONE,
    BlobUse,
    Endorsement,
    Entry,
    Item,
    ItemState,
    Log,
    Provenance,
    Quarantine,
    Record,
)
from federation.trust import DescriptorDirectory, Member
from federation.wire import records
from playbook.models import ContentEpoch

from . import heads, record_bundles
from .publishing import today


@dataclass(frozen=True)
class Distrusted:
    """What one node had said after its last trusted entry, and what had become of it here.

    `entries` counts those in quarantine; the titles are of pages: taken down by this node, and
    still up because a person approved them.
    """

    node: str
    trusted: int
    entries: int
    taken_down: tuple[str, ...]
    flagged: tuple[str, ...]


@transaction.atomic
def quarantine_untrusted(conf: Conf) -> int:
    """Put what is trusted no longer into quarantine, of every node; return how many entries.

    Safe to repeat: what stands there already is left alone.
    """
    done = 0
    for member in DescriptorDirectory(conf.trust_dir).members():
        size = member.trusted_size
        log = Log.objects.filter(node_id=member.node_id, own=False).first()
        if log is None:
            continue
        limit = None if size is None else _limit(log, member, size)
        _release(log, limit)
        if limit is not None:
            done += _quarantine_after(log, member, limit)
    if done:
        ContentEpoch.bump()
    return done


def _limit(log: Log, member: Member, size: int) -> int:
    """Return how many entries are trusted here: none where our history is not the named one."""
    named = member.last_trusted
    if named is None or size == 0 or log.size < size:
        return size
    root = log.range_at(heads.leaf_hashes(log, 0, size)).root
    return size if root.hex() == named.root else 0


def _release(log: Log, limit: int | None) -> None:
    """What the stewards trust again may be tried again: it waits as a body that has yet to come."""
    waiting = Quarantine.objects.filter(log=log, error=AfterLastTrusted.code, resolved=False)
    if limit is not None:
        waiting = waiting.filter(index__lt=limit)
    waiting.update(attempts=0)


def _quarantine_after(log: Log, member: Member, limit: int) -> int:
    known = Quarantine.objects.filter(log=log, error=AfterLastTrusted.code, resolved=False)
    entries = Entry.objects.filter(log=log, index__gte=limit, index__lt=log.applied)
    _withdraw_items(log, limit)
    entries = entries.exclude(type="recall")  # they hold by their own signatures, and are passed on
    fresh = list(entries.exclude(index__in=known.values("index")).order_by("index"))
    if not fresh:
        return 0
    held = {
        record.address: record
        for record in Record.objects.filter(address__in=[entry.address for entry in fresh])
    }
    detail = _("Said after the last entry that the stewards trust (%(size)d are trusted).")
    Quarantine.objects.bulk_create(
        [_row(log, entry, held.get(entry.address), detail % {"size": limit}) for entry in fresh],
        update_conflicts=True,
        unique_fields=["log", "index"],
        update_fields=["error", "error_detail", "payload", "signatures", "resolved", "seen_on"],
    )
    addresses = list(held)
    BlobUse.objects.filter(address__in=addresses).delete()
    Record.objects.filter(address__in=addresses).delete()
    said = Endorsement.objects.filter(endorser=log.node_id, address__in=[e.address for e in fresh])
    targets = list(said.values_list("target_address", flat=True))
    said.update(withdrawn=True)
    Item.objects.filter(address__in=targets).exclude(state__in=GONE).update(undecided=True)
    record_bundles.rewrite_records(log, [entry.index for entry in fresh])
    return len(fresh)


def _row(log: Log, entry: Entry, record: Record | None, detail: str) -> Quarantine:
    return Quarantine(
        log=log,
        index=entry.index,
        address=entry.address,
        type=entry.type,
        peer=log.node_id,
        item=_name_of(record),
        error=AfterLastTrusted.code,
        error_detail=detail,
        payload=record.payload if record else None,
        signatures=record.signatures if record else [],
        seen_on=today(),
    )


def _name_of(record: Record | None) -> str:
    if record is None or record.payload is None:
        return ""
    parsed = records.parse(bytes(record.payload))
    if not isinstance(parsed, records.Item):
        return ""
    return f"{parsed.origin} {parsed.id} {parsed.lang} v{parsed.version}"


def _withdraw_items(log: Log, limit: int) -> None:
    """Take away what rests on the entries from `limit` on, and go back to what came before."""
    rows = Provenance.objects.filter(origin=log.node_id, index__gte=limit, distrusted=False)
    for provenance in rows.select_related("page"):
        page = provenance.page
        if page is not None and provenance.by_policy and _is_as_published(page, provenance):
            page.specific.unpublish()
        provenance.distrusted = True
        provenance.save(update_fields=["distrusted"])
    said = Item.objects.filter(origin=log.node_id, index__gte=limit)
    for item in said.exclude(state=ItemState.RECALLED):  # what was recalled stays away
        _go_back(log, item, limit)


def _is_as_published(page: Page, provenance: Provenance) -> bool:
    return bool(page.live and page.live_revision_id == provenance.revision_id)


def _go_back(log: Log, item: Item, limit: int) -> None:
    """Let an item be its newest trusted version again; where none is left, it is no item."""
    earlier = _earlier_version(log, item, limit)
    if earlier is None:
        item.delete()
        return
    entry, record = earlier
    item.version, item.schema = record.version, record.schema
    item.address, item.index = entry.address, entry.index
    item.title = str(record.content.get("title") or record.content.get("name") or "")[:255]
    item.state, item.undecided = ItemState.STAGED, True
    item.retracted_on, item.retract_reason = None, ""
    item.save()


def _earlier_version(log: Log, item: Item, limit: int) -> tuple[Entry, records.Item] | None:
    wanted = {"log": log, "type": "publish", "index__lt": limit}
    places = {entry.address: entry for entry in Entry.objects.filter(**wanted)}
    best: tuple[Entry, records.Item] | None = None
    for record in Record.objects.filter(origin=log.node_id, schema=item.schema):
        if record.payload is None or record.address not in places:
            continue
        parsed = records.parse(bytes(record.payload))
        if not isinstance(parsed, records.Item):
            continue
        is_same = (parsed.id, parsed.lang) == (str(item.item_id), item.lang)
        if is_same and (best is None or parsed.version > best[1].version):
            best = (places[record.address], parsed)
    return best


def distrusted_reports(conf: Conf | None = None) -> list[Distrusted]:
    """Return, for each node that was taken over, what had been accepted of it here."""
    conf = conf or get_conf()
    found = []
    for member in DescriptorDirectory(conf.trust_dir).members():
        if member.trusted_size is None:
            continue
        entries = Quarantine.objects.filter(
            log__node_id=member.node_id, error=AfterLastTrusted.code, resolved=False
        )
        rows = Provenance.objects.filter(origin=member.node_id, distrusted=True)
        pages = [row.page for row in rows.select_related("page") if row.page is not None]
        found.append(
            Distrusted(
                member.node_id,
                member.trusted_size,
                entries.count(),
                _titles(page for page in pages if not page.live),
                _titles(page for page in pages if page.live),
            )
        )
    return found


def _titles(pages: Iterable[Page]) -> tuple[str, ...]:
    return tuple(sorted(str(page.title) for page in pages))
