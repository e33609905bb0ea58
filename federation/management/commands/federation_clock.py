"""Show or reset the highest time that witnesses proved (docs/operating.md, "Witnesses")."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from federation.models import VerifiedTime
from federation.services import freshness


class Command(BaseCommand):
    help = "Show the highest time that witnesses proved, or forget it; each reset stays on record."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="forget it")
        parser.add_argument("--reason", default="", help="why; needed for a reset")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["reset"]:
            if not options["reason"].strip():
                raise CommandError("Say why: --reason TEXT.")
            before = freshness.reset_verified_time(options["reason"].strip())
            self.stdout.write(f"Forgotten: {_said(before)}.")
            return
        self.stdout.write(f"Highest verified time: {_said(freshness.verified_time())}.")
        for row in VerifiedTime.objects.exclude(reset_at=None):
            self.stdout.write(
                f"Reset on {_said(row.reset_at)}, it was {_said(row.reset_from)}: {row.reason}"
            )


def _said(time: Any) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC" if time else "none"
