"""The one process of a node that is started from nothing: it forks all others, which are quick.

Run with the node's environment as `python -m tests.federation.processes.nursery <port>`. It reads
one order a line, as JSON, and answers each with a line. An act runs in a process of its own, which
can be killed (SIGKILL, by itself) after its so-and-so-many-th commit: no line of the product knows.
"""

import functools
import gc
import json
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db.backends.signals import connection_created  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from tests.federation.commits import after_each_commit  # noqa: E402
from tests.federation.processes import acts  # noqa: E402


def kill_after(commits: int) -> None:
    """Let this process die as by a power cut, the moment after it committed once too often."""
    left, lock = [commits], threading.Lock()

    def count() -> None:
        with lock:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(connection: Any, **_given: Any) -> None:
        after_each_commit(connection, count)

    connection_created.connect(watch, weak=False)


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def serve(listener: socket.socket) -> None:
    """Answer requests for ever. Several processes may do so on one port."""
    server = ThreadedWSGIServer(("", 0), _Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_name, server.server_port = listener.getsockname()
    server.setup_environ()
    server.set_app(get_wsgi_application())
    server.serve_forever(poll_interval=0.05)


def forked(run: Callable[[], None]) -> int:
    """Return the id of a new process that runs this and nothing else."""
    child = os.fork()
    if child:
        return child
    try:
        run()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def act(order: dict[str, Any], results: int, start: int | None = None) -> None:
    if order.get("kill_after") is not None:
        kill_after(order["kill_after"])
    if start is not None:
        os.read(start, 1)  # until all are there
    answer = getattr(acts, order["do"])(**order.get("with", {}))
    os.write(results, json.dumps(answer).encode())


def run(order: dict[str, Any]) -> list[dict[str, Any]]:
    """Do one act in so many processes at once; say what became of each."""
    start, go = os.pipe()
    children = []
    for _each in range(order.get("times", 1)):
        reading, results = os.pipe()

        def child(results: int = results) -> None:
            os.close(go)
            act(order, results, start)

        children.append((forked(child), reading))
        os.close(results)
    os.close(start)
    os.close(go)
    return [_outcome(pid, reading) for pid, reading in children]


def _outcome(pid: int, reading: int) -> dict[str, Any]:
    said = b""
    while part := os.read(reading, 65536):
        said += part
    os.close(reading)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    answer = json.loads(said) if code == 0 else None
    return {"killed": code == -signal.SIGKILL, "failed": code not in (0, -9), "answer": answer}


def main(port: int) -> None:
    listener: socket.socket | None = None
    get_wsgi_application()
    _ = get_resolver().url_patterns
    servers: list[int] = []
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "serve":
            listener = listener or socket.create_server(("127.0.0.1", port), backlog=64)
            servers.append(forked(functools.partial(serve, listener)))
            answer: Any = servers[-1]
        elif order["do"] == "stop":
            for pid in servers:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            answer = len(servers)
            servers.clear()
            if listener:  # left open, it would let callers in whom nobody answers
                listener.close()
                listener = None
        else:
            answer = run(order)
        print(json.dumps(answer), flush=True)
    for pid in servers:  # whoever gave the orders is gone
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]))
