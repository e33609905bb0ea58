"""The tests' SQLite database: a copy of the migrated one."""

from pathlib import Path

from django.conf import settings
from django.db import connections

from solidarity.migrated import copy_migrated


def copy_migrated_database(folder: Path) -> None:
    """Point the default connection at a fresh copy of the migrated database, inside `folder`."""
    copy = folder / "test.sqlite3"
    copy_migrated(copy)
    connection = connections["default"]
    connection.close()
    settings.DATABASES["default"]["NAME"] = str(copy)
    connection.settings_dict["NAME"] = str(copy)
    # The copy is thrown away: nothing is gained by waiting for the disk.
    pragmas = "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; PRAGMA foreign_keys=ON;"
    connection.settings_dict.setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE", timeout=20, init_command=pragmas
    )
