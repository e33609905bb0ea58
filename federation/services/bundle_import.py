"""Take in a bundle by the way that every pull goes, look into one, or say what it would do.

Source: docs/protocol.md, "Bundle" and "Receiving". A bundle enrols nobody by itself: descriptors
in it are shown only. Newer trust metadata that the stewards signed is taken in first of all.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from federation.client import BundleFetcher, CarriedFeed
from federation.conf import Conf, get_conf
from federation.errors import BadMember, FederationError, MalformedCheckpoint, MediaHashMismatch
from federation.models import GONE, Item, Log, Quarantine, Subscription
from federation.trust import DescriptorDirectory
from federation.wire import canonical, checkpoint, tiles
from federation.wire.bundles import BundleRow

from . import carried_trust, lookahead, policy
from .reports import SyncReport
from .sync import take_in, take_in_logs

BY_HAND = "(bundle)"  # no node id: who brought it is not known


@dataclass(frozen=True)
class Problem:
    """One thing that does not hold: what it is about, and the error's code, detail and remedy."""

    about: str
    error: str
    detail: str
    remedy: str

    @classmethod
    def of(cls, about: str, error: FederationError) -> "Problem":
        return cls(about, error.code, str(error), error.remedy)


@dataclass(frozen=True)
class LogInside:
    """One log in a bundle. `size` is that of its head, `start` the first entry that it holds.

    `here` is how far this node has verified the log; `newest` the latest day that a record in the
    bundle bears. The bundle is as of `size` and `newest`: nothing in it says what came after.
    """

    node: str
    start: int
    size: int
    here: int
    records: int
    sealed: int
    newest: str


@dataclass(frozen=True)
class Change:
    """What would become of one item: `what` is new, version or withdrawn."""

    origin: str
    lang: str
    title: str
    version: int
    what: str
    policy: str


@dataclass
class Inspection:
    """What is in a bundle, what of it verifies, and what an import would do. Nothing was changed.

    `applied` counts entries by log that are new here and would be processed. `newer_trust`: an
    import would take in other members or keys first; what is shown is judged by those known now.
    """

    size: int
    members: int
    logs: list[LogInside]
    descriptors: list[str]
    blobs: int
    texts: int
    newer_trust: bool = False
    applied: dict[str, int] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    quarantined: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not (self.problems or self.quarantined)

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {**asdict(self), "ok": self.ok}


def import_bundle(path: Path, *, brought_by: str = BY_HAND, conf: Conf | None = None) -> SyncReport:
    """Take in everything of a bundle that verifies; return what happened, as after a pull.

    Safe to repeat, also after it was killed in the middle: each batch commits its own mark. Of what
    a frozen or suspended member pushed, recalls are taken and nothing else. Raises BundleError's
    kinds for a file that cannot be read as a bundle at all; then nothing happened.
    """
    conf = conf or get_conf()
    report = SyncReport(brought_by)
    with BundleFetcher(path, conf) as fetcher:
        feed = CarriedFeed(fetcher, conf)
        directory = DescriptorDirectory(conf.trust_dir)
        if brought_by != BY_HAND and lookahead.is_held_back(directory.member(brought_by)):
            report.recalls_alone = True
            lookahead.recalls_alone(feed, feed.heads(0), conf)
            return report
        try:
            report.changed = carried_trust.refresh_from_bundle(feed, conf)
        except FederationError as error:  # the rest goes on under the members that are known
            report.errors.append(("trust", error))
        take_in(feed, feed.heads(0), conf, report)
    report.changed = report.changed or any(report.applied.values())
    return report


def inspect_bundle(path: Path, conf: Conf | None = None) -> Inspection:
    """Return what a bundle holds, what verifies and what an import would do; changes nothing.

    The import is rehearsed in a transaction that is taken back, without files and policy; every
    file is compared with its hash. Raises BundleError's kinds as `import_bundle` does.
    """
    conf = conf or get_conf()
    with BundleFetcher(path, conf) as fetcher:
        names = list(fetcher.members)
        found = Inspection(
            size=path.stat().st_size,
            members=len(names),
            logs=[_log_inside(fetcher, node_id) for node_id in fetcher.logs()],
            descriptors=[name.split("/")[-1] for name in names if name.startswith("trust/nodes/")],
            blobs=sum(name.startswith("blob/") for name in names),
            texts=sum(name.startswith("text/") for name in names),
        )
        found.problems += _damaged(fetcher)
        try:
            found.newer_trust = carried_trust.refresh_from_bundle(
                CarriedFeed(fetcher, conf), conf, look_only=True
            )
        except FederationError as error:
            found.problems.append(Problem.of("trust", error))
        _rehearse(fetcher, conf, found)
    return found


