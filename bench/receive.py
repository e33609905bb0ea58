"""Pull from the serving node with `services.sync` and tell what it took. A node's process.

Takes `server` (id, url, descriptor), `again` (how often to pull once more with nothing changed),
`profile` (where to write one), and prints one JSON object.
"""

import json
import logging
import statistics
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402

from bench.usage import Queries, Wire, peak_memory  # noqa: E402
from federation.client import HttpFetcher  # noqa: E402
from federation.conf import get_conf  # noqa: E402
from federation.models import Blob, BlobState, Item, Peer, PeerStatus, Quarantine  # noqa: E402
from federation.services.enrolment import initialise_node  # noqa: E402
from federation.services.sync import sync_peer  # noqa: E402
from federation.trust import DescriptorDirectory  # noqa: E402


class Requests:
    """Counts the requests that our own client sends."""

    def __init__(self) -> None:
        self.count = 0
        opened = HttpFetcher.open

        def counted(*arguments: Any) -> Any:
            self.count += 1
            return opened(*arguments)

        HttpFetcher.open = counted  # type: ignore[method-assign,assignment]

    def take(self) -> int:
        taken, self.count = self.count, 0
        return taken


def enrol(server: dict[str, str]) -> None:
    """Become a node that has taken the serving one in."""
    conf = get_conf()
    initialise_node(conf)
    DescriptorDirectory(conf.trust_dir).add(Path(server["descriptor"]).read_bytes())
    Peer.objects.get_or_create(
        node_id=server["id"], defaults={"status": PeerStatus.ACTIVE, "pull": True}
    )


def served_queries(url: str) -> int:
    with urllib.request.urlopen(f"{url}/bench") as answer:  # noqa: S310
        return int(json.load(answer)["queries"])


def pull(server: dict[str, str]) -> dict[str, Any]:
    """One pull as the worker does it, from the peer's row on."""
    before = served_queries(server["url"])
    for counter in (wire, queries, requests):
        counter.take()
    started = time.perf_counter()
    report = sync_peer(Peer.objects.get(node_id=server["id"]))
    seconds = time.perf_counter() - started
    said = {
        "seconds": seconds,
        "queries": queries.take(),
        "requests": requests.take(),
        "bytes": wire.take(),
        "served_queries": served_queries(server["url"]) - before - 1,
        "applied": sum(report.applied.values()),
    }
    assert report.ok, report.errors
    return said


def main() -> None:
    asked = json.loads(sys.argv[1])
    server = asked["server"]
    enrol(server)
    logging.disable(logging.WARNING)
    before = peak_memory()
    said = _profiled(asked.get("profile"), lambda: pull(server))
    said |= {"memory_before": before, "memory_peak": peak_memory()}
    said["items"] = Item.objects.count()
    said["files"] = Blob.objects.filter(state=BlobState.PRESENT).count()
    assert not Blob.objects.exclude(state=BlobState.PRESENT).exists()
    assert not Quarantine.objects.exists()
    pulls = [pull(server) for _ in range(asked.get("again", 0))]
    if pulls:
        said["again"] = {name: statistics.median(one[name] for one in pulls) for name in pulls[0]}
        assert not any(one["applied"] for one in pulls)
    print(json.dumps(said))


def _profiled(target: str | None, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    if not target:
        return work()
    import cProfile

    profile = cProfile.Profile()
    said = profile.runcall(work)
    profile.dump_stats(target)
    return said


wire, queries, requests = Wire(), Queries(), Requests()
connection.execute_wrappers.append(queries)

if __name__ == "__main__":
    main()
