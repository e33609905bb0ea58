"""The one door to a live page: a pass for one revision, used up by publishing it.

Wagtail has many ways to make a page live and may gain more. None of them is trusted: a gated page
asks here, at the moment its row would become public, whether this very revision may.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from wagtail.models import Page, Revision

_pass: ContextVar[int | None] = ContextVar("playbook_publishing_pass", default=None)
_layout: ContextVar[bool] = ContextVar("playbook_publishing_layout", default=False)


Bar = Callable[["Page"], str]
_bars: list[Bar] = []


class PublicationRefused(PermissionDenied):
    """A page would have become public without the approvals that it needs."""


@contextmanager
def pass_for(revision: "Revision") -> Iterator[None]:
    """Let exactly this revision through the gate, while the block lasts."""
    token = _pass.set(revision.pk)
    try:
        yield
    finally:
        _pass.reset(token)


@contextmanager
def layout() -> Iterator[None]:
    """Let pages without a revision through: the empty first pages that setting up a site makes."""
    token = _layout.set(True)
    try:
        yield
    finally:
        _layout.reset(token)


def may_publish(revision_id: int | None) -> bool:
    """Whether this revision has a pass, or, without a revision, the site is being laid out."""
    if revision_id is None:
        return _layout.get()
    return _pass.get() == revision_id


def register_bar(bar: Bar) -> Bar:
    """Add somebody who may know why a page must not be published; called from `AppConfig.ready`."""
    if bar not in _bars:
        _bars.append(bar)
    return bar


def require_no_bar(page: "Page") -> None:
    """Raise PublicationRefused where anybody bars the page: no approval counts against it."""
    for bar in _bars:
        reason = bar(page)
        if reason:
            raise PublicationRefused(reason)


def would_become_public(page: "Page", update_fields: Iterable[str] | None = None) -> bool:
    """Whether saving this row would show readers a revision that has no pass. One query at most."""
    if not page.live or may_publish(page.live_revision_id):
        return False
    if update_fields is not None and not {"live", "live_revision"} & set(update_fields):
        return False
    stored = type(page)._base_manager.filter(pk=page.pk).values_list("live", "live_revision_id")
    return stored.first() != (True, page.live_revision_id)


def refuse(page: "Page") -> PublicationRefused:
    """Return the error to raise, with what to do instead."""
    return PublicationRefused(
        _(
            "“%(title)s” was not published. Submit it: it goes live when a safety reviewer "
            "and a publisher have approved this version."
        )
        % {"title": page.title}
    )
