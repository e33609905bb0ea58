"""The lease of adopted items: how long they are shown while nobody who vouches for them is heard.

It holds where a recall cannot reach (docs/protocol.md, "Retract, recall, lease"). Evaluated by
housekeeping; readers find the verdict in the row that they read anyway.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from wagtail.models import Revision

from federation.conf import Conf, get_conf
from federation.errors import FederationError
from federation.models import (
    Endorsement,
    Lease,
    Log,
    Mode,
    Peer,
    PeerStatus,
    Provenance,
    Record,
)
from federation.trust import DescriptorDirectory
from federation.wire import records
from playbook.publishing import PublicationRefused
from playbook.workflows import publish_trusted

from .policy import endorser_ids
from .publishing import today

_LONGEST_DAYS = 3650


class Clock:
    """When those who can vouch for an item were last heard of. The one place that says so.

    For now that is when this node saw the newest verified head of a log. Cosignatures of witnesses
    take its place once there are any: they also speak for a log that has nothing new to say.
    """

    def __init__(self, conf: Conf) -> None:
        self.conf = conf
        self._seen = dict(Log.objects.values_list("node_id", "head_seen_at"))
        self._endorsers = endorser_ids(conf)
        self._silent = set(
            Peer.objects.exclude(status=PeerStatus.ACTIVE).values_list("node_id", flat=True)
        ) | set(Log.objects.exclude(frozen="").values_list("node_id", flat=True))
        self._directory = DescriptorDirectory(conf.trust_dir)

    def heard(self, row: Provenance) -> datetime | None:
        """Return when the item's origin was heard, or the hub while its endorsement stands.

        Of a node that is suspended, revoked or frozen only the second counts. None: never.
        """
        times = [self._of(row.origin)] if self._in_good_standing(row.origin) else []
        times += [self._of(name) for name in self._endorsed_by(row)]
        known = [time for time in times if time is not None]
        return max(known) if known else None

    def _of(self, node_id: str) -> datetime | None:
        if node_id == self.conf.NODE_ID:
            return datetime.now(UTC)  # a hub hears itself
        return self._seen.get(node_id)

    def _in_good_standing(self, node_id: str) -> bool:
        if node_id in self._silent:
            return False
        try:
            self._directory.member(node_id).require_active()
        except FederationError:
            return False
        return True

    def _endorsed_by(self, row: Provenance) -> Iterable[str]:
        found = Endorsement.objects.filter(
            endorser__in=self._endorsers,
            target_origin=row.origin,
            target_address=row.address,
            target_index=row.index,
            withdrawn=False,
        )
        return found.order_by("endorser").values_list("endorser", flat=True)


def evaluate_leases(now: datetime | None = None, conf: Conf | None = None) -> int:
    """Give every adopted item the standing that its lease has now; return how many changed."""
    return _evaluate(_adopted(), now, conf)


def renew_leases(now: datetime | None = None, conf: Conf | None = None) -> int:
    """The same for those alone that have run out: after a sync, for the price of one query."""
    return _evaluate(_adopted().exclude(lease=Lease.VALID), now, conf)


def term_of(row: Provenance, conf: Conf) -> tuple[datetime | None, datetime | None] | None:
    """Return when those who vouch for an adopted item were heard last, and until when that lasts.

    None for what no lease holds: own items, what was taken back, what has no words here.
    """
    record = _record(row) if row.mode == Mode.FOLLOW and not row.retracted else None
    if record is None:
        return None
    heard = Clock(conf).heard(row)
    return heard, heard + _days(record) if heard else None


def _adopted() -> QuerySet[Provenance]:
    return Provenance.objects.filter(mode=Mode.FOLLOW, retracted=False, page__isnull=False)


def _evaluate(
    adopted: QuerySet[Provenance], now: datetime | None = None, conf: Conf | None = None
) -> int:
    rows = list(adopted.order_by("pk"))
    if not rows:
        return 0
    now = now or datetime.now(UTC)
    clock = Clock(conf or get_conf())
    count = 0
    for row in rows:
        record = _record(row)
        if record is None:
            continue
        lease = _standing(record, clock.heard(row), now)
        if lease != row.lease:
            count += _change(row, lease)
    return count


def _record(row: Provenance) -> records.Item | None:
    stored = Record.objects.filter(address=row.address, payload__isnull=False).first()
    if stored is None or stored.payload is None:
        return None
    record = records.parse(bytes(stored.payload))
    return record if isinstance(record, records.Item) else None


def _standing(record: records.Item, heard: datetime | None, now: datetime) -> Lease:
    if heard is not None and now - heard <= _days(record):
        return Lease.VALID
    return Lease.HIDDEN if record.sensitive else Lease.UNVERIFIED


def _days(record: records.Item) -> timedelta:
    return timedelta(days=min(record.valid_for_days, _LONGEST_DAYS))


@transaction.atomic
def _change(row: Provenance, lease: Lease) -> bool:
    """Hide a page, or show again what was live when its lease ran out."""
    locked = Provenance.objects.select_for_update().get(pk=row.pk)
    page: Any = locked.page.specific if locked.page else None
    if locked.retracted or not hasattr(page, "withdraw"):
        return False
    was = locked.lease
    if lease == Lease.HIDDEN:
        locked.lease_revision_id = page.live_revision_id if page.live else None
        if page.live:
            with translation.override(page.locale.language_code):
                page.withdraw(_("It could not be confirmed lately that it still holds."), today())
    elif was == Lease.HIDDEN:
        _show(page, locked.lease_revision_id)
        locked.lease_revision_id = None
    locked.lease = lease
    locked.save(update_fields=["lease", "lease_revision_id"])
    return True


def _show(page: Any, revision_id: int | None) -> None:
    """Publish the very revision that was live, unless somebody decided otherwise since."""
    revision = Revision.objects.filter(pk=revision_id).first() if revision_id else None
    if revision is None or not page.withdrawn_on:
        return
    page.reinstate()
    try:
        publish_trusted(revision, reason="its lease was renewed")
    except PublicationRefused:
        return  # it stays a draft
