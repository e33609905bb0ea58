"""Invite a node, or confirm one that has answered its invite."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from federation.errors import FederationError
from federation.models import Peer, PeerStatus
from federation.services import enrolment


class Command(BaseCommand):
    help = "Print an invite for a node, or take in a node whose fingerprint was compared."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("node_id", help="the id that the new node will have")
        parser.add_argument(
            "--confirm",
            metavar="FINGERPRINT",
            help="take the node in: the fingerprint as its operator read it out",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["confirm"]:
                self._confirm(options["node_id"], options["confirm"])
            else:
                self._invite(options["node_id"])
        except FederationError as error:
            raise CommandError(f"{error.code}: {error} {error.remedy}") from error

    def _invite(self, node_id: str) -> None:
        text = enrolment.create_invite(node_id)
        self.stdout.write(f"Invite for {node_id}, good once and for seven days:\n\n{text}\n")
        self.stdout.write("Give it to its operator by a channel you trust, and read to each other:")
        self.stdout.write(f"This hub's fingerprint: {enrolment.own_fingerprint()}")

    def _confirm(self, node_id: str, fingerprint: str) -> None:
        peer = Peer.objects.filter(node_id=node_id, status=PeerStatus.PENDING).first()
        if peer is None:
            raise CommandError(f"No node {node_id} waits to be confirmed.")
        member = enrolment.confirm_peer(peer, fingerprint)
        self.stdout.write(f"{node_id} is enrolled: {member.identity_key.fingerprint_groups}")
