"""The members of the federation, as everything above asks for them.

Source: docs/protocol.md, "Names and keys". Whatever holds the directory (exchanged descriptors
now, TUF targets later) answers with these values.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from federation.errors import MemberSuspended, ScopeError, UnknownMember
from federation.wire.keys import PublicKey


@dataclass(frozen=True)
class Endpoint:
    """Where a member answers. `private`: enrolled as loopback or on a private network."""

    url: str
    kind: str = "clearnet"
    private: bool = False


@dataclass(frozen=True)
class KeyPeriod:
    """A key and the log indexes [start, end) at which it was in force; end None: still."""

    key: PublicKey
    start: int = 0
    end: int | None = None


@dataclass(frozen=True)
class Member:
    """One enrolled node: its keys over time, where it answers, what it may say."""

    node_id: str
    log_origin: str
    log_key: PublicKey
    witness_key: PublicKey
    identity_key: PublicKey
    request_key: PublicKey
    record_keys: tuple[KeyPeriod, ...]
    endpoints: tuple[Endpoint, ...]
    languages: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    status: str = "active"

    def record_key(self, index: int) -> PublicKey:
        """Return the record key in force at log index `index`; UnknownMember when none was."""
        for period in self.record_keys:
            if period.start <= index and (period.end is None or index < period.end):
                return period.key
        raise UnknownMember(f"{self.node_id} had no record key at entry {index}.")

    def check_scope(self, schema: str, lang: str | None) -> None:
        """Raise ScopeError where a type or language was not enrolled; empty means any."""
        if self.types and schema not in self.types:
            raise ScopeError(f"{self.node_id} is not enrolled for {schema}.")
        if lang and self.languages and lang not in self.languages:
            raise ScopeError(f"{self.node_id} is not enrolled for the language {lang}.")

    def require_active(self) -> None:
        if self.status != "active":
            raise MemberSuspended(f"{self.node_id} is {self.status}.")


class Directory(Protocol):
    """What `services`, `client` and `api` know of membership."""

    def member(self, node_id: str) -> Member:
        """Return one member, or raise UnknownMember."""

    def members(self) -> Iterable[Member]:
        """Return every member, suspended ones too, ordered by id."""

    def by_request_key(self, keyid: str) -> Member:
        """Return the active member whose request key has this id, or raise UnknownKey."""

    def digest(self) -> str:
        """Return a SHA-256 hex over the directory, equal where two nodes know the same."""
