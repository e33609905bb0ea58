"""What an editor is told of a draft: errors that stop it from being submitted, and plain advice.

A draft can always be saved. What must not reach reviewers is refused when it is submitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.panels import Panel
from wagtail.models import Locale

SHOWN_FIRST = 5
_SAME_LANGUAGE = ("templates", "support", "outcomes", "organisations")


class ItemForm(WagtailAdminPageForm):
    """The form of an item. Its checks run when it is submitted, not when a draft is saved."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _SAME_LANGUAGE:
            if name in self.fields:
                self._offer_one_language(name)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.is_deferred_validation:
            for field, find_error in ERRORS.items():
                message = find_error(cleaned.get(field)) if field in cleaned else None
                if message:
                    self.add_error(field, message)
        return cleaned

    def _offer_one_language(self, name: str) -> None:
        """Offer pages in its own language and in the node's, which translations point at."""
        here = self.instance.locale_id or getattr(self.parent_page, "locale_id", None)
        offered = self.fields[name].queryset.filter(locale__in={here, Locale.get_default().pk})
        self.fields[name].queryset = offered.order_by("title")


def _no_stop_conditions(html: str | None) -> str | None:
    if _is_blank(html):
        return _("Say when to stop. Without it, a play can lead people on into danger.")
    return None


def _expired(day: Any) -> str | None:
    if day and day <= timezone.localdate():
        return _("This day has passed: readers would not see the offer.")
    return None


ERRORS: dict[str, Callable[[Any], str | None]] = {
    "stop_conditions": _no_stop_conditions,
    "expires": _expired,
}


def advice(page: Any) -> list[str]:
    """Return what would make the draft better, in the order in which an editor meets it."""
    return list(_advice(page))


def _advice(page: Any) -> Iterator[str]:
    if hasattr(page, "steps"):
        first = list(page.steps)[:SHOWN_FIRST]
        if any(not step.value["who"] for step in first):
            yield _("One of the first five steps does not say who does it.")
        if first and not any(step.value["dont"] for step in first):
            yield _("None of the first five steps says what not to do.")
    if hasattr(page, "stop_conditions") and _is_blank(page.stop_conditions):
        yield _("There are no stop conditions. It cannot be submitted without them.")
    if getattr(page, "unsafe_if", None) == "" and not _is_blank(page.response):
        yield _("The case does not say when it would be unsafe to do the same.")
    if hasattr(page, "transcript") and page.audio_id is None:
        yield _("There is no audio yet. Directories leave the episode out until there is.")
    if hasattr(page, "review_due") and page.review_due is None:
        yield _("No day is set for the next review. Text that nobody looks at again grows wrong.")
    if getattr(page, "starter_note", False):
        yield _("This is starter text. Have someone who knows the place and its law check it.")
    if getattr(page, "draft_for_native_review", False):
        yield _("A native speaker has not reviewed this translation yet.")


def _is_blank(html: str | None) -> bool:
    return not strip_tags(html or "").strip()


class AdvicePanel(Panel):
    """Advice about the stored draft, above the fields."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "playbook/admin/advice.html"

        def is_shown(self) -> bool:
            return bool(self.instance.pk) and bool(self.advice)

        @property
        def advice(self) -> list[str]:
            return advice(self.instance)
