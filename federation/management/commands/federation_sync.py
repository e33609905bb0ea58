"""Pull now, from every peer or one, and say what came."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from federation.models import Peer, PeerStatus
from federation.services.reports import SyncReport
from federation.services.sync import sync_peer


class Command(BaseCommand):
    help = "Pull from the peers that this node fetches from."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--peer", help="only this node")
        parser.add_argument("--json", action="store_true", help="one JSON object a peer")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {"node_id": options["peer"]} if options["peer"] else {"pull": True}
        peers = Peer.objects.exclude(status=PeerStatus.PENDING).filter(**wanted)
        if options["peer"] and not peers.exists():
            raise CommandError(f"{options['peer']} is pending or no peer at all.")
        failed = False
        for peer in peers:
            report = sync_peer(peer)
            failed = failed or not report.ok
            self.stdout.write(_as_json(report) if options["json"] else _as_text(report))
        if failed:
            raise CommandError("Some of it failed; federation_status says where things stand.")


def _as_json(report: SyncReport) -> str:
    return json.dumps(report.plain())


def _as_text(report: SyncReport) -> str:
    came = ", ".join(f"{count} of {node}" for node, count in report.applied.items() if count)
    nothing = "frozen, asked for its recalls alone" if report.recalls_alone else "nothing new"
    lines = [f"{report.peer}: {came or nothing}"]
    lines += [f"  {about}: {error.code}: {error}" for about, error in report.errors]
    return "\n".join(lines)
