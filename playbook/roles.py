"""The groups, what each may do, and the workflow between them."""

from django.contrib.auth.models import Group, Permission
from wagtail.models import (
    Collection,
    GroupApprovalTask,
    GroupCollectionPermission,
    GroupPagePermission,
    Page,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from playbook.models import PublisherTask, SafetyCheckTask
from playbook.permissions import CURATORS, EDITORS, PUBLISHERS, ROLES, SAFETY_REVIEWERS
from playbook.workflows import WORKFLOW_NAME

# `publish` lets nobody publish (see permissions.GatedPagePermissions): it takes pages offline.
PAGE_PERMISSIONS = {
    EDITORS: ["add", "change"],
    SAFETY_REVIEWERS: ["publish", "lock", "unlock"],
    PUBLISHERS: ["change", "publish", "lock", "unlock"],
    CURATORS: [],
}
FILE_PERMISSIONS = {
    EDITORS: [
        "wagtailimages.add_image", "wagtailimages.change_image", "wagtailimages.choose_image",
        "wagtaildocs.add_document", "wagtaildocs.change_document", "wagtaildocs.choose_document",
        # Audio knows no permission to choose alone, and changing a file changes a live episode.
        "wagtailmedia.add_media", "wagtailmedia.change_media",
    ],
    SAFETY_REVIEWERS: ["wagtailimages.choose_image", "wagtaildocs.choose_document"],
    PUBLISHERS: ["wagtailimages.choose_image", "wagtaildocs.choose_document"],
    CURATORS: [],
}  # fmt: skip
TERM_PERMISSIONS = [
    f"playbook.{act}_{kind}"
    for act in ("add", "change")
    for kind in ("threat", "mechanism", "sector", "dimension")
]
FEEDBACK_PERMISSIONS = ["playbook.view_feedback", "playbook.change_feedback"]
SITE_PERMISSIONS = {
    EDITORS: [
        *TERM_PERMISSIONS, *FEEDBACK_PERMISSIONS, "wagtail_localize.submit_translation",
    ],
    SAFETY_REVIEWERS: FEEDBACK_PERMISSIONS,
    PUBLISHERS: FEEDBACK_PERMISSIONS,
    CURATORS: [],
}  # fmt: skip


def prepare_roles(homes: list[Page]) -> None:
    """Make the groups and the workflow, and put the pages under them."""
    _remove_stock_roles()
    groups = {name: Group.objects.get_or_create(name=name)[0] for name in ROLES}
    for name, group in groups.items():
        wanted = ["wagtailadmin.access_admin", *SITE_PERMISSIONS[name]]
        group.permissions.add(*[_permission(key) for key in wanted])
        for key in FILE_PERMISSIONS[name]:
            GroupCollectionPermission.objects.get_or_create(
                group=group,
                collection=Collection.get_first_root_node(),
                permission=_permission(key),
            )
    _workflow(groups)
    grant_pages(homes)


def grant_pages(homes: list[Page]) -> None:
    """Give the groups their page permissions under these homes, and the homes the workflow."""
    workflow = Workflow.objects.get(name=WORKFLOW_NAME)
    for home in homes:
        WorkflowPage.objects.update_or_create(page=home, defaults={"workflow": workflow})
        for name, acts in PAGE_PERMISSIONS.items():
            group = Group.objects.get(name=name)
            for act in acts:
                GroupPagePermission.objects.get_or_create(
                    group=group, page=home, permission=_permission(f"wagtailcore.{act}_page")
                )


def _permission(key: str) -> Permission:
    app_label, codename = key.split(".")
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)


def _workflow(groups: dict[str, Group]) -> None:
    workflow, made = Workflow.objects.get_or_create(name=WORKFLOW_NAME)
    if not made:
        return
    tasks = [
        (SafetyCheckTask, "Safety check", SAFETY_REVIEWERS),
        (PublisherTask, "Publisher", PUBLISHERS),
    ]
    for order, (model, name, group) in enumerate(tasks):
        task = model.objects.create(name=name)
        task.groups.add(groups[group])
        WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=order)


def _remove_stock_roles() -> None:
    """Wagtail starts with a one-step workflow and with groups that may publish everything."""
    Workflow.objects.filter(name="Moderators approval").delete()
    GroupApprovalTask.objects.filter(name="Moderators approval").delete()
    Group.objects.filter(name="Moderators", user__isnull=True).delete()
    GroupPagePermission.objects.filter(page__depth=1, group__name=EDITORS).delete()
