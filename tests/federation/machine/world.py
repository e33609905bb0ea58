"""Several whole nodes in one process: each its own database file, keys, clock and settings.

`World.at(place)` makes a place this process's node, as if another process ran there. A request to
another place is answered by that place's own views. What one place does can be ended after any
commit, as a power cut would; its database can be put back to an earlier copy; and a copy of a whole
place, taken at any time, can answer in its stead ever after, as a stale mirror would.
"""

import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import time_machine
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connections
from django.db.utils import load_backend
from django.test import override_settings

from federation.client import Answer, Fetcher
from federation.errors import PeerUnreachable
from federation.models import Peer
from federation.services import heads
from federation.services.bundle_import import import_bundle
from federation.services.recovery import Recovery, recover
from federation.services.reports import SyncReport
from federation.services.sync import sync_peer
from tests.federation.commits import after_each_commit
from tests.federation.served import ServedHere

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
_PRAGMAS = "PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON;"


class PowerCut(BaseException):
    """The process is gone: nothing of ours catches this."""


@dataclass
class Place:
    """One node: `ahead` is how wrong its clock is; `cut_after` commits, if set, it loses power.

    `heads` and `versions` are the highest seen here since the database was last put back.
    """

    name: str
    folder: Path
    ahead: timedelta = timedelta()
    cut_after: int | None = None
    backup: Path | None = None
    heads: dict[str, int] = field(default_factory=dict)
    versions: dict[tuple[str, str], int] = field(default_factory=dict)
    connection: Any = None

    @property
    def role(self) -> str:
        return "hub" if self.name == "hub" else "node"

    @property
    def database(self) -> Path:
        return self.folder / "node.sqlite3"

    @property
    def url(self) -> str:
        return f"https://{self.name}.example"

    def leave(self) -> None:
        """Close the database, as the end of a process does."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class World:
    """Places that know each other; `cut` holds pairs without a line, `touched` who did something.

    `folder` holds a folder for each of `names`, as `founding.found` makes them.
    """

    def __init__(self, folder: Path, names: list[str]) -> None:
        self.now = START
        self.folder = folder
        self.places = {name: Place(name, folder / name) for name in names}
        self.cut: set[frozenset[str]] = set()
        self.here: Place | None = None
        self.touched: set[str] = set()

    # --- Being somewhere ------------------------------------------------------------------

    @contextmanager
    def at(self, place: Place) -> Iterator[None]:
        """Be the process of a place for a while: its database, settings, files and clock."""
        if self.here is place:
            yield
            return
        before, self.here = self.here, place
        self.touched.add(place.name)
        outside = connections["default"]
        with ExitStack() as stack:
            stack.enter_context(time_machine.travel(self.now + place.ahead, tick=False))
            stack.enter_context(override_settings(**self._settings(place)))
            connections["default"] = self._connected(place, stack)
            _forget()
            try:
                yield
            except BaseException:
                place.leave()  # what was not committed is gone
                raise
            finally:
                connections["default"] = outside
                self.here = before
                _forget()

    def _connected(self, place: Place, stack: ExitStack) -> Any:
        """Return the place's connection; in a thread that fetches files, one of its own."""
        if threading.current_thread() is threading.main_thread():
            return place.connection or self._connection(place)
        kept = place.connection
        mine = self._connection(place)
        place.connection = kept
        stack.callback(mine.close)
        return mine

    def _settings(self, place: Place) -> dict[str, Any]:
        federation = {
            **settings.FEDERATION,
            "NODE_ID": place.name,
            "ROLE": place.role,
            "PUBLIC_URL": place.url,
            "DATA_DIR": place.folder / "federation",
            "PRIVATE_ENDPOINT": False,
        }
        return {
            "FEDERATION": federation,
            "NODE_ID": place.name,
            "MEDIA_ROOT": place.folder / "media",
            "PLAYBOOK_MADE_ROOT": place.folder / "made",
        }

    def _connection(self, place: Place) -> Any:
        given = connections.settings["default"]
        options = {**given["OPTIONS"], "init_command": _PRAGMAS}
        backend = load_backend(given["ENGINE"])
        connection = backend.DatabaseWrapper(
            {**given, "NAME": str(place.database), "OPTIONS": options}, "default"
        )

        def dead(*_given: Any, **_named: Any) -> None:
            raise PowerCut

        def count() -> None:
            if place.cut_after is None:
                return
            place.cut_after -= 1
            if place.cut_after < 0:
                place.cut_after = None
                connection.cursor = connection._commit = dead  # nobody tidies up after it
                raise PowerCut

        after_each_commit(connection, count)
        place.connection = connection
        return connection

    @contextmanager
    def power_for(self, place: Place, commits: int | None) -> Iterator[None]:
        """Let the power of a place fail after so many commits; None: it does not."""
        place.cut_after = commits
        try:
            yield
        except PowerCut:
            self.now += timedelta(minutes=11)  # a claim of a dead worker lapses
        finally:
            place.cut_after = None

    # --- What happens between places ------------------------------------------------------

    def pull(self, place: Place, other: str, *, mirror: Place | None = None) -> SyncReport:
        """Have a place pull from another, through that one's own views, or those of a mirror."""
        fetcher = Between(self, place, mirror)
        with self.at(place):
            return sync_peer(Peer.objects.get(node_id=other), fetcher=fetcher)

    def take_in(self, place: Place, bundle: Path) -> SyncReport:
        with self.at(place):
            return import_bundle(bundle)

    def recover(self, place: Place, fetcher: Fetcher | None = None, **how: Any) -> Recovery:
        """Have a place fetch its own log back, through the others' own views."""
        with self.at(place):
            return recover(fetcher=fetcher or Between(self, place), **how)

    def sign(self, place: Place) -> None:
        with self.at(place):
            heads.sign_head()

    # --- Copies -----------------------------------------------------------------------------

    def back_up(self, place: Place) -> None:
        """Keep a copy of the database alone: keys, files and the mark stay where they are."""
        place.backup = place.folder / "backup.sqlite3"
        self.back_up_to(place, place.backup)

    def back_up_to(self, place: Place, path: Path) -> None:
        path.unlink(missing_ok=True)
        with self.at(place), connections["default"].cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(path)])

    def put_back(self, place: Place, copy: Path) -> None:
        place.leave()
        for suffix in ("-wal", "-shm"):
            Path(f"{place.database}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(copy, place.database)
        self.touched.add(place.name)

    def mirror(self, place: Place, name: str) -> Place:
        """Return a copy of a place as it is now, which answers as it does now for ever."""
        folder = self.folder / name
        shutil.copytree(
            place.folder, folder, symlinks=True, ignore=shutil.ignore_patterns("*.sqlite3*")
        )
        self.back_up_to(place, folder / place.database.name)
        return replace(place, folder=folder, backup=None, heads={}, versions={}, connection=None)

    def end(self) -> None:
        """Remove everything."""
        for place in self.places.values():
            place.leave()
        shutil.rmtree(self.folder)


class Between(Fetcher):
    """Sends the requests of one place to the place that they are for, if it can be reached."""

    def __init__(self, world: World, asking: Place, mirror: Place | None = None) -> None:
        super().__init__()
        self.world, self.asking, self.mirror = world, asking, mirror

    @contextmanager
    def open(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Iterator[Answer]:
        name = str(urlsplit(url).hostname).removesuffix(".example")
        asked = self.mirror
        if asked is None:
            if frozenset((name, self.asking.name)) in self.world.cut:
                raise PeerUnreachable(f"{name} cannot be reached.", item=name)
            asked = self.world.places[name]
        with self.world.at(asked), ServedHere().open(method, url, headers, body) as answer:
            whole = b"".join(answer.chunks)
        yield Answer(answer.status, answer.headers, iter([whole]))


def _forget() -> None:
    """Forget what a process keeps of its own database."""
    cache.clear()
    ContentType.objects.clear_cache()
