"""Push what is new of this node's log to a peer's inbox, for a node that cannot be fetched from."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from federation.models import Peer, PeerStatus
from federation.services.pushing import PushReport, push_to


class Command(BaseCommand):
    help = "Push what a peer does not have yet of this node's log."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("peer", help="the node to push to")
        parser.add_argument("--all", action="store_true", help="the whole log, files included")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        peer = Peer.objects.filter(node_id=options["peer"], status=PeerStatus.ACTIVE).first()
        if peer is None:
            raise CommandError(f"{options['peer']} is not an active peer.")
        report = push_to(peer, everything=options["all"])
        self.stdout.write(json.dumps(report.plain()) if options["json"] else _said(report))
        if report.error:
            raise CommandError(f"{report.error.code}: {report.error} {report.error.remedy}")


def _said(report: PushReport) -> str:
    if report.sent:
        return (
            f"{report.peer}: sent entries {report.since} to {report.sent} "
            f"({report.size} bytes), kept there as {report.id}"
        )
    if report.waiting:
        return f"{report.peer}: what was sent before is not imported there yet"
    return f"{report.peer}: has {report.acknowledged} entries, nothing new"
