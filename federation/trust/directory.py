"""The members of the federation, as everything above asks for them.

Source: docs/protocol.md, "Names and keys". Whatever holds the directory (verified TUF targets, or
descriptors where no root is pinned) answers with these values.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from federation.errors import (
    AfterLastTrusted,
    MemberSuspended,
    ScopeError,
    UnknownMember,
    WrongKey,
)
from federation.wire import checkpoint
from federation.wire.checkpoint import Checkpoint
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
class LastTrusted:
    """The last head that stewards trust of a node that was taken over: entries, root as hex."""

    size: int
    root: str


@dataclass(frozen=True)
class Member:
    """One enrolled node: its keys over time, where it answers, what it may say.

    `log_keys` and `identity_keys` are empty where there was only ever one. The caps are None where
    the receiver's own settings count.
    """

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
    log_keys: tuple[KeyPeriod, ...] = ()
    last_trusted: LastTrusted | None = None
    max_entries: int | None = None
    max_entries_per_day: int | None = None
    identity_keys: tuple[KeyPeriod, ...] = ()

    def identity_key_at(self, index: int) -> PublicKey:
        """Return the identity key in force at log index `index`; UnknownMember when none was."""
        return self._in_force(self.identity_keys or (KeyPeriod(self.identity_key),), index)

    @property
    def witness_name(self) -> str:
        """The name under which it cosigns: `<origin>/witness`."""
        return f"{self.log_origin}/witness"

    def record_key(self, index: int) -> PublicKey:
        """Return the record key in force at log index `index`; UnknownMember when none was."""
        return self._in_force(self.record_keys, index)

    def _in_force(self, periods: tuple[KeyPeriod, ...], index: int) -> PublicKey:
        for period in periods:
            if period.start <= index and (period.end is None or index < period.end):
                return period.key
        raise UnknownMember(f"{self.node_id} had no such key at entry {index}.")

    def open_head(self, note: bytes) -> Checkpoint:
        """Return a signed head of this member's log, by the log key in force at its size.

        A head at which keys changed may be by either. Raises MalformedCheckpoint, WrongLogOrigin
        or WrongKey.
        """
        wrong: WrongKey | None = None
        for period in reversed(self.log_keys or (KeyPeriod(self.log_key),)):
            try:
                head = checkpoint.open_checkpoint(note, self.log_origin, period.key)
            except WrongKey as error:
                wrong = wrong or error
                continue
            if period.start <= head.size and (period.end is None or head.size <= period.end):
                return head
            raise WrongKey(
                f"The key of {self.node_id} that signed a head of {head.size} entries was "
                f"not in force then.",
                item=self.node_id,
            )
        raise wrong or WrongKey(item=self.node_id)

    @property
    def trusted_size(self) -> int | None:
        """How many entries of its log are trusted; None: all. Revoked without a word: none."""
        if self.last_trusted is not None:
            return self.last_trusted.size
        return 0 if self.status == "revoked" else None

    def require_trusted(self, index: int) -> None:
        """Raise AfterLastTrusted for an entry that stewards no longer trust."""
        size = self.trusted_size
        if size is not None and index >= size:
            raise AfterLastTrusted(
                f"Entry {index} of {self.node_id} stands after the last trusted one ({size} are).",
                item=self.node_id,
            )

    def check_scope(self, schema: str, lang: str | None) -> None:
        """Raise ScopeError where a type or language was not enrolled; empty means any."""
        if self.types and schema not in self.types:
            raise ScopeError(f"{self.node_id} is not enrolled for {schema}.")
        if lang and self.languages and lang not in self.languages:
            raise ScopeError(f"{self.node_id} is not enrolled for the language {lang}.")

    def require_active(self) -> None:
        if self.status != "active":
            raise MemberSuspended(f"{self.node_id} is {self.status}.", item=self.node_id)


class Directory(Protocol):
    """What `services`, `client` and `api` know of membership."""

    def member(self, node_id: str) -> Member:
        """Return one member, or raise UnknownMember."""

    def members(self) -> Iterable[Member]:
        """Return every member, suspended ones too, ordered by id."""

    def by_request_key(self, keyid: str, *, suspended_too: bool = False) -> Member:
        """Return the active member whose request key has this id, or raise UnknownKey.

        Raises MemberSuspended for one that is revoked, or suspended unless asked otherwise.
        """

    def digest(self) -> str:
        """Return a SHA-256 hex over the directory, equal where two nodes know the same."""
