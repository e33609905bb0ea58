"""Where a page came from: asked of whoever knows. The playbook itself knows no other node."""

from collections.abc import Callable
from dataclasses import dataclass

from wagtail.models import Page


@dataclass(frozen=True)
class Origin:
    """`node` and `endorsed_by` are names to show; `address` is that of the item at its origin."""

    node: str
    version: int
    endorsed_by: tuple[str, ...]
    address: str
    is_local: bool


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
