"""What a process used: bytes on its sockets, queries, peak memory."""

import itertools
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import urllib3.connection


class CountingSocket(socket.socket):
    """A socket that knows how much went through it."""

    received = 0
    sent = 0

    def recv_into(self, *arguments: Any) -> int:
        count = super().recv_into(*arguments)
        self.received += count
        return count

    def sendall(self, data: Any, *flags: Any) -> None:
        super().sendall(data, *flags)
        self.sent += len(data)


class Wire:
    """Counts the HTTP bytes, headers included, of every urllib3 connection from now on."""

    def __init__(self) -> None:
        self.sockets: list[CountingSocket] = []
        connect: Callable[..., socket.socket] = urllib3.connection.HTTPConnection._new_conn

        def counted(connection: urllib3.connection.HTTPConnection) -> socket.socket:
            plain = connect(connection)
            timeout = plain.gettimeout()
            counting = CountingSocket(fileno=plain.detach())
            counting.settimeout(timeout)
            self.sockets.append(counting)
            return counting

        urllib3.connection.HTTPConnection._new_conn = counted  # type: ignore[method-assign,assignment]

    def take(self) -> int:
        """Bytes both ways since the last time. Old sockets must be done with by then."""
        total = sum(each.received + each.sent for each in self.sockets)
        for each in self.sockets:
            each.received = each.sent = 0
        return total


class Queries:
    """Counts queries as an execute wrapper of a Django connection."""

    def __init__(self) -> None:
        self._count = itertools.count()
        self._taken = 0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        next(self._count)
        return execute(*arguments)

    def take(self) -> int:
        """Queries since the last time."""
        total = next(self._count)
        taken, self._taken = total - self._taken, total + 1
        return taken


def peak_memory() -> float:
    """The most memory that this process ever held, in MB (10^6 bytes).

    Where there is /proc the figure is of this program alone: getrusage also counts what the
    process was before it became this program.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
