"""The nodes' processes: a web server, a worker and a scheduler each, started and ended here."""

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from solidarity.demo.build import DemoError
from solidarity.demo.plan import BASE_DIR, Node

_START_SECONDS = 60
_STOP_SECONDS = 10
_QUIET = ("--skip-checks",)  # the settings are the same for every process of the demo


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
def running(nodes: Sequence[Node], build: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Run all processes of all nodes until the block ends, however it ends.

    The web servers start before `build` makes the databases: they look at theirs with the first
    request only, and while it migrates a core is free.
    """
    with ExitStack() as stack:
        started: list[subprocess.Popen[bytes]] = []
        stack.callback(_stop, started)

        def start(node: Node, command: list[str]) -> None:
            log = stack.enter_context((node.folder / "node.log").open("ab"))
            started.append(
                subprocess.Popen(
                    command, env=node.environment, cwd=BASE_DIR, stdout=log, stderr=log,
                    start_new_session=True,
                )
            )  # fmt: skip

        for node in nodes:
            start(node, _web(node))
        build()
        for node in nodes:
            for command in _BACKGROUND:
                start(node, command)
        for node in nodes:
            _wait_until_up(node, started)
        yield


_MANAGE = [sys.executable, str(BASE_DIR / "manage.py")]
_BACKGROUND = (
    [*_MANAGE, "db_worker", "--interval", "0.1", "--no-startup-delay", *_QUIET, "--no-reload"],
    [*_MANAGE, "run_scheduler", "--interval", "0.2", *_QUIET],
)


def _web(node: Node) -> list[str]:
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
        "--port", str(node.port), "--workers", "1", "--blocking-threads", "4",
        "--log-level", "warning", "solidarity.wsgi:application",
    ]  # fmt: skip


def _wait_until_up(node: Node, started: Sequence[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if any(process.poll() is not None for process in started):
            break
        try:
            with urllib.request.urlopen(f"{node.url}/healthz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    log = (node.folder / "node.log").read_text(encoding="utf-8", errors="replace")
    raise DemoError(f"Node {node.id} did not start. The end of its log:\n{log[-3000:]}")


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


def run_command(node: Node, *arguments: str) -> str:
    """Run a management command at a node; return what it printed, raise DemoError if it failed."""
    done = subprocess.run(
        [*_MANAGE, *arguments, *_QUIET],
        env=node.environment, cwd=BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise DemoError(f"{arguments[0]} at {node.id}: {done.stderr.strip()}")
    return done.stdout
