"""The nodes' processes: a web server and one that works behind it, started and ended here."""

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

from solidarity.demo.build import (
    DemoError,
    clear_unfinished,
    copy_databases,
    filled,
    require_known_ports,
)
from solidarity.demo.plan import BASE_DIR, Node

_START_SECONDS = 60
_STOP_SECONDS = 10


def require_free_ports(ports: Sequence[int]) -> None:
    """Raise DemoError naming the first port that something else listens on."""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise DemoError(
                    f"port-busy: something else listens on 127.0.0.1:{port}. "
                    "Choose other ports with --port-base."
                ) from None


@contextmanager
def running(nodes: Sequence[Node]) -> Iterator[None]:
    """Make the nodes that are missing and run all of them until the block ends, however it ends.

    The processes start before the databases are there: they look at theirs when they are told to,
    or with the first request. While one core migrates, the other starts one after the other.
    """
    require_known_ports(nodes)
    clear_unfinished(nodes)
    with ExitStack() as stack:
        started: list[subprocess.Popen[bytes]] = []
        stack.callback(_stop, started)
        migrating = stack.enter_context(ThreadPoolExecutor(1)).submit(copy_databases, nodes)

        def start(node: Node, command: list[str], ready: bytes) -> subprocess.Popen[bytes]:
            log = stack.enter_context((node.folder / "node.log").open("ab"))
            before = log.tell()
            process = subprocess.Popen(
                command, env=node.environment, cwd=BASE_DIR, stdin=subprocess.PIPE, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip
            started.append(process)
            while not migrating.done() and process.poll() is None:
                if ready in _log_of(node)[before:]:
                    break
                time.sleep(0.02)
            return process

        behind = [start(node, _BEHIND, b"waits for its line") for node in nodes]
        for node in nodes:
            start(node, _web(node), b"Started worker")
        migrating.result()
        for node, process in zip(nodes, behind, strict=True):
            done = filled(node)
            _tell(process, "work" if done.exists() else f"fill {done}")
        for node in nodes:
            _wait_until_up(node, started)
        yield


def _log_of(node: Node) -> bytes:
    return (node.folder / "node.log").read_bytes()


_BEHIND = [sys.executable, str(BASE_DIR / "manage.py"), "demo_node", "--skip-checks"]


def _tell(process: subprocess.Popen[bytes], line: str) -> None:
    """Send a process its line. One that has died meanwhile is found by who waits for it."""
    assert process.stdin is not None  # noqa: S101 it was opened with a pipe
    with suppress(BrokenPipeError):
        process.stdin.write(f"{line}\n".encode())
        process.stdin.close()


def _web(node: Node) -> list[str]:
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
        "--port", str(node.port), "--workers", "1", "--blocking-threads", "4",
        "--log-level", "info", "solidarity.wsgi:application",
    ]  # fmt: skip


def _wait_until_up(node: Node, started: Sequence[subprocess.Popen[bytes]]) -> None:
    done = filled(node)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and all(process.poll() is None for process in started):
        if done.exists() and _answers(node):
            return
        time.sleep(0.05)
    log = _log_of(node)[-3000:].decode("utf-8", errors="replace")
    raise DemoError(f"Node {node.id} did not start. The end of its log:\n{log}")


def _answers(node: Node) -> bool:
    try:
        with urllib.request.urlopen(f"{node.url}/healthz", timeout=5):
            return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _stop(started: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    for process in started:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
