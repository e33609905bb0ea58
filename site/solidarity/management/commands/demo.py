"""Three nodes on this machine, and a play that travels between them, told as it happens."""

import json
import signal
import threading
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from solidarity.demo.build import DemoError
from solidarity.demo.people import StepFailed
from solidarity.demo.plan import BASE_DIR, Node, plan, ports
from solidarity.demo.processes import require_free_ports, running
from solidarity.demo.story import Exchange, Step


class Command(BaseCommand):
    requires_system_checks = ()  # those of each node run with its own settings
    help = "Run a hub and two coalitions and perform the exchange between them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="end after the exchange")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument("--dir", type=Path, default=BASE_DIR / "demo", help="where it lies")
        parser.add_argument("--port-base", type=int, default=8800, help="the first of four ports")

    def handle(self, *args: Any, **options: Any) -> None:
        self.as_json: bool = options["json"]
        folder: Path = options["dir"].resolve()
        nodes = plan(folder, options["port_base"])
        started = time.monotonic()
        # SIGINT too: what a shell starts in the background has it ignored.
        for end in (signal.SIGINT, signal.SIGTERM):
            signal.signal(end, signal.default_int_handler)
        try:
            require_free_ports(ports(nodes))
            self.say("Making the nodes (the first time takes a little longer)…")
            with running(nodes):
                failed = self.exchange(nodes, folder, started)
                if not options["once"]:
                    self.wait()
        except (DemoError, StepFailed) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            failed = False
        if failed:
            raise CommandError("A step of the exchange failed.")

    def exchange(self, nodes: Sequence[Node], folder: Path, started: float) -> bool:
        """Perform and tell the exchange; return whether a step failed."""
        hub, first, second = nodes
        exchange = Exchange(hub, first, second, folder)
        steps: list[Step] = []
        try:
            exchange.enrol()
            for step in exchange.steps():
                steps.append(step)
                self.tell(step)
        finally:
            exchange.close()
        failed = not all(step.ok for step in steps)
        self.finish(nodes, steps, time.monotonic() - started)
        return failed

    def say(self, text: str) -> None:
        if not self.as_json:
            self.stdout.write(text)
            self.stdout.flush()

    def tell(self, step: Step) -> None:
        if self.as_json:
            self.stdout.write(json.dumps(asdict(step), ensure_ascii=False))
            self.stdout.flush()
            return
        self.say(f"{'ok  ' if step.ok else 'FAIL'} {step.step:16} {step.said or step.error}")
        if step.verified:
            self.say(f"{'':22}verified: {', '.join(step.verified)}")

    def finish(self, nodes: Sequence[Node], steps: Sequence[Step], seconds: float) -> None:
        """Print the totals and where everything is; flushed, since what follows is waiting."""
        passed = sum(step.ok for step in steps)
        listed = [
            {
                "id": node.id,
                "url": f"{node.url}/{node.languages[0]}/",
                "admin_url": f"{node.url}/admin/",
                "languages": list(node.languages),
                "username": "admin",
                "password": node.password,
            }
            for node in nodes
        ]
        if self.as_json:
            totals = {
                "ok": passed == len(steps),
                "passed": passed,
                "failed": len(steps) - passed,
                "seconds": round(seconds, 1),
                "nodes": listed,
            }
            self.stdout.write(json.dumps(totals, ensure_ascii=False))
            self.stdout.flush()
            return
        self.say(f"\n{passed} of {len(steps)} steps in {seconds:.0f} s.\n")
        for node, entry in zip(nodes, listed, strict=True):
            self.say(f"{node.name}: {entry['url']}   admin: {entry['admin_url']}")
            self.say(f"   languages {', '.join(node.languages)}; password {node.password}")
        self.say("   logins everywhere: editor, safety, publisher, curator, admin\n")

    def wait(self) -> None:
        self.say("Everything stays up until you press Ctrl-C.")
        threading.Event().wait()
