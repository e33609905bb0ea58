"""Make the databases of the nodes: migrate once into a template and copy that for each."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from solidarity.demo.plan import Node
from solidarity.migrated import copy_migrated, database_key


class DemoError(Exception):
    """The demo cannot go on; the message says what to do."""


def filled(node: Node) -> Path:
    """Return the file that says: this node was filled, from the database of this version."""
    return node.folder / f"filled-{database_key()}"


def require_known_ports(nodes: Sequence[Node]) -> None:
    """Raise DemoError where nodes that are there know each other by other ports than these."""
    for node in nodes:
        known = _port(node)
        if filled(node).exists() and known.exists():
            base = int(known.read_text("ascii")) - node.port + nodes[0].port
            if base != nodes[0].port:
                raise DemoError(
                    f"port-changed: the nodes in {node.folder.parent} know each other by the ports "
                    f"from {base} on. Use --port-base {base}, or another folder with --dir."
                )


def clear_unfinished(nodes: Sequence[Node]) -> None:
    """Empty the folders of the nodes that are missing, half made or of another version."""
    for node in nodes:
        if not filled(node).exists():
            shutil.rmtree(node.folder, ignore_errors=True)
            (node.folder / "static").mkdir(parents=True)  # whitenoise looks for it
            _port(node).write_text(str(node.port), "ascii")


def _port(node: Node) -> Path:
    return node.folder / "port"


def copy_databases(nodes: Sequence[Node]) -> None:
    """Give each node that is not filled a migrated database; raise DemoError if migrating fails."""
    for node in nodes:
        if filled(node).exists():
            continue
        try:
            copy_migrated(node.database)
        except subprocess.CalledProcessError as error:
            raise DemoError(f"Migrating failed:\n{error.stderr}") from error
