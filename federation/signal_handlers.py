"""What the federation does when a page changes: handlers alone, connected in `apps`."""

from typing import Any

from wagtail.models import Page, PageViewRestriction

from federation.services import publishing, retracting


def share_published_page(sender: type[Page], instance: Page, **kwargs: Any) -> None:
    """A version went live: share it where that was chosen for the page."""
    publishing.share_if_chosen(instance)


def retract_unpublished_page(sender: type[Page], instance: Page, **kwargs: Any) -> None:
    """A page was taken offline: take it back from everyone."""
    retracting.retract_page(instance, "Its author took it offline.")


def retract_deleted_page(sender: type[Page], instance: Page, **kwargs: Any) -> None:
    """A page is about to be deleted: take it back while its provenance is known."""
    retracting.retract_page(instance, "Its author deleted it.")


def retract_restricted_pages(
    sender: type[PageViewRestriction], instance: PageViewRestriction, **kwargs: Any
) -> None:
    """A page was made private, with all below it: take back what of it was shared."""
    retracting.retract_private(instance.page.path)


def retract_moved_pages(sender: type[Page], instance: Page, **kwargs: Any) -> None:
    """A page was moved: below a private one, take back what of it was shared."""
    retracting.retract_private(instance.path)
