"""Answer a hub's invite: compare its fingerprint, then send this node's descriptor."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from federation.conf import get_conf
from federation.errors import FederationError
from federation.services import enrolment


class Command(BaseCommand):
    help = "Join a federation with the invite that its hub gave you."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("invite", help="the text that starts with spb1.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            enrolment.initialise_node(get_conf())
            hub = enrolment.join(options["invite"])
            own = enrolment.own_fingerprint()
        except FederationError as error:
            raise CommandError(f"{error.code}: {error} {error.remedy}") from error
        self.stdout.write(f"Hub {hub.node_id}: {hub.identity_key.fingerprint_groups}")
        self.stdout.write(f"This node:  {own}")
        self.stdout.write("Read both to the hub's operator over another channel. The hub takes")
        self.stdout.write("this node in when they confirm the second one.")
