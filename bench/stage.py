"""The stage of a run: a folder, databases, nodes and their processes, all gone at the end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.databases import Databases, Sqlite, open_databases

ROOT = Path(__file__).resolve().parents[1]
_START_SECONDS = 60
_STOP_SECONDS = 10
_RUN_SECONDS = 300


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Node:
    """One node: its folder and database, and where it answers."""

    id: str
    folder: Path
    database: str
    port: int
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def plain(self) -> Path:
        """What it serves, as plain files, for the floor."""
        return self.folder / "plain"

    @property
    def descriptor(self) -> Path:
        return self.folder / "federation" / "trust" / "own" / f"{self.id}.json"

    @property
    def environment(self) -> dict[str, str]:
        return _environment() | {
            "SECRET_KEY": "for-the-benchmarks-only",
            "DATABASE_URL": self.database,
            "SOLIDARITY_DATA_DIR": str(self.folder),
            "SOLIDARITY_NODE_ID": self.id,
            "SOLIDARITY_PUBLIC_URL": self.url,
            "BENCH_PLAIN_DIR": str(self.plain),
            **dict(self.settings),
        }


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SOLIDARITY_")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "solidarity.settings.demo",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "site"), str(ROOT)]),
        "PYTHONUNBUFFERED": "1",
    }


class Stage:
    """A context: everything made on it is ended and removed when it is left, however it is left."""

    folder: Path
    databases: Databases

    def __enter__(self) -> "Stage":
        self.servers: dict[str, subprocess.Popen[bytes]] = {}
        self.feeds: dict[str, object] = {}  # those that several benchmarks share
        self.folder = Path(tempfile.mkdtemp(prefix="solidarity-bench-"))
        self.folder.chmod(0o711)  # a PostgreSQL of its own user looks for its data below
        try:
            self.databases = open_databases(self.folder, self._migrate)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        for name in list(self.servers):
            self.end(name)
        try:
            self.databases.close()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _migrate(self, url: str) -> None:
        environment = _environment() | {
            "SECRET_KEY": "for-the-benchmarks-only",
            "DATABASE_URL": url,
            "SOLIDARITY_DATA_DIR": str(self.folder),
        }
        _checked([str(ROOT / "manage.py"), "migrate", "--verbosity", "0"], environment)

    def node(self, name: str, **settings: str) -> Node:
        """Make a node with a migrated, empty database; settings go into its environment."""
        database = self.databases.make(name, "template")
        folder = self.folder / name
        folder.mkdir()
        return Node(name, folder, database, _free_port(), tuple(settings.items()))

    def run(self, node: Node, module: str, **arguments: Any) -> dict[str, Any]:
        """Run one of our modules as a node's process; return the JSON that it ends with."""
        return _json(["-m", f"bench.{module}", json.dumps(arguments)], node.environment)

    def run_plain(self, module: str, **arguments: Any) -> dict[str, Any]:
        """Run a module that has nothing of ours to set up."""
        return _json(["-m", f"bench.{module}", json.dumps(arguments)], _environment())

    def floor_database(self, name: str) -> str:
        """Return an empty database for the floor: an address, or a file for SQLite."""
        url = self.databases.make(name)
        return url.removeprefix("sqlite:///") if isinstance(self.databases, Sqlite) else url

    def serve(self, node: Node) -> None:
        """Start the node's web server as the demo does: one worker, four threads."""
        self._granian(node.id, "bench.serving:application", node.port, node.environment)

    def serve_plain(self, node: Node) -> str:
        """Start a server of the same bytes with nothing of ours; return its address."""
        port = _free_port()
        self._granian(f"{node.id}-plain", "bench.plain:application", port, node.environment)
        return f"http://127.0.0.1:{port}"

    def _granian(self, name: str, target: str, port: int, environment: Mapping[str, str]) -> None:
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
                    "--port", str(port), "--workers", "1", "--blocking-threads", "4",
                    "--log-level", "warning", target,
                ],
                env=dict(environment), cwd=ROOT, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        self.servers[name] = process
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/bench", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
        raise RuntimeError(f"{name} did not start:\n{log.read_text(errors='replace')[-3000:]}")

    def end(self, name: str) -> None:
        """End one server that was started here."""
        process = self.servers.pop(name)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _json(command: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
    result = json.loads(_checked(command, environment).splitlines()[-1])
    assert isinstance(result, dict)
    return result


def _checked(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *command], env=dict(environment), cwd=ROOT, capture_output=True,
        text=True, check=False, timeout=_RUN_SECONDS,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
