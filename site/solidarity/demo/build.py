"""Make the nodes: migrate once into a template, copy it for each node, fill it in parallel."""

import hashlib
import importlib.metadata
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from django.apps import apps

from solidarity.demo.plan import BASE_DIR, Node

_KEYED_ON = ("wagtail", "django", "wagtail-localize", "django-tasks-db")


class DemoError(Exception):
    """The demo cannot go on; the message says what to do."""


def template_key() -> str:
    """Return a key over every migration's contents and the versions of what migrates."""
    digest = hashlib.sha256()
    for config in sorted(apps.get_app_configs(), key=lambda config: config.label):
        for path in sorted(Path(config.path, "migrations").glob("*.py")):
            digest.update(f"{config.label}/{path.name}\n".encode())
            digest.update(path.read_bytes())
    for name in _KEYED_ON:
        digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    return digest.hexdigest()[:16]


def build_nodes(nodes: Sequence[Node], folder: Path) -> list[str]:
    """Make the nodes that are missing; return the ids of those that were made."""
    missing = [node for node in nodes if not (node.folder / "ready").exists()]
    if not missing:
        return []
    template = _template(folder, missing[0])
    running = []
    for node in missing:
        shutil.rmtree(node.folder, ignore_errors=True)
        node.folder.mkdir(parents=True)
        shutil.copyfile(template, node.database)
        running.append((node, _manage(node, "demo_node")))
    for node, process in running:
        output, _ = process.communicate()
        if process.returncode:
            raise DemoError(f"Node {node.id} could not be made:\n{output}")
        (node.folder / "ready").touch()
    return [node.id for node in missing]


def _template(folder: Path, node: Node) -> Path:
    path = folder / f"template-{template_key()}.sqlite3"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("template-*"):
        old.unlink()
    scratch = path.with_suffix(".new")
    process = _manage(node, "migrate", "--verbosity", "0", DATABASE_URL=f"sqlite:///{scratch}")
    output, _ = process.communicate()
    if process.returncode:
        raise DemoError(f"Migrating failed:\n{output}")
    _fold_journal(scratch)
    os.replace(scratch, path)
    return path


def _fold_journal(path: Path) -> None:
    """Bring what the write-ahead log holds into the one file that is copied."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()


def _manage(node: Node, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(BASE_DIR / "manage.py"), *arguments],
        env={**node.environment, **environment},
        cwd=BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
