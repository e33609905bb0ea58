"""Two real processes on loopback: this one follows another, which is killed in the middle."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from federation.client import HttpFetcher, fetch_descriptor
from federation.errors import PeerUnreachable
from federation.models import Blob, BlobState, Entry, Item, Log, Peer, PeerStatus, Record
from federation.services.sync import sync_peer
from federation.services.verify import verify_everything
from federation.trust import DescriptorDirectory
from solidarity.demo.plan import BASE_DIR, Node
from solidarity.migrated import copy_migrated

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("two-processes")]
ITEMS, SIDE = 6, 700


class Server:
    """The other node: a web server that can be killed and started again on the same port."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
            "--port", str(self.node.port), "--log-level", "warning",
            "solidarity.wsgi:application",
        ]  # fmt: skip
        with (self.node.folder / "node.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environment(self.node), cwd=BASE_DIR, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.node.url}/healthz", timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        pytest.fail((self.node.folder / "node.log").read_text())

    def kill(self) -> None:
        """End the server and its worker at once, as a power cut would."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def environment(node: Node) -> dict[str, str]:
    hidden = ("TEST_DATABASE_URL", "SOLIDARITY_FEDERATION_DIR")
    return {name: value for name, value in node.environment.items() if name not in hidden}


@pytest.fixture(scope="session")
def filled(tmp_path_factory) -> Path:
    """Return the folder of a node with pictured plays in its signed log, made once a session."""
    node = _node(tmp_path_factory.mktemp("filled"))
    copy_migrated(node.database)
    done = subprocess.run(
        [sys.executable, "-m", "tests.federation.other_node", str(ITEMS), str(SIDE)],
        env=environment(node), cwd=BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return node.folder


def _node(folder: Path, port: int = 1) -> Node:
    return Node("cedar", "Cedar coalition", "node", ("en",), port, folder)


@pytest.fixture
def server(filled, tmp_path, here) -> Iterator[Server]:
    """Run a copy of that node, and enrol it here as an operator would: by its own descriptor."""
    folder = tmp_path / "cedar"
    shutil.copytree(filled, folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        node = _node(folder, free.getsockname()[1])
    renewed = subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), "federation_init"],
        env=environment(node), cwd=BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert renewed.returncode == 0, renewed.stderr
    server = Server(node)
    try:
        server.start()
        with fetching(here) as fetcher:
            descriptor = fetch_descriptor(fetcher, node.url, "cedar")
        DescriptorDirectory(here.trust_dir).add(descriptor)
        Peer.objects.create(node_id="cedar", status=PeerStatus.ACTIVE, pull=True)
        yield server
    finally:
        server.kill()


@contextmanager
def fetching(conf) -> Iterator[HttpFetcher]:
    fetcher = HttpFetcher(conf, private=True)
    try:
        yield fetcher
    finally:
        fetcher.close()


class KillsAt(HttpFetcher):
    """Kills the server while it answers the first request whose address holds these words."""

    def __init__(self, conf, server: Server, words: str) -> None:
        super().__init__(conf, private=True)
        self.server, self.words = server, words

    @contextmanager
    def open(self, method, url, headers, body):
        with super().open(method, url, headers, body) as answer:
            if self.words not in url:
                yield answer
                return
            chunks = answer.chunks
            first = next(chunks)
            self.server.kill()
            yield replace(answer, chunks=self._rest(first, chunks))

    def _rest(self, first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
        yield first
        yield from chunks


def sync(**options):
    return sync_peer(Peer.objects.get(), **options)


def test_a_killed_server_costs_nothing_but_time(server, here):
    """Killed while it sends a file; then while it sends entries; then left alone."""
    one_at_a_time = replace(here, BLOB_THREADS=1)
    assert not Log.objects.filter(own=False).exists()

    fetcher = KillsAt(one_at_a_time, server, "/tile/entries/")
    report = sync(fetcher=fetcher, conf=one_at_a_time)
    fetcher.close()

    assert [type(error) for _about, error in report.errors] == [PeerUnreachable]
    assert Item.objects.count() == 0
    server.start()

    fetcher = KillsAt(one_at_a_time, server, "/blob/")
    sync(fetcher=fetcher, conf=one_at_a_time)
    fetcher.close()

    assert Item.objects.count() == ITEMS, "what was taken in before stays"
    states = list(Blob.objects.values_list("state", flat=True))
    assert len(states) == ITEMS
    assert states.count(BlobState.WANTED) >= ITEMS - 1
    assert not list(here.blobs_dir.rglob("*.part")), "no half of a file is left"
    server.start()

    assert sync().ok

    assert set(Blob.objects.values_list("state", flat=True)) == {BlobState.PRESENT}
    assert Item.objects.count() == Record.objects.count() == Entry.objects.count() == ITEMS
    assert sum(Blob.objects.values_list("size", flat=True)) > 1_000_000
    assert verify_everything().findings == []
    with fetching(here) as fetcher:
        assert sync(fetcher=fetcher).changed is False
        assert fetcher.traffic.requests == 1
        assert fetcher.traffic.received < 1024
