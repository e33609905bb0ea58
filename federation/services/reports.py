"""What a pull or an import did, as a value for commands, screens and tests."""

from dataclasses import dataclass, field
from typing import Any

from federation.errors import FederationError


@dataclass
class SyncReport:
    """What one pull did: applied entries by log, and the errors met, by what they were about.

    `recalls_alone`: the peer is frozen, and nothing but its recalls was looked for.
    """

    peer: str
    applied: dict[str, int] = field(default_factory=dict)
    errors: list[tuple[str, FederationError]] = field(default_factory=list)
    decided: int = 0
    changed: bool = False
    recalls_alone: bool = False

    @property
    def ok(self) -> bool:
        return not self.errors

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        errors = [
            {"about": about, "error": error.code, "detail": str(error), "remedy": error.remedy}
            for about, error in self.errors
        ]
        return {
            "peer": self.peer,
            "ok": self.ok,
            "applied": self.applied,
            "decided": self.decided,
            "recalls_alone": self.recalls_alone,
            "errors": errors,
        }
