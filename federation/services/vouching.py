"""How the witnesses stand, for operators and editors: who vouches for what, and since when.

Source: docs/protocol.md, "Witnesses".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from federation.conf import Conf
from federation.models import GONE, Evidence, Item, Log, Witness

from . import freshness
from .quorum import AHEAD, Quorums

STALE = timedelta(hours=48)  # heads are submitted daily


@dataclass(frozen=True)
class Vouched:
    """One log that needs a quorum. `by` have cosigned the head that is held; `covered` entries of
    `size` have a quorum behind them, as of `fresh_at`; `waiting` items are decided on later."""

    node: str
    needed: int
    by: tuple[str, ...]
    size: int
    covered: int
    fresh_at: datetime | None
    stale: bool
    waiting: int = 0

    @property
    def below(self) -> bool:
        return self.covered < self.size

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "needed": self.needed,
            "by": list(self.by),
            "covered": self.covered,
            "fresh_as_of": _iso(self.fresh_at),
            "stale": self.stale,
            "waiting": self.waiting,
        }


def vouched_logs(conf: Conf) -> dict[str, Vouched]:
    """Return, by node, how each log stands that needs a quorum; empty where none does."""
    quorums = Quorums(conf)
    if not any(needed for _kind, needed in quorums.rules.quorum):
        return {}
    now, waiting = freshness.now(), _waiting(quorums)
    found = {}
    for log in Log.objects.order_by("node_id"):
        verdict = quorums.verdict(bytes(log.checkpoint), log.node_id)
        if not verdict.needed or not log.checkpoint:
            continue
        found[log.node_id] = Vouched(
            node=log.node_id,
            needed=verdict.needed,
            by=tuple(sorted(verdict.times)),
            size=log.head_size,
            covered=log.head_size if verdict.reached else log.cosigned_size,
            fresh_at=log.fresh_at,
            stale=log.fresh_at is None or now - log.fresh_at > STALE,
            waiting=waiting.get(log.node_id, 0),
        )
    return found


def _waiting(quorums: Quorums) -> dict[str, int]:
    counts: dict[str, int] = {}
    rows = Item.objects.filter(undecided=True).exclude(state__in=GONE)
    for origin, index in rows.order_by("pk").values_list("origin", "index"):
        if not quorums.covers(origin, index):
            counts[origin] = counts.get(origin, 0) + 1
    return counts


def witness_status(conf: Conf) -> dict[str, Any]:
    """Return what `federation_status` says of witnesses, evidence and the verified time.

    `clock_behind`: the local clock is further behind what witnesses proved than they may differ.
    """
    quorums = Quorums(conf)
    proved = freshness.verified_time()
    names = [member.node_id for member in quorums.others(conf.NODE_ID)]
    rows = Witness.objects.filter(node_id__in=names).order_by("node_id")
    return {
        "needed": quorums.needed(conf.NODE_ID),
        "own": [
            {
                "node": row.node_id,
                "size": row.size,
                "cosigned_at": _iso(row.cosigned_at),
                "error": row.error,
                "error_detail": row.error_detail,
            }
            for row in rows
        ],
        "logs": {node: log.plain() for node, log in vouched_logs(conf).items()},
        "evidence": [
            {
                "log": found.origin,
                "seen_at": found.seen_at,
                "found_at": _iso(found.found_at),
                "first": bytes(found.first).decode("utf-8", "replace"),
                "second": bytes(found.second).decode("utf-8", "replace"),
            }
            for found in Evidence.objects.all()
        ],
        "verified_time": _iso(proved),
        "clock_behind": proved is not None and freshness.local() + AHEAD < proved,
    }


def reasons(witnesses: dict[str, Any]) -> Iterator[str]:
    """Yield what of `witness_status` needs a person."""
    for row in witnesses["own"]:
        if row["error"]:
            yield f"witness {row['node']}: {row['error']}: {row['error_detail']}"
    for node, log in witnesses["logs"].items():
        if log["stale"]:
            yield f"log of {node}: no quorum of witnesses has confirmed it for two days"
    for found in witnesses["evidence"]:
        yield f"evidence: {found['log']} signed two histories"
    if witnesses["clock_behind"]:
        yield f"clock: it is behind {witnesses['verified_time']}, which witnesses proved"


def _iso(time: datetime | None) -> str | None:
    return time.isoformat(timespec="seconds") if time else None