def _log_inside(fetcher: BundleFetcher, node_id: str) -> LogInside:
    prefix = f"log/{node_id}/"
    size, firsts, counts, newest = _size(fetcher, node_id), [], {"records": 0, "sealed": 0}, ""
    for name in fetcher.members:
        if not name.startswith(prefix) or name == f"{prefix}checkpoint":
            continue
        tile = tiles.parse_tile_path(name.removeprefix(prefix))
        if tile.level == "entries":
            firsts.append(tile.n * tiles.TILE_WIDTH)
        elif isinstance(tile.level, str):
            for row in fetcher.rows(name):
                if isinstance(row, BundleRow) and row.payload is not None:
                    counts[tile.level] += 1
                    newest = max(newest, _day(row.payload))
    log = Log.objects.filter(node_id=node_id).first()
    here = log.head_size if log else 0
    return LogInside(node_id, min(firsts, default=size), size, here, newest=newest, **counts)


def _size(fetcher: BundleFetcher, node_id: str) -> int:
    try:
        return checkpoint.parse_checkpoint(fetcher.data(f"log/{node_id}/checkpoint")).size
    except MalformedCheckpoint:
        return 0  # the rehearsal says so by name


def _day(payload: bytes) -> str:
    """Return the day that a record bears, as it says itself: `YYYY-MM-DD`, or nothing."""
    try:
        raw = canonical.loads(payload)
    except FederationError:
        return ""
    day = (raw.get("day") or raw.get("status_as_of")) if isinstance(raw, dict) else None
    return day[:10] if isinstance(day, str) else ""


def _damaged(fetcher: BundleFetcher) -> Iterator[Problem]:
    """Yield what is not the bytes that were exported: files by hash, all else by checksum."""
    for name in fetcher.members:
        kind, _slash, wanted = name.partition("/")
        if kind == "blob":
            if hashlib.sha256(fetcher.data(name)).hexdigest() != wanted:
                yield Problem.of(name, MediaHashMismatch(_("The file is not that of its name.")))
        elif not fetcher.is_whole(name):
            yield Problem.of(name, BadMember(_("Its bytes were changed since the export.")))


def _rehearse(fetcher: BundleFetcher, conf: Conf, found: Inspection) -> None:
    """Apply the records as an import would, write down what came of it, and take all of it back."""
    report = SyncReport(BY_HAND)
    feed = CarriedFeed(fetcher, conf)
    with transaction.atomic():
        items = dict(Item.objects.values_list("pk", "index"))
        waiting = set(Quarantine.objects.filter(resolved=False).values_list("pk", flat=True))
        take_in_logs(feed, feed.heads(0), conf, report, lambda: None)
        found.applied = dict(report.applied)
        found.changes = list(_changes(items))
        for row in Quarantine.objects.filter(resolved=False).exclude(pk__in=waiting).order_by("pk"):
            about = f"{row.log.node_id} {row.index}"
            found.quarantined.append(Problem(about, row.error, row.error_detail, ""))
        transaction.set_rollback(True)
    found.problems += [Problem.of(about, error) for about, error in report.errors]


def _changes(before: dict[int, int]) -> Iterator[Change]:
    """Yield the items that were not there, or stand at another entry, than before."""
    subscriptions = list(Subscription.objects.all())
    for item in Item.objects.order_by("origin", "index"):
        if before.get(item.pk) == item.index:
            continue
        what = "version" if item.pk in before else "new"
        yield Change(
            item.origin,
            item.lang,
            item.title,
            item.version,
            "withdrawn" if item.state in GONE else what,
            policy.policy_for(subscriptions, item).value,
        )
