"""Verify again everything that this node holds, from the bytes up."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from federation.services.verify import verify_everything


class Command(BaseCommand):
    help = "Re-verify the own log and everything stored: heads, entries, records, tiles, files."

    def handle(self, *args: Any, **options: Any) -> None:
        done = verify_everything()
        self.stdout.write(
            f"{done.logs} logs, {done.entries} entries, {done.records} records, "
            f"{done.tiles} tiles, {done.blobs} files checked."
        )
        for finding in done.findings:
            self.stderr.write(f"{finding.about}: {finding.error.code}: {finding.error}")
        if done.findings:
            raise CommandError(f"{len(done.findings)} things do not hold.")
        self.stdout.write("Everything holds.")
