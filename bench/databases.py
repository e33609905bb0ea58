"""Where the nodes' databases live: a PostgreSQL that was named, one of our own, or SQLite files.

A migrated template is made once and copied for each node.
"""

import os
import shutil
import sqlite3
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

_BINARIES = Path("/usr/lib/postgresql/15/bin")
Migrate = Callable[[str], None]


class Databases(ABC):
    """Makes databases and gives their addresses; `close` leaves nothing behind."""

    label: str

    @abstractmethod
    def url(self, name: str) -> str:
        """The address of a database, as DATABASE_URL takes it."""

    @abstractmethod
    def make(self, name: str, template: str | None = None) -> str:
        """Make a database, empty or as a copy of another; return its address."""

    def close(self) -> None:  # noqa: B027 - files go with their folder
        """End what was started."""


class Sqlite(Databases):
    """One file a database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.label = f"SQLite {sqlite3.sqlite_version}"

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite3"

    def url(self, name: str) -> str:
        return f"sqlite:///{self._path(name)}"

    def make(self, name: str, template: str | None = None) -> str:
        if template:
            source = self._path(template)
            with sqlite3.connect(source) as connection:  # fold the journal into the one file
                connection.execute("PRAGMA journal_mode=DELETE")
            connection.close()
            shutil.copyfile(source, self._path(name))
        return self.url(name)


class Postgres(Databases):
    """A PostgreSQL server on which databases may be made; ours have a prefix of their own."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.prefix = f"bench_{os.getpid()}_"
        self.made: set[str] = set()
        with psycopg.connect(server) as connection:
            version = connection.info.server_version
        self.label = f"PostgreSQL {version // 10000}.{version % 10000}"

    def url(self, name: str) -> str:
        return urlunsplit(urlsplit(self.server)._replace(path=f"/{self.prefix}{name}"))

    def _run(self, command: str, *names: str) -> None:
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(sql.SQL(command).format(*map(sql.Identifier, names)))

    def make(self, name: str, template: str | None = None) -> str:
        self.made.add(name)
        source = self.prefix + template if template else "template0"
        self._run("CREATE DATABASE {} TEMPLATE {}", self.prefix + name, source)
        return self.url(name)

    def close(self) -> None:
        for name in sorted(self.made):
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.prefix + name)


class OwnPostgres(Postgres):
    """A private server on a socket inside `folder`, run as `postgres` where we are root."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "postgresql"
        self.user = "postgres" if os.geteuid() == 0 else None
        self.data.mkdir(mode=0o700)
        if self.user:
            shutil.chown(self.data, self.user, self.user)
        self._command(
            "initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
            f"--pgdata={self.data / 'data'}",
        )  # fmt: skip
        self._command(
            "pg_ctl", "start", "--wait", f"--pgdata={self.data / 'data'}",
            f"--log={self.data / 'log'}",
            f"--options=-c listen_addresses='' -c unix_socket_directories='{self.data}'",
        )  # fmt: skip
        try:
            super().__init__(f"postgres://postgres@{quote(str(self.data), safe='')}/postgres")
        except BaseException:
            self.close()
            raise

    def _command(self, program: str, *arguments: str) -> None:
        # Output goes to a file: a server that is left running would hold a pipe open.
        said = self.data.parent / f"{program}.out"
        with said.open("wb") as output:
            done = subprocess.run(
                [_BINARIES / program, *arguments],
                user=self.user, group=self.user, extra_groups=[] if self.user else None,
                cwd=self.data, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, check=False,
            )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} failed: {said.read_text(errors='replace')}")

    def close(self) -> None:
        self._command("pg_ctl", "stop", "--wait", "--mode=immediate",
                      f"--pgdata={self.data / 'data'}")  # fmt: skip


def open_databases(folder: Path, migrate: Migrate) -> Databases:
    """Choose a server, make the migrated template in it, and return it."""
    given = os.environ.get("BENCH_DATABASE_URL", "")
    databases: Databases
    if given.startswith("postgres"):
        databases = Postgres(given)
    elif not given and (_BINARIES / "initdb").exists():
        databases = OwnPostgres(folder)
    else:
        databases = Sqlite(folder)
    try:
        migrate(databases.make("template"))
    except BaseException:
        databases.close()
        raise
    return databases
