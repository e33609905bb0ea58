"""The serving node's WSGI application as it is, with its queries counted. `/bench` tells them.

It tells the processor's time of this process too: others take none of it away.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.db.backends.signals import connection_created

from solidarity.wsgi import application as node

_queries = itertools.count()


def _count(execute: Callable[..., Any], *arguments: Any) -> Any:
    next(_queries)
    return execute(*arguments)


def _watch(connection: Any, **_: Any) -> None:
    connection.execute_wrappers.append(_count)


connection_created.connect(_watch, weak=False)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The node's own answers; `/bench` answers what was used up to now."""
    if environ["PATH_INFO"] != "/bench":
        return node(environ, start_response)
    total = next(_queries)  # itself counted: the reader takes the difference, less one
    body = json.dumps({"queries": total, "seconds": time.process_time()}).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
