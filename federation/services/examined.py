"""What verifying one signed statement found: the values that `examining` fills in."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from federation.models import Item, Lease, Provenance, Recall
from federation.trust import Member

from .proofs import Check, Vouch


class Verdict(StrEnum):
    """What a person should make of it, the gravest first."""

    UNKNOWN = "unknown"
    RECALLED = "recalled"
    FAILS = "fails"
    RETRACTED = "retracted"
    OLD = "old"
    HOLDS = "holds"


@dataclass(frozen=True)
class HeadSeen:
    """The newest verified head of a log: entries under it, and when this node saw or signed it."""

    size: int
    root: str
    seen_at: datetime | None
    own: bool


@dataclass(frozen=True)
class LeaseSeen:
    """How long a page here may be shown without a word of those who vouch for it."""

    standing: Lease
    heard_at: datetime | None
    ends_at: datetime | None


@dataclass
class Examination:
    """What is known of one address. `schema` is empty where no bytes of it are here.

    `index` is its place in the log of `origin`; None where no log that is followed here names it.
    `bodied`: the words are here, or came in the file that was given.
    """

    address: str
    origin: str = ""
    schema: str = ""
    title: str = ""
    lang: str = ""
    item_id: str = ""
    version: int | None = None
    index: int | None = None
    bodied: bool = False
    checks: list[Check] = field(default_factory=list)
    vouches: list[Vouch] = field(default_factory=list)
    member: Member | None = None
    head: HeadSeen | None = None
    recalls: list[Recall] = field(default_factory=list)
    retracted: bool = False
    retracted_on: date | None = None
    retract_reason: str = ""
    newest: int | None = None
    lease: LeaseSeen | None = None
    item: Item | None = None
    provenance: Provenance | None = None

    @property
    def known(self) -> bool:
        """Does this node hold it, or does a log that it follows name it?"""
        return self.index is not None or self.item is not None or self.provenance is not None

    @property
    def failed(self) -> int:
        return sum(not check.holds for check in self.checks)

    @property
    def verdict(self) -> Verdict:
        if self.recalls:
            return Verdict.RECALLED
        if not self.known and not self.bodied:
            return Verdict.UNKNOWN
        if self.failed:
            return Verdict.FAILS
        if self.retracted:
            return Verdict.RETRACTED
        if self.newest is not None and self.version is not None and self.newest > self.version:
            return Verdict.OLD
        return Verdict.HOLDS
