"""Where a page came from: asked of whoever knows. The playbook itself knows no other node."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from wagtail.models import Page


@dataclass(frozen=True)
class Origin:
    """`node` and `endorsed_by` are names to show; `address` is the SHA-256 of the signed record.

    `is_unverified`: nobody who vouches for it was heard of for longer than its author allows.
    """

    node: str
    version: int
    endorsed_by: tuple[str, ...]
    address: str
    is_local: bool
    is_unverified: bool = False


OriginProvider = Callable[[Page], Origin | None]
_providers: list[OriginProvider] = []


def register_origin_provider(provider: OriginProvider) -> OriginProvider:
    """Add a provider; the first answer counts. Usable as a decorator, from `AppConfig.ready`."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def origin_of(page: Page) -> Origin | None:
    """Return where the page came from, or None when nobody says."""
    for provider in _providers:
        origin = provider(page)
        if origin is not None:
            return origin
    return None


@dataclass(frozen=True)
class Version:
    """One version as it was signed. `is_kept`: its body is still here and can be fetched."""

    number: int
    address: str
    index: int | None
    is_kept: bool


@dataclass(frozen=True)
class Check:
    """Something that was checked just now, whether it holds, and what was found.

    `is_code`: what was found is a hash or a fingerprint, to be compared letter by letter.
    """

    what: str
    holds: bool
    detail: str = ""
    is_code: bool = False


@dataclass(frozen=True)
class Endorser:
    """Who vouches for this version: a node and its role, never a person."""

    node: str
    is_hub: bool
    day: datetime.date
    fingerprint: str
    holds: bool


@dataclass(frozen=True)
class Key:
    """A public key of the node that signed. `fingerprint` is in groups, to be read aloud."""

    purpose: str
    fingerprint: str
    value: str


@dataclass(frozen=True)
class Proof:
    """All that can be said of an item's origin. `record` is where the signed bytes are served."""

    node: str
    is_local: bool
    item_id: str
    language: str
    log: str
    is_retracted: bool
    record: str
    versions: tuple[Version, ...] = ()
    endorsers: tuple[Endorser, ...] = ()
    keys: tuple[Key, ...] = ()
    checks: tuple[Check, ...] = field(default_factory=tuple)


ProofProvider = Callable[[Page], Proof | None]
_proof_providers: list[ProofProvider] = []


def register_proof_provider(provider: ProofProvider) -> ProofProvider:
    if provider not in _proof_providers:
        _proof_providers.append(provider)
    return provider


def proof_of(page: Page) -> Proof | None:
    """Return what can be shown of a page's origin, or None for one that was never shared."""
    for provider in _proof_providers:
        proof = provider(page)
        if proof is not None:
            return proof
    return None


# Why a page that was taken away is not shown, where there is more to say than that it was.
RECALLED = "recalled"
UNVERIFIED = "unverified"

NoticeProvider = Callable[[Page], str]
_notice_providers: list[NoticeProvider] = []


def register_notice_provider(provider: NoticeProvider) -> NoticeProvider:
    if provider not in _notice_providers:
        _notice_providers.append(provider)
    return provider


def notice_of(page: Page) -> str:
    """Return RECALLED or UNVERIFIED for a page that was taken away for that; else nothing."""
    return next((kind for provider in _notice_providers if (kind := provider(page))), "")


class PackSealer(Protocol):
    """Signs what this node hands out as a whole."""

    def state(self) -> str:
        """Return what changes when the members would; empty when this node cannot sign."""

    def members(self, manifest: bytes) -> dict[str, bytes]:
        """Return what to add to a pack: its signature, and what proves the rest. By name."""


_sealers: list[PackSealer] = []


def register_pack_sealer(sealer: PackSealer) -> None:
    if sealer not in _sealers:
        _sealers.append(sealer)


def pack_sealer() -> PackSealer | None:
    return _sealers[0] if _sealers else None
