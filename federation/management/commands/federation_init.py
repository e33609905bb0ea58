"""Make this node's keys, log and descriptor where they are missing, and show its fingerprint."""

from typing import Any

from django.core.management.base import BaseCommand

from federation.conf import get_conf
from federation.services.enrolment import initialise_node


class Command(BaseCommand):
    help = "Make this node's keys, log and descriptor; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        conf = get_conf()
        member = initialise_node(conf)
        self.stdout.write(f"Node:        {member.node_id} ({conf.ROLE})")
        self.stdout.write(f"Log:         {member.log_origin}")
        self.stdout.write(f"Fingerprint: {member.identity_key.fingerprint_groups}")
        self.stdout.write(f"Keys:        {conf.keys_dir} (back them up apart from the database)")
