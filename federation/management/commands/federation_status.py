"""Say how this node stands: log, peers, inbox, quarantine, tasks."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from federation.errors import FederationError
from federation.services.status import node_status


class Command(BaseCommand):
    help = "Show how this node and its peers stand."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            status = node_status()
        except FederationError as error:
            raise CommandError(f"{error.code}: {error} {error.remedy}") from error
        if options["json"]:
            self.stdout.write(json.dumps(status))
            return
        log = status["log"]
        self.stdout.write(f"{status['node']} ({status['role']}): {status['fingerprint']}")
        self.stdout.write(f"log {log['origin']}: {log['size']} entries, {log['signed']} signed")
        if log["size"] < log["marked"]:
            self.stdout.write(
                f"  RESTORED FROM A BACKUP: {log['marked']} entries were signed before. Run "
                f"federation_recover."
            )
        if log["error"]:
            self.stdout.write(f"  NOT SIGNED: {log['error']}: {log['error_detail']}")
        for peer in status["peers"]:
            seen = peer["last_contact"] or "never"
            wrong = f" — {peer['error']}: {peer['error_detail']}" if peer["error"] else ""
            new = " — NEW KEYS, not confirmed" if peer["unconfirmed_key"] else ""
            self.stdout.write(
                f"peer {peer['node']}: {peer['membership'] or peer['status']}{new}, "
                f"last contact {seen}, {peer['log_applied']} of {peer['log_size']} entries "
                f"applied{wrong}"
            )
        for line in _trust_lines(status["trust"]):
            self.stdout.write(line)
        for line in _witness_lines(status["witnesses"]):
            self.stdout.write(line)
        for push in status["pushes"]:
            wrong = f" — {push['error']}: {push['error_detail']}" if push["error"] else ""
            self.stdout.write(
                f"push to {push['peer__node_id']}: {push['acknowledged']} entries there{wrong}"
            )
        for point in status["addresses"]:
            if point["failures"]:
                self.stdout.write(f"address {point['url']} of {point['node_id']}: {point['error']}")
        for name in ("items", "quarantine", "blobs"):
            self.stdout.write(f"{name}: {status[name] or 'none'}")
        self.stdout.write(f"tasks waiting: {status['tasks_waiting']}")
        search = status["search"]
        self.stdout.write(
            f"search: {'STALE' if search['stale'] else 'up to date'}, "
            f"{search['waiting']} pages waiting ({search['oldest_minutes']} minutes), "
            f"{search['missing']} missing, {search['failed']} failed"
        )
        for reason in status["reasons"]:
            self.stdout.write(f"NOT OK: {reason}")


def _trust_lines(trust: dict[str, Any]) -> list[str]:
    lines = [f"trust: {'root pinned' if trust['pinned'] else 'NO ROOT PINNED'}"]
    for role, state in trust["roles"].items():
        lines.append(f"  {role}.json version {state['version']}, good until {state['expires']}")
    if trust["degraded"]:
        lines.append(f"  DEGRADED: {', '.join(trust['degraded'])} ran out; new items only wait")
    for report in trust["distrusted"]:
        lines.append(
            f"  {report['node']} is trusted up to entry {report['trusted']}: "
            f"{report['entries']} entries in quarantine"
        )
        lines += [f"    taken down: {title}" for title in report["taken_down"]]
        lines += [f"    STILL UP, approved by a person: {title}" for title in report["flagged"]]
    return lines


def _witness_lines(witnesses: dict[str, Any]) -> list[str]:
    lines = []
    for row in witnesses["own"]:
        wrong = f" — {row['error']}: {row['error_detail']}" if row["error"] else ""
        seen = row["cosigned_at"] or "never"
        lines.append(f"witness {row['node']}: {row['size']} entries, last on {seen}{wrong}")
    for node, state in witnesses["logs"].items():
        fresh = state["fresh_as_of"] or "never"
        stale = "STALE, " if state["stale"] else ""
        waits = f", {state['waiting']} items wait" if state["waiting"] else ""
        lines.append(
            f"log of {node}: {stale}fresh as of {fresh}, cosigned by {len(state['by'])} "
            f"({', '.join(state['by']) or 'nobody'}) of {state['needed']} needed{waits}"
        )
    for found in witnesses["evidence"]:
        shown = f", shown by {found['seen_at']}" if found["seen_at"] else ""
        lines.append(f"EVIDENCE: {found['log']} signed two histories{shown} ({found['found_at']}):")
        for note in (found["first"], found["second"]):
            lines += [f"  {line}" for line in note.rstrip().split("\n")]
    if witnesses["clock_behind"]:
        lines.append(f"CLOCK: it is behind {witnesses['verified_time']}, which witnesses proved")
    return lines
