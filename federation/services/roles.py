"""Which of the playbook's groups may do what in the federation."""

from django.contrib.auth.models import Group, Permission

from playbook.permissions import CURATORS, EDITORS, PUBLISHERS

GRANTS = {
    CURATORS: ("review_items", "adopt_items", "recall_items"),
    PUBLISHERS: ("share_page", "adopt_items", "recall_items"),
    EDITORS: ("adopt_items",),
}


def grant_roles() -> None:
    """Give each group its permissions; safe to repeat, takes none away."""
    for name, codenames in GRANTS.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(
            *Permission.objects.filter(content_type__app_label="federation", codename__in=codenames)
        )
