"""A node of a test as seen from the test: it gives orders, looks, kills, and puts folders back."""

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solidarity.demo.plan import BASE_DIR, Node
from solidarity.migrated import copy_migrated

_HIDDEN = ("TEST_DATABASE_URL", "SOLIDARITY_FEDERATION_DIR")


@dataclass(frozen=True)
class Outcome:
    """What became of one process: killed at a commit, or done with an answer."""

    killed: bool
    answer: Any


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Running:
    """A node with a folder, a port on which it listens, and the address under which it is known.

    `url` differs from the port where something stands between, as a proxy does.
    """

    def __init__(self, name: str, role: str, folder: Path, *, known_at: int | None = None) -> None:
        self.port = free_port()
        self.node = Node(name, name.title(), role, ("en",), known_at or self.port, folder)
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if not self.node.database.exists():
            copy_migrated(self.node.database)
        self.log = (folder.with_suffix(".log")).open("ab")
        given = self.node.environment.items()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.federation.processes.nursery", str(self.port)],
            env={name: value for name, value in given if name not in _HIDDEN}, cwd=BASE_DIR,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True,
        )  # fmt: skip

    @property
    def name(self) -> str:
        return self.node.id

    def order(self, **order: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{json.dumps(order)}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, self.said()
        return json.loads(line)

    def said(self) -> str:
        """Return the end of what its processes wrote."""
        return self.folder.with_suffix(".log").read_text()[-4000:]

    def outcomes(self, do: str, *, times: int, **given: Any) -> list[Outcome]:
        """Do one act in several processes at once."""
        answers = self.order(do=do, times=times, **{"with": given})
        assert not any(answer["failed"] for answer in answers), self.said()
        return [Outcome(answer["killed"], answer["answer"]) for answer in answers]

    def ask(self, do: str, **given: Any) -> Any:
        """Do one act in a process of its own; return its answer."""
        return self.outcomes(do, times=1, **given)[0].answer

    def survives(self, do: str, kill_after: int, **given: Any) -> bool:
        """Do one act and kill it after so many commits; return whether it was done before."""
        answer = self.order(do=do, kill_after=kill_after, **{"with": given})[0]
        assert not answer["failed"], self.said()
        return not answer["killed"]

    def serve(self, workers: int = 1) -> None:
        for _each in range(workers):
            self.order(do="serve")

    def stop(self) -> None:
        """Kill the servers, as a power cut would."""
        self.order(do="stop")

    def keep(self, name: str) -> None:
        """Remember under a name how the node is now. Nothing of it may be running."""
        shutil.rmtree(self._copy(name), ignore_errors=True)
        shutil.copytree(self.folder, self._copy(name), symlinks=True)

    def put_back(self, name: str) -> None:
        """Let the node be as it was then. Nothing of it may be running."""
        shutil.rmtree(self.folder)
        shutil.copytree(self._copy(name), self.folder, symlinks=True)

    def _copy(self, name: str) -> Path:
        return self.folder.with_name(f"{self.folder.name}-{name}")

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.kill(self.process.pid, 9)
            self.process.wait()
        self.log.close()
