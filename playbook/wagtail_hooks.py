"""Registration with Wagtail, and nothing else."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import include, path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.log_actions import LogActionRegistry
from wagtail.snippets.models import register_snippet

from playbook.feedback import admin_urls
from playbook.feedback.admin import DangerousPanel
from playbook.feedback.admin_menu import feedback_menu_item
from playbook.listings import ContentGroup
from playbook.viewsets import TermsViewSetGroup
from playbook.workflows import TRUSTED_ACTION

register_snippet(TermsViewSetGroup)


@hooks.register("register_admin_viewset")
def content_listings() -> ContentGroup:
    return ContentGroup()


@hooks.register("register_admin_urls")
def admin_addresses() -> list[Any]:
    return [path("feedback/", include(admin_urls))]


@hooks.register("register_reports_menu_item")
def feedback_report() -> MenuItem:
    return feedback_menu_item()


@hooks.register("construct_homepage_panels")
def dangerous_pages(request: HttpRequest, panels: list[Any]) -> None:
    panels.append(DangerousPanel())


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
