"""Who may do what to a page. Publishing is nobody's permission: a finished workflow does it."""

from typing import Any

from wagtail.models import PagePermissionTester

EDITORS = "Editors"
SAFETY_REVIEWERS = "Safety reviewers"
PUBLISHERS = "Publishers"
CURATORS = "Curators"
ROLES = (EDITORS, SAFETY_REVIEWERS, PUBLISHERS, CURATORS)


class GatedPagePermissions(PagePermissionTester):
    """Wagtail's answers, but for publishing: no one publishes by hand, superusers included.

    The page permission `publish` still has uses here: taking a page offline in an emergency, and
    ordering or moving pages that are live.
    """

    def can_publish(self) -> bool:
        return False

    def can_publish_subpage(self) -> bool:
        return False

    def can_set_view_restrictions(self) -> bool:
        return False  # a password page sets a cookie on readers

    def can_unpublish(self) -> bool:
        # A colleague's lock must not keep something dangerous online.
        if not self.user.is_active or not self.page.live:
            return False
        return self.user.is_superuser or "publish" in self.permissions

    def can_unschedule(self) -> bool:
        return self.can_edit()


def is_in_group(user: Any, name: str) -> bool:
    return bool(user.is_active and user.groups.filter(name=name).exists())
