"""The floor's server: files as they lie, with nothing of ours."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = os.environ["BENCH_PLAIN_DIR"]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The bytes of the file that the path names."""
    path = environ["PATH_INFO"]
    body = b"" if path == "/bench" else Path(ROOT + path).read_bytes()
    headers = [
        ("Content-Type", "application/octet-stream"),
        ("Content-Length", str(len(body))),
    ]
    start_response("200 OK", headers)
    return [body]
