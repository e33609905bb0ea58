"""Lay out the site: languages, first pages, groups, workflow, terms."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from playbook.setup import prepare_site


class Command(BaseCommand):
    help = "Make what is missing for this node's site. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--languages", nargs="*", help="Codes; default: the languages that the node publishes."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        languages = options["languages"] or settings.PLAYBOOK_LANGUAGES
        prepare_site(list(languages))
        self.stdout.write(f"The site is laid out in: {', '.join(languages)}")
