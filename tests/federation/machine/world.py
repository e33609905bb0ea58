"""Several whole nodes in one process: each its own database file, keys, clock and settings.

`World.at(place)` makes a place this process's node, as if another process ran there. A request to
another place is answered by that place's own views. What one place does can be ended after any
commit, as a power cut would, and its database can be put back to an earlier copy.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
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
from federation.conf import get_conf
from federation.errors import PeerUnreachable
from federation.models import Peer, PeerStatus, Policy, Subscription
from federation.services import heads
from federation.services.enrolment import initialise_node
from federation.services.recovery import Recovery, recover
from federation.services.sync import SyncReport, sync_peer
from federation.trust import DescriptorDirectory
from tests.federation.served import ServedHere

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
_PRAGMAS = "PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON;"


class PowerCut(BaseException):
    """The process is gone: nothing of ours catches this."""


@dataclass
class Place:
    """One node: `ahead` is how wrong its clock is; `cut_after` commits, if set, it loses power."""

    name: str
    folder: Path
    role: str
    ahead: timedelta = timedelta()
    cut_after: int | None = None
    backup: Path | None = None
    heads: dict[str, int] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.folder / "node.sqlite3"

    @property
    def url(self) -> str:
        return f"https://{self.name}.example"


class World:
    """A hub and some nodes that know each other; `cut` holds pairs without a line."""

    def __init__(self, folder: Path, template: Path, names: list[str]) -> None:
        self.now = START
        self.places = {
            name: Place(name, folder / name, "hub" if name == "hub" else "node") for name in names
        }
        self.cut: set[frozenset[str]] = set()
        self.here: Place | None = None
        for place in self.places.values():
            place.folder.mkdir(parents=True)
            shutil.copyfile(template, place.database)
        self._enrol()

    # --- Being somewhere ------------------------------------------------------------------

    @contextmanager
    def at(self, place: Place) -> Iterator[None]:
        """Be the process of a place for a while: its database, settings, files and clock."""
        if self.here is place:
            yield
            return
        before, self.here = self.here, place
        outside = connections["default"]
        with ExitStack() as stack:
            stack.enter_context(time_machine.travel(self.now + place.ahead, tick=False))
            stack.enter_context(override_settings(**self._settings(place)))
            connections["default"] = mine = self._connection(place)
            _forget()
            try:
                yield
            finally:
                mine.close()  # what was not committed is gone
                connections["default"] = outside
                self.here = before
                _forget()

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
        }

    def _connection(self, place: Place) -> Any:
        given = connections.settings["default"]
        options = {**given["OPTIONS"], "init_command": _PRAGMAS}
        backend = load_backend(given["ENGINE"])
        connection = backend.DatabaseWrapper(
            {**given, "NAME": str(place.database), "OPTIONS": options}, "default"
        )
        commit = connection._commit

        def counted() -> None:
            commit()
            if place.cut_after is not None:
                place.cut_after -= 1
                if place.cut_after < 0:
                    place.cut_after = None
                    raise PowerCut

        connection._commit = counted
        return connection

    # --- What happens between places ------------------------------------------------------

    def _enrol(self) -> None:
        descriptors = {}
        for place in self.places.values():
            with self.at(place):
                initialise_node(get_conf())
                directory = DescriptorDirectory(get_conf().trust_dir)
                descriptors[place.name] = directory.envelope(place.name)
        for place in self.places.values():
            with self.at(place):
                self._meet(place, descriptors)

    def _meet(self, place: Place, descriptors: dict[str, bytes]) -> None:
        directory = DescriptorDirectory(get_conf().trust_dir)
        for name, descriptor in descriptors.items():
            if name == place.name:
                continue
            directory.add(descriptor)
            known = "hub" in (name, place.name)
            Peer.objects.create(
                node_id=name, status=PeerStatus.ACTIVE, is_hub=name == "hub", pull=known
            )
        if place.role != "hub":
            Subscription.objects.update(policy=Policy.PUBLISH)

    def pull(self, place: Place, other: str) -> SyncReport:
        """Have a place pull from another, through that one's own views."""
        with self.at(place):
            return sync_peer(Peer.objects.get(node_id=other), fetcher=Between(self, place))

    def recover(self, place: Place, fetcher: Fetcher | None = None, **how: Any) -> Recovery:
        """Have a place fetch its own log back, through the others' own views."""
        with self.at(place):
            return recover(fetcher=fetcher or Between(self, place), **how)

    def sign(self, place: Place) -> None:
        with self.at(place):
            heads.sign_head()

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def back_up(self, place: Place) -> None:
        """Keep a copy of the database alone: keys, files and the mark stay where they are."""
        place.backup = place.folder / "backup.sqlite3"
        self.back_up_to(place, place.backup)

    def back_up_to(self, place: Place, path: Path) -> None:
        path.unlink(missing_ok=True)
        with self.at(place), connections["default"].cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(path)])

    def put_back(self, place: Place, copy: Path) -> None:
        for suffix in ("-wal", "-shm"):
            Path(f"{place.database}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(copy, place.database)


class Between(Fetcher):
    """Sends the requests of one place to the place that they are for, if it can be reached."""

    def __init__(self, world: World, asking: Place) -> None:
        super().__init__()
        self.world, self.asking = world, asking

    @contextmanager
    def open(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Iterator[Answer]:
        name = str(urlsplit(url).hostname).removesuffix(".example")
        if frozenset((name, self.asking.name)) in self.world.cut:
            raise PeerUnreachable(f"{name} cannot be reached.", item=name)
        asked = self.world.at(self.world.places[name])
        with asked, ServedHere().open(method, url, headers, body) as answer:
            whole = b"".join(answer.chunks)
        yield Answer(answer.status, answer.headers, iter([whole]))


def _forget() -> None:
    """Forget what a process keeps of its own database."""
    cache.clear()
    ContentType.objects.clear_cache()
