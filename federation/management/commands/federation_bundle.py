"""Carry logs as a file: export them, look into a file, import one."""

import json
import os
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from federation.errors import FederationError
from federation.services.bundle_export import Export, export_to
from federation.services.bundle_import import Inspection, import_bundle, inspect_bundle
from federation.services.reports import SyncReport


class Command(BaseCommand):
    help = "Export logs as a bundle, inspect a bundle, or import one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        export = verbs.add_parser("export", help="write a bundle")
        export.add_argument("--node", action="append", default=[], help="only this node's log")
        export.add_argument("--since", type=int, default=0, help="from this entry on")
        export.add_argument("--for", dest="audience", help="add what is sealed for this node")
        inspect = verbs.add_parser("inspect", help="say what is in a bundle; changes nothing")
        take = verbs.add_parser("import", help="take in what verifies")
        take.add_argument("--dry-run", action="store_true", help="say what it would do")
        for verb in (export, inspect, take):
            verb.add_argument("file", type=Path)
            verb.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["verb"] == "export":
                self._export(options)
            elif options["verb"] == "inspect" or options["dry_run"]:
                self._inspect(options)
            else:
                self._import(options)
        except FederationError as error:
            raise CommandError(f"{error.code}: {error} {error.remedy}") from error
        except OSError as error:
            raise CommandError(f"{options['file']}: {os.strerror(error.errno or 0)}") from error

    def _export(self, options: dict[str, Any]) -> None:
        done = export_to(
            options["file"],
            nodes=options["node"],
            since=options["since"],
            audience=options["audience"],
        )
        self._say(options, asdict(done), _exported(done))

    def _inspect(self, options: dict[str, Any]) -> None:
        found = inspect_bundle(options["file"])
        self._say(options, found.plain(), _inspected(found))
        if not found.ok:
            raise CommandError("Not all of it holds; the rest would be taken.")

    def _import(self, options: dict[str, Any]) -> None:
        report = import_bundle(options["file"])
        self._say(options, report.plain(), _imported(report))
        if not report.ok:
            raise CommandError("Not all of it was taken; importing it again is safe.")

    def _say(self, options: dict[str, Any], plain: dict[str, Any], lines: list[str]) -> None:
        self.stdout.write(json.dumps(plain) if options["json"] else "\n".join(lines))


def _exported(done: Export) -> list[str]:
    lines = [
        f"{log.node}: entries {log.start} to {log.end}"
        + (f", {log.sealed} sealed" if log.sealed else "")
        for log in done.logs
    ]
    lines += [f"missing here: {sha256}" for sha256 in done.missing]
    lines.append(f"{done.members} members, {done.blobs} files, {done.size} bytes")
    return [*lines, f"SHA-256 {done.sha256}"]


def _inspected(found: Inspection) -> list[str]:
    lines = [f"{found.members} members, {found.blobs} files, {found.size} bytes"]
    for log in found.logs:
        lines.append(
            f"{log.node}: entries {log.start} to {log.size}, as of {log.newest or 'no day'}; "
            f"{log.here} known here; {found.applied.get(log.node, 0)} new"
        )
    if found.newer_trust:
        lines.append("It brings newer word of the stewards about who is a member; that goes first.")
    lines += [
        f"  {change.what}: {change.origin} {change.lang} “{change.title}” "
        f"v{change.version} -> {change.policy}"
        for change in found.changes
    ]
    bad = [("quarantine", row) for row in found.quarantined] + [("", row) for row in found.problems]
    lines += [f"  {kind} {row.about}: {row.error}: {row.detail}".rstrip() for kind, row in bad]
    return [*lines, "Nothing was changed."]


def _imported(report: SyncReport) -> list[str]:
    came = [f"{count} of {node}" for node, count in report.applied.items() if count]
    lines = [", ".join(came) or "Nothing new."]
    return lines + [f"  {about}: {error.code}: {error}" for about, error in report.errors]
