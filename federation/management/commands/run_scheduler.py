"""The beat: wake the tasks whose time has come. Run one for each node."""

import signal
import threading
import time
from argparse import ArgumentParser
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

from federation import tasks
from federation.conf import get_conf
from federation.models import IncomingBundle, Peer
from federation.services import pushing, submitting
from federation.services.heads import head_due
from playbook.documents import offers
from playbook.documents.tasks import make_collections

_HOURLY = timedelta(hours=1)
_EVERY_MINUTE = timedelta(minutes=1)


class Command(BaseCommand):
    help = "Enqueue heads to sign, peers to pull from and housekeeping, on their beats."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--interval", type=float, default=1.0, help="seconds between looks")
        parser.add_argument("--once", action="store_true", help="look once and end")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        if threading.current_thread() is threading.main_thread():
            for name in (signal.SIGINT, signal.SIGTERM):
                signal.signal(name, lambda *_: stop.set())
        hourly: datetime | None = None
        minutely: datetime | None = None
        downloads = Downloads()
        while True:
            started = time.monotonic()
            close_old_connections()
            now = datetime.now(UTC)
            look(now)
            if hourly is None or now - hourly >= _HOURLY:
                hourly = now
                housekeeping()
            if minutely is None or now - minutely >= _EVERY_MINUTE:
                minutely = now
                downloads.look()
            if options["once"] or stop.wait(
                max(0.0, options["interval"] - (time.monotonic() - started))
            ):
                return


def look(now: datetime) -> None:
    """Enqueue what is due, each task at most once at a time."""
    if head_due(get_conf(), now):
        wake(tasks.sign_head)
    if submitting.due(get_conf(), now):
        wake(tasks.submit_head)
    for peer in Peer.objects.due(now):
        wake(tasks.sync_with, peer.node_id)
    for bundle in IncomingBundle.objects.due(now):
        wake(tasks.import_incoming, str(bundle.pk))
    if get_conf().PUSH:
        for node_id in pushing.due(now):
            wake(tasks.push_to, node_id)


def housekeeping() -> None:
    wake(tasks.catch_up)
    wake(tasks.forget_nonces)
    wake(tasks.renew_trust)
    wake(tasks.keep_recalls)
    wake(tasks.evaluate_leases)
    wake(tasks.forget_bundles)


@dataclass
class Downloads:
    """What readers take along is made once content has stood still from one look to the next.

    So a burst of changes, a pull of a thousand items or a day of editing, costs it once: while one
    worker makes it, nothing else is done. What was asked for is not asked for again: a store that
    is too small for all of it would have it made for ever.
    """

    seen: set[str] = field(default_factory=set)
    asked_for: set[str] = field(default_factory=set)

    def look(self) -> None:
        missing = offers.missing_collections()
        if missing == self.seen and missing - self.asked_for:
            wake(make_collections)
            self.asked_for = missing
        self.seen = missing


def wake(task: Task, *args: str) -> None:
    """Enqueue a task unless it waits already: a stopped worker must not find a heap."""
    waiting = DBTaskResult.objects.ready().filter(task_path=task.module_path)
    if any(list(result.args_kwargs["args"]) == list(args) for result in waiting):
        return
    task.enqueue(*args)
