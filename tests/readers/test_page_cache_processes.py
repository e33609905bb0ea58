"""Web servers keep pages in their own memory; what another process takes away is gone from all."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import requests

from solidarity.demo.plan import BASE_DIR, Node
from solidarity.migrated import copy_migrated

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("page-cache")]
WORKERS, ASKED = 2, 12


def environment(node: Node) -> dict[str, str]:
    hidden = ("TEST_DATABASE_URL", "SOLIDARITY_FEDERATION_DIR")
    return {name: value for name, value in node.environment.items() if name not in hidden}


def act(node: Node, name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.readers.node_editor", name],
        env=environment(node), cwd=BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Iterator[Node]:
    """Run a node's web server: two worker processes, each with a memory of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("cached")
    node = Node("cedar", "Cedar coalition", "node", ("en",), port, folder)
    copy_migrated(node.database)
    act(node, "fill")
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
        "--port", str(port), "--workers", str(WORKERS), "--log-level", "warning",
        "solidarity.wsgi:application",
    ]  # fmt: skip
    with (folder / "node.log").open("ab") as log:
        process = subprocess.Popen(
            command, env=environment(node), cwd=BASE_DIR, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        _wait_until_up(node)
        yield node
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_up(node: Node) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            requests.get(f"{node.url}/healthz", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    pytest.fail((node.folder / "node.log").read_text())


def ask(node: Node, slug: str) -> list[requests.Response]:
    """Ask often enough, on a new connection each time, that every worker has answered."""
    address = f"{node.url}/en/plays/{slug}/"
    return [
        requests.get(address, timeout=30, headers={"Connection": "close"}) for _ in range(ASKED)
    ]


@pytest.mark.parametrize(
    ("name", "slug", "status"),
    [
        ("withdraw", "withdrawn", 410),
        pytest.param("retract", "retracted", 410, marks=pytest.mark.long),
        pytest.param("unpublish", "unpublished", 404, marks=pytest.mark.long),
    ],
)
def test_what_another_process_takes_away_no_worker_shows_again(node, name, slug, status):
    before = ask(node, slug)
    assert {answer.status_code for answer in before} == {200}
    assert all(f"Title {slug}" in answer.text for answer in before)
    tag = before[-1].headers["ETag"]

    act(node, name)

    after = ask(node, slug)
    assert {answer.status_code for answer in after} == {status}
    assert not any(f"Title {slug}" in answer.text for answer in after)
    held = {"If-None-Match": tag}
    again = requests.get(f"{node.url}/en/plays/{slug}/", headers=held, timeout=30)
    assert again.status_code == status
    lists = requests.get(f"{node.url}/en/plays/", timeout=30)
    assert f"Title {slug}" not in lists.text


def test_a_new_version_from_another_process_is_shown_by_every_worker(node):
    assert all("Another outcome." not in answer.text for answer in ask(node, "revised"))
    act(node, "revise")
    assert all("Another outcome." in answer.text for answer in ask(node, "revised"))


def test_over_the_wire_a_page_comes_compressed_without_a_cookie(node):
    for _again in range(2):
        answer = requests.get(
            f"{node.url}/en/plays/", timeout=30, headers={"Accept-Encoding": "gzip"}, stream=True
        )
        packed = answer.raw.read(decode_content=False)
        assert answer.headers["Content-Encoding"] == "gzip"
        assert int(answer.headers["Content-Length"]) == len(packed)
        assert "Set-Cookie" not in answer.headers
        head = requests.head(f"{node.url}/en/plays/", timeout=30)
        assert head.status_code == 200
        assert head.content == b""
