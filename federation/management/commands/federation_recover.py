"""Bring this node's own log back after a restore from a backup."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from federation.errors import FederationError
from federation.services.recovery import Recovery, recover


class Command(BaseCommand):
    help = "After a restore: fetch what is missing of this node's own log from whoever carries it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bundle", type=Path, help="a bundle that holds this node's log")
        parser.add_argument("--dry-run", action="store_true", help="say what would come back")
        parser.add_argument(
            "--accept-missing",
            action="store_true",
            help="go on without texts that nobody has; never without retractions and recalls",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = recover(
                bundle=options["bundle"],
                dry_run=options["dry_run"],
                accept_missing=options["accept_missing"],
            )
        except FederationError as error:
            raise CommandError(f"{error.code}: {error} {error.remedy}") from error
        except OSError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(done.plain()))
        else:
            self._tell(done)
        if done.behind and not done.dry_run:
            raise CommandError(
                f"This node signed {done.marked} entries and holds {max(done.held, done.size)}: "
                f"it signs nothing until the rest is found."
            )

    def _tell(self, done: Recovery) -> None:
        for about, error in done.problems:
            self.stderr.write(f"{about}: {error.code}: {error} {error.remedy}")
        verb = "would come" if done.dry_run else "came"
        if done.source:
            self.stdout.write(
                f"{done.size - done.held} entries {verb} back from {done.source} "
                f"({done.held} were here, {done.size} are signed):"
            )
            for line in done.entries:
                self.stdout.write(f"  {line}")
        elif not done.behind:
            self.stdout.write("Nobody knows more of this node's log than it holds. It can sign.")
        for index in done.missing:
            self.stdout.write(f"entry {index}: nobody has its body")
        for text in done.texts:
            self.stdout.write(f"draft: {text}. Look at it and publish it.")
        for text in done.waiting:
            self.stdout.write(f"no draft: {text}")
        for text in done.dropped:
            self.stdout.write(f"not shared: {text}")
