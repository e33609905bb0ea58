"""Registration with Wagtail, and nothing else."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import include, path, reverse
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.admin.menu import SubmenuMenuItem
from wagtail.admin.widgets.button import Button
from wagtail.models import Page

from federation import mapping
from federation.admin import urls
from federation.admin.base import may
from federation.admin.menu import federation_menu
from federation.admin.panels import add_sharing_tab, tell_notes
from federation.admin.texts import PAGES

for model in PAGES.values():
    add_sharing_tab(model)


@hooks.register("register_admin_urls")
def admin_urls() -> list[Any]:
    return [path("federation/", include(urls))]


@hooks.register("register_admin_menu_item")
def menu_item() -> SubmenuMenuItem:
    return federation_menu()


@hooks.register("before_edit_page")
def notes_on_editor(request: HttpRequest, page: Page) -> None:
    tell_notes(request, page)


@hooks.register("register_page_header_buttons")
def sharing_button(
    page: Page, user: Any, view_name: str, next_url: str | None = None
) -> Iterator[Button]:
    if may(user, "share_page") and mapping.is_shareable_type(page):
        address = reverse("federation_admin:share", args=[page.pk])
        yield Button(_("Sharing"), address, icon_name="upload", priority=70)
