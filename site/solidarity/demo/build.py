"""Make the nodes: migrate once into a template, copy it for each node, fill it in parallel."""

import shutil
import subprocess
import sys
from collections.abc import Sequence

from solidarity.demo.plan import BASE_DIR, Node
from solidarity.migrated import copy_migrated, database_key

_READY = "ready"


class DemoError(Exception):
    """The demo cannot go on; the message says what to do."""


def clear_unfinished(nodes: Sequence[Node]) -> list[Node]:
    """Empty the folders of the nodes that are missing or of another version; return those."""
    key = database_key()
    missing = [node for node in nodes if _made_with(node) != key]
    for node in missing:
        shutil.rmtree(node.folder, ignore_errors=True)
        (node.folder / "static").mkdir(parents=True)  # whitenoise looks for it
    return missing


def build_nodes(nodes: Sequence[Node]) -> None:
    """Make the databases of these nodes and fill them, side by side.

    The processes that fill them start first, and wait: while one migrates, a core is free.
    """
    running = [(node, _manage(node, "demo_node", "--wait")) for node in nodes]
    try:
        for node in nodes:
            _copy_migrated(node)
    except BaseException:
        for _, process in running:
            process.kill()
        raise
    for _, process in running:
        print(file=process.stdin, flush=True)
    for node, process in running:
        output, _ = process.communicate()
        if process.returncode:
            raise DemoError(f"Node {node.id} could not be made:\n{output}")
        (node.folder / _READY).write_text(database_key(), encoding="ascii")


def _made_with(node: Node) -> str:
    """Return the key of the database that a node was made from; empty for an unfinished one."""
    path = node.folder / _READY
    return path.read_text(encoding="ascii") if path.exists() else ""


def _copy_migrated(node: Node) -> None:
    try:
        copy_migrated(node.database)
    except subprocess.CalledProcessError as error:
        raise DemoError(f"Migrating failed:\n{error.stderr}") from error


def _manage(node: Node, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(BASE_DIR / "manage.py"), *arguments, "--skip-checks"],
        env=node.environment,
        cwd=BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
