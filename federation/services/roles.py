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
    ours = Permission.objects.filter(content_type__app_label="federation")
    ids = dict(ours.values_list("codename", "id"))
    granted = Group.permissions.through
    wanted = []
    for name, codenames in GRANTS.items():
        group, _created = Group.objects.get_or_create(name=name)
        wanted += [granted(group=group, permission_id=ids[codename]) for codename in codenames]
    granted.objects.bulk_create(wanted, ignore_conflicts=True)
