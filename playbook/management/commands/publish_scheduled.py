"""Wagtail's command of this name, for a site where no page is published by a clock."""

from typing import Any

from django.db import transaction
from wagtail.management.commands.publish_scheduled import Command as WagtailCommand
from wagtail.models import Revision

from playbook.models import GatedPage


class Command(WagtailCommand):
    help = "Take offline what has expired. Pages go live through their workflow only."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if not options.get("dryrun"):
            self._drop_schedules()
        super().handle(*args, **options)

    def _drop_schedules(self) -> None:
        """Refuse a schedule by itself, so that it does not stop what stands behind it."""
        for revision in Revision.objects.filter(approved_go_live_at__isnull=False):
            if isinstance(revision.content_object, GatedPage):
                Revision.objects.filter(pk=revision.pk).update(approved_go_live_at=None)
                self.stderr.write(f"Not published by a schedule: {revision.content_object}")
