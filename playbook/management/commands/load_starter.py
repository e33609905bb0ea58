"""Load the starter plays and cases."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from playbook.setup import prepare_site
from playbook.starter.loader import load_starter


class Command(BaseCommand):
    help = "Load the starter plays and cases as drafts, in the languages that the node publishes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--live", action="store_true", help="Publish them at once. For a demonstration only."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_site(list(settings.PLAYBOOK_LANGUAGES))
        made = load_starter(list(settings.PLAYBOOK_LANGUAGES), live=options["live"])
        state = "published" if options["live"] else "as drafts for local review"
        self.stdout.write(f"{made} starter pages, {state}.")
