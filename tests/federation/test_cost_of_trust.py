"""What trust costs on the wire when nothing is new: a real hub, real HTTP, every byte counted."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import urllib3.connection

from federation.client import HttpFetcher, fetch_descriptor, fetch_root
from federation.models import Peer, PeerStatus
from federation.services import trusting
from federation.services.sync import SyncReport, sync_peer
from federation.trust import DescriptorDirectory, Repository, TrustStore, refresh_from_folder
from solidarity.demo.plan import BASE_DIR, Node
from solidarity.migrated import copy_migrated
from tests.federation.test_two_processes import Server, environment

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("cost-of-trust")]
MEMBERS = 200
MOST_REQUESTS, MOST_BYTES = 3, 10_000


class Line:
    """What goes over the sockets of this process's client: requests, and bytes both ways with
    their headers."""

    def __init__(self, monkeypatch) -> None:
        self.requests = self.bytes = 0
        connect = urllib3.connection.HTTPConnection._new_conn
        line = self

        class Counted(socket.socket):
            def recv_into(self, *arguments):
                count = super().recv_into(*arguments)
                line.bytes += count
                return count

            def sendall(self, data, *flags):
                super().sendall(data, *flags)
                line.bytes += len(data)
                line.requests += data.startswith((b"GET ", b"POST "))

        def counted(connection):
            plain = connect(connection)
            timeout = plain.gettimeout()
            found = Counted(fileno=plain.detach())
            found.settimeout(timeout)
            return found

        monkeypatch.setattr(urllib3.connection.HTTPConnection, "_new_conn", counted)

    def of(self, work) -> tuple[int, int]:
        self.requests = self.bytes = 0
        work()
        return self.requests, self.bytes


class Hub:
    """The hub's process, its repository of members, and what it serves of it."""

    def __init__(self, node: Node) -> None:
        self.node, self.server = node, Server(node)
        trust = node.folder / "federation" / "trust"
        self.repository = Repository(trust / "repository", node.folder / "federation" / "keys")
        self.store = TrustStore(trust)

    def run(self, *command: str) -> None:
        done = subprocess.run(
            [sys.executable, *command], env=environment(self.node), cwd=BASE_DIR,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def renew_timestamp(self, now: datetime) -> None:
        """As the beat does it, with another clock."""
        assert self.repository.renew(now)
        assert refresh_from_folder(self.store, self.repository.folder)


@pytest.fixture
def hub(tmp_path, here) -> Iterator[Hub]:
    """Run a hub of 200 members and start to trust it here, as somebody who was invited does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hub = Hub(Node("hub", "Hub", "hub", ("en",), port, tmp_path / "hub"))
    hub.node.folder.mkdir()
    copy_migrated(hub.node.database)
    hub.run("-m", "tests.federation.other_hub", str(MEMBERS))
    fetcher = HttpFetcher(here, private=True)
    try:
        hub.server.start()
        DescriptorDirectory(here.trust_dir).add(fetch_descriptor(fetcher, hub.node.url, "hub"))
        pin = hub.repository.root_pin()
        root = fetch_root(fetcher, hub.node.url, pin.version)
        TrustStore(here.trust_dir).pin_root(root, pin.version, pin.sha256)
        Peer.objects.create(node_id="hub", status=PeerStatus.ACTIVE, is_hub=True, pull=True)
        yield hub
    finally:
        fetcher.close()
        hub.server.kill()


def sync() -> SyncReport:
    report = sync_peer(Peer.objects.get(node_id="hub"))
    assert report.ok, report.errors
    return report


def test_with_nothing_new_trust_costs_three_small_requests_at_most(hub, here, monkeypatch):
    line = Line(monkeypatch)
    requests, size = line.of(sync)
    store = TrustStore(here.trust_dir)
    assert len(store.members()) == MEMBERS + 1
    assert requests > MEMBERS, "the first time every member's target came"
    assert size > 10 * MOST_BYTES
    assert not trusting.is_degraded(here)

    assert line.of(sync)[0] == 1, "the same digest: nothing to look at"
    assert line.bytes < 1_000

    known = store.digest()
    hub.renew_timestamp(datetime.now(UTC) + timedelta(days=1, hours=1))
    requests, size = line.of(sync)
    assert store.digest() == hub.store.digest() != known, "it was taken in"
    assert requests == MOST_REQUESTS, "heads, no newer root, the timestamp"
    assert 0 < size <= MOST_BYTES

    assert line.of(sync)[0] == 1, "and once taken in it costs nothing again"
