"""How a page goes live: the last step of the workflow, or a trusted route that says why.

Wagtail imports this module while its own models load, so it takes models from the registry.
"""

from typing import Any

from django.apps import apps
from django.db import transaction
from wagtail.log_actions import log

from playbook import publishing

WORKFLOW_NAME = "Publication"
TRUSTED_ACTION = "playbook.publish_trusted"


@transaction.atomic
def publish_approved_revision(workflow_state: Any, user: Any = None) -> None:
    """Publish the revision that the safety reviewer and the publisher both approved.

    Raises PublicationRefused, and undoes the approval, when a later edit or anything else stands
    between the two: then nothing is published.
    """
    page = workflow_state.content_object.specific
    revision = page.get_latest_revision()
    redaction_check = apps.get_model("playbook", "RedactionCheck")
    if revision is None or not redaction_check.approves(workflow_state, revision):
        raise publishing.refuse(page)
    with publishing.pass_for(revision):
        revision.publish(user=user, skip_permission_checks=True)


@transaction.atomic
def publish_trusted(revision: Any, *, reason: str) -> None:
    """Publish without the workflow, for content that was approved elsewhere or ships with us.

    The reason is kept in the page's history. Raises ValueError without one, PublicationRefused
    for a withdrawn page.
    """
    if not reason.strip():
        raise ValueError("publish_trusted: say why this revision needs no workflow")
    with publishing.pass_for(revision):
        revision.publish(log_action=False, skip_permission_checks=True)
    log(
        instance=revision.content_object,
        action=TRUSTED_ACTION,
        revision=revision,
        data={"reason": reason},
        content_changed=True,
    )
