"""Registration with Wagtail, and nothing else."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.log_actions import LogActionRegistry
from wagtail.snippets.models import register_snippet

from playbook.viewsets import TermsViewSetGroup
from playbook.workflows import TRUSTED_ACTION

register_snippet(TermsViewSetGroup)


@hooks.register("register_log_actions")
def register_log_actions(actions: LogActionRegistry) -> None:
    actions.register_action(
        TRUSTED_ACTION, _("Publish without workflow"), _("Published without the workflow")
    )


@hooks.register("insert_global_admin_css")
def editor_css() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("playbook/editor.css"))


@hooks.register("construct_page_action_menu")
def reviewers_first_action(menu_items: list[Any], request: HttpRequest, context: Any) -> None:
    """Put approving before saving: a reviewer who saves a change becomes an author."""
    menu_items.sort(key=lambda item: getattr(item, "name", "") != "approve")
