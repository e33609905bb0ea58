"""A migrated SQLite database, made once and copied: migrating from nothing takes 9 s a process."""

import fcntl
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connections

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache"
KEPT = 4  # two Wagtail versions, and two branches of work


def copy_migrated_database(folder: Path) -> None:
    """Point the default connection at a fresh copy of the migrated database, inside `folder`."""
    copy = folder / "test.sqlite3"
    _copy_template(copy)
    connection = connections["default"]
    connection.close()
    settings.DATABASES["default"]["NAME"] = str(copy)
    connection.settings_dict["NAME"] = str(copy)
    # The copy is thrown away: nothing is gained by waiting for the disk.
    pragmas = "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; PRAGMA foreign_keys=ON;"
    connection.settings_dict.setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE", timeout=20, init_command=pragmas
    )


def _copy_template(copy: Path) -> None:
    """Copy the database for these migrations and packages; make it, and drop old ones, if need be.

    The lock covers the copying too: another run may drop what this one is about to copy.
    """
    CACHE.mkdir(exist_ok=True)
    template = CACHE / f"migrated-{_key()}.sqlite3"
    with (CACHE / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            _migrate(template)
            newest = sorted(CACHE.glob("migrated-*.sqlite3"), key=lambda file: file.stat().st_mtime)
            for old in newest[:-KEPT]:
                old.unlink()
        shutil.copyfile(template, copy)


def _migrate(target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        unfinished = Path(folder) / "db.sqlite3"
        environment = os.environ | {
            "TEST_DATABASE_URL": f"sqlite:///{unfinished}",
            "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
        }
        command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0"]
        subprocess.run(command, env=environment, check=True)
        unfinished.rename(target)


def _key() -> str:
    digest = hashlib.sha256(settings.LANGUAGE_CODE.encode())
    for config in apps.get_app_configs():
        for path in sorted(Path(config.path).glob("migrations/*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    for package in ("django", "wagtail"):
        digest.update(importlib.metadata.version(package).encode())
    return digest.hexdigest()[:16]
