"""The demo as a newcomer runs it: three nodes, six processes, one exchange, on free ports.

Everything here ends with the last test of this folder. Servers that stay would cost the other tests
time, and Playwright leaves an event loop in the thread, in which Django refuses the database.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from solidarity.demo.plan import plan

from .wire import FLAGS

ROOT = Path(__file__).resolve().parents[2]
_PORTS = 4


@dataclass(frozen=True)
class Demo:
    """What the demo printed: its steps by name, and the line at its end."""

    steps: dict[str, dict[str, Any]]
    end: dict[str, Any]
    folder: Path

    def node(self, node_id: str) -> dict[str, Any]:
        return next(node for node in self.end["nodes"] if node["id"] == node_id)

    def base(self, node_id: str) -> str:
        return self.node(node_id)["admin_url"].removesuffix("/admin/")


def free_ports() -> int:
    """Return the first of four ports in a row that nothing listens on."""
    for base in range(20_000 + os.getpid() % 1000 * 10, 60_000, 10):
        try:
            for port in range(base, base + _PORTS):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise AssertionError("no four free ports in a row")


def demo_command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), "demo", "--json", *arguments]


def environment() -> dict[str, str]:
    """This process's environment without what the tests' own settings put there."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("DJANGO_SETTINGS_MODULE", "TEST_DATABASE_URL", "DATABASE_URL")
    }


def _ignoring_ctrl_c() -> None:
    """Start as a shell starts a command in the background; Ctrl-C must end the demo even so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run the demo while these tests run; its servers are up and its exchange is done."""
    folder = tmp_path_factory.mktemp("demo")
    process = subprocess.Popen(
        demo_command("--dir", str(folder), "--port-base", str(free_ports())),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=ROOT,
        preexec_fn=_ignoring_ctrl_c,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(json.loads(line))
        if "nodes" in lines[-1]:
            break
    try:
        if not lines or "nodes" not in lines[-1]:
            _out, errors = process.communicate()
            pytest.fail(f"the demo ended early: {lines} {errors}")
        yield Demo({line["step"]: line for line in lines[:-1]}, lines[-1], folder)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def at_cedar(demo: Demo, module: str, *arguments: str) -> str:
    """Run a module of this folder with cedar's settings; return the last line that it printed."""
    port = int(demo.base("hub").rsplit(":", 1)[1])
    cedar = next(node for node in plan(demo.folder, port) if node.id == "cedar")
    done = subprocess.run(
        [sys.executable, "-m", f"tests.process.{module}", *arguments],
        env=cedar.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return (done.stdout.splitlines() or [""])[-1]


@pytest.fixture(scope="package")
def chromium() -> str:
    """Return where Chromium is; without it, skip and say what to install.

    The shell is the same engine without the browser's own windows, which nobody looks at here.
    """
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if found is None:
        pytest.skip("no Chromium: install chromium-headless-shell (or chromium), fonts-noto-core")
    return found


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def pictured(demo: Demo) -> str:
    """Return the address of a case at cedar that was given a picture."""
    return demo.base("cedar") + at_cedar(demo, "add_picture")


@pytest.fixture(scope="package")
def every_kind(demo: Demo) -> dict[str, dict[str, str]]:
    """Return by language the paths of what was made at cedar for kinds that the starter lacks."""
    made: dict[str, dict[str, str]] = json.loads(at_cedar(demo, "every_kind"))
    return made
