"""What the playbook does when something else is saved."""

from collections.abc import Iterable
from typing import Any

from wagtail.models import Page

from playbook import publishing
from playbook.models import GatedPage


def refuse_bare_page(
    sender: type[Page], instance: Page, update_fields: Iterable[str] | None = None, **kwargs: Any
) -> None:
    """Close the side door: a gated page saved as a bare `Page` does not pass its own `save`."""
    model = instance.specific_class
    gated = model is not None and issubclass(model, GatedPage)
    if gated and publishing.would_become_public(instance, update_fields):
        raise publishing.refuse(instance)
