"""The tests' databases: laid out once a run, copied by each worker, copied again after a flush."""

import fcntl
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections, transaction

from solidarity.migrated import copy_migrated

_TEMPLATE = "test_laid_out"


@contextmanager
def undone() -> Iterator[None]:
    """Undo in the database what the block does: the next of many cases finds what this one found.

    Rows alone come back; objects that the block changed do not.
    """
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def copy_migrated_database(folder: Path) -> None:
    """Point the default connection at a fresh copy of the migrated database, inside `folder`."""
    copy = folder / "test.sqlite3"
    copy_migrated(copy)
    _point_at(str(copy))


class LaidOutDatabase:
    """A worker's database, as `lay_out` left it in the run's first worker.

    `run` is the folder that all workers of a run share, `name` is this worker's own. A server that
    outlives the run keeps the template until the next run replaces it.
    """

    def __init__(self, run: Path, name: str, lay_out: Callable[[], None]) -> None:
        self.run, self.name = run, name
        self.on_server = connections["default"].vendor != "sqlite"
        with (run / "laid-out.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = run / "laid-out"
            if not done.exists():
                self._make_template(lay_out)
                done.touch()
        self.renew()

    @property
    def _template(self) -> str:
        return _TEMPLATE if self.on_server else str(self.run / f"{_TEMPLATE}.sqlite3")

    def _make_template(self, lay_out: Callable[[], None]) -> None:
        if self.on_server:
            self._on_server(f"DROP DATABASE IF EXISTS {_TEMPLATE}", f"CREATE DATABASE {_TEMPLATE}")
            _point_at(self._template)
            gc.disable()  # as in solidarity.migrated
            call_command("migrate", verbosity=0, skip_checks=True)
            gc.enable()
        else:
            copy_migrated(Path(self._template))
            _point_at(self._template)
        lay_out()
        connections["default"].close()

    def renew(self) -> None:
        """Put a fresh copy in the place of whatever the worker's database has become."""
        self.remove()
        if self.on_server:
            name = f"test_{self.name}"
            self._on_server(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        else:
            name = str(self._file)
            self._file.write_bytes(Path(self._template).read_bytes())
        _point_at(name)

    def remove(self) -> None:
        connections["default"].close()
        if self.on_server:
            self._on_server(f"DROP DATABASE IF EXISTS test_{self.name} WITH (FORCE)")
        else:
            self._file.unlink(missing_ok=True)

    @property
    def _file(self) -> Path:
        return self.run / f"test_{self.name}.sqlite3"

    def _on_server(self, *commands: str) -> None:
        with connections["default"]._nodb_cursor() as cursor:
            for command in commands:
                cursor.execute(command)


def _point_at(name: str) -> None:
    connection = connections["default"]
    connection.close()
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name
    if connection.vendor == "sqlite":
        # The copy is thrown away: nothing is gained by waiting for the disk.
        pragmas = "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; PRAGMA foreign_keys=ON;"
        connection.settings_dict.setdefault("OPTIONS", {}).update(
            transaction_mode="IMMEDIATE", timeout=20, init_command=pragmas
        )
