"""A migrated SQLite database, made once and copied: migrating from nothing takes some 8 seconds.

The demo makes its nodes from it and the tests their database. Its name is a key over every
migration's contents and the versions of the packages that bring migrations of their own.
"""

import fcntl
import functools
import hashlib
import importlib.metadata
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
LANGUAGE = "en"  # Wagtail's first migration makes a locale of the settings' language
# Rendering the state of two hundred migrations makes millions of objects that all live to the end:
# without looking for garbage among them, then or at the end, it takes a fifth less time.
_MIGRATE = """
import gc, sys
sys.path[:0] = ["site", "."]
import django
from django.core.management import call_command
gc.disable()
django.setup()
call_command("migrate", verbosity=0, skip_checks=True)
gc.freeze()
"""
_KEPT = 4  # two Wagtail versions, and two branches of work
_PACKAGES = ("django", "wagtail", "wagtail-localize", "django-tasks-db")


def copy_migrated(target: Path) -> None:
    """Copy the migrated database for this code and these packages, making it first if need be.

    The lock covers the copying too: another run may drop what this one is about to copy. Raises
    subprocess.CalledProcessError, with what was printed, when migrating fails.
    """
    CACHE.mkdir(exist_ok=True)
    made = CACHE / f"migrated-{database_key()}.sqlite3"
    with (CACHE / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _migrate(made)
            newest = sorted(CACHE.glob("migrated-*.sqlite3"), key=lambda file: file.stat().st_mtime)
            for old in newest[:-_KEPT]:
                old.unlink()
        shutil.copyfile(made, target)


@functools.cache
def database_key() -> str:
    """Return a key over what migrates: every migration's contents, the packages' versions."""
    digest = hashlib.sha256(LANGUAGE.encode())
    for config in sorted(apps.get_app_configs(), key=lambda config: config.label):
        for path in sorted(Path(config.path, "migrations").glob("*.py")):
            digest.update(f"{config.label}/{path.name}\n".encode())
            digest.update(path.read_bytes())
    for name in _PACKAGES:
        digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    return digest.hexdigest()[:16]


def _migrate(target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        unfinished = Path(folder) / "node.sqlite3"
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "solidarity.settings.dev",
            "DATABASE_URL": f"sqlite:///{unfinished}",
            "SOLIDARITY_LANGUAGES": LANGUAGE,
        }
        subprocess.run(  # noqa: S603 our own command
            [sys.executable, "-c", _MIGRATE],
            env=environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        # What the write-ahead log holds is brought into the one file that is copied.
        with sqlite3.connect(unfinished) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        connection.close()
        unfinished.rename(target)
