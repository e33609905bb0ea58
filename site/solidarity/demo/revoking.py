"""The stewards revoke a node gone bad: every other node learns it with its next pull.

In the demo the stewards' keys lie on the hub (one of one). They propose and sign here, as they
would with a stick, and the hub publishes with its own command.
"""

import subprocess
import sys
from pathlib import Path

from federation.errors import MemberSuspended
from federation.services.trusting import STEWARDS, sign_here, write_change
from federation.trust import DescriptorDirectory, Repository
from federation.trust.proposals import propose_status
from solidarity.demo.acts import Acts, read
from solidarity.demo.hostile import NODE_ID, replay
from solidarity.demo.people import StepFailed, until
from solidarity.demo.plan import BASE_DIR, Node

STAMP = "/federation/v1/trust/metadata/timestamp.json"


class Revoking(Acts):
    """The step `revoke`, and its undoing when the demo is run again in the same folder."""

    def enrol(self) -> None:
        super().enrol()
        if self._member_status(self.hub) == "revoked":
            self._decide("active")
            for node in (self.first, self.second):
                self._await_news(node)

    def revoke(self) -> tuple[str, list[str]]:
        """Revoke the relay; check at the hub and both coalitions that it is heard no more."""
        self._decide("revoked")
        for node in (self.first, self.second):
            self._await_news(node)
        address = self.relay.forge_endorsement(self.target)
        self.fetch(self.second, NODE_ID)
        admin = self.person(self.second, "admin")
        until(
            "the refusal at Baobab",
            lambda: MemberSuspended.code in admin.get("/admin/federation/peers/").get_text(" "),
        )
        if self.quarantined(address):
            raise StepFailed("something more was taken from the revoked node")
        status, _second, problem = replay(self.hub, self.relay.keys)
        if status < 400 or problem != MemberSuspended.code:
            raise StepFailed(f"the hub answered it with {status} {problem}")
        return "The stewards revoke the relay. Every node learns it with its next pull.", [
            "targets: signed, 1 of 1",
            "revoked at hub, cedar, baobab",
            f"refused: {MemberSuspended.code}",
            "nothing more taken",
        ]

    def _decide(self, status: str) -> None:
        trust = _trust(self.hub)
        repository = Repository(trust / "repository", trust.parent / "keys")
        change = propose_status(repository, NODE_ID, status)
        sign_here(change, trust.parent / "keys" / STEWARDS)
        path = write_change(change, self.folder / f"{NODE_ID}-{status}.change")
        done = subprocess.run(
            [sys.executable, str(BASE_DIR / "manage.py"), "federation_trust", "publish", str(path)],
            env=self.hub.environment, cwd=BASE_DIR, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise StepFailed(f"the hub did not publish it: {done.stderr[-500:]}")

    def _await_news(self, node: Node) -> None:
        """Wait until a node serves what the hub serves: it has verified and taken it in."""
        self.fetch(node, self.hub.id)
        newest = read(self.hub.url + STAMP)
        until(f"the stewards' word at {node.id}", lambda: read(node.url + STAMP) == newest)

    def _member_status(self, node: Node) -> str:
        return DescriptorDirectory(_trust(node)).member(NODE_ID).status


def _trust(node: Node) -> Path:
    return node.folder / "federation" / "trust"
