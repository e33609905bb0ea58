"""Sharing, on the page editor: how the page stands, and what its reviewers say."""

from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.panels import ObjectList, Panel, TabbedInterface
from wagtail.models import Page

from federation import mapping

from .base import may
from .share import Standing, notes_for, page_or_404, provenance_of_page


class SharingPanel(Panel):
    """What would leave this node, from the version that readers have; nothing to edit here."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "federation/panels/sharing.html"

        class Media:
            css = {"all": ["federation/admin.css"]}

        def is_shown(self) -> bool:
            return super().is_shown() and bool(self.instance.pk)

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            context = super().get_context_data(parent_context)
            # The editor's object is the newest draft; what leaves is what readers have.
            context["standing"] = Standing(page_or_404(self.instance.pk))
            context["can_share"] = may(self.request.user, "share_page")
            return context


def add_sharing_tab(model: type[Page]) -> None:
    """Give the editor of a page type a tab of its own for sharing."""
    if not hasattr(model, "edit_handler"):
        model.edit_handler = TabbedInterface(
            [
                ObjectList(model.content_panels, heading=gettext_lazy("Content")),
                ObjectList(model.promote_panels, heading=gettext_lazy("Promote")),
                ObjectList(model.settings_panels, heading=gettext_lazy("Settings")),
            ]
        )
    tab = ObjectList([SharingPanel()], heading=gettext_lazy("Sharing"))
    model.edit_handler.children = [*model.edit_handler.children, tab]
    # System checks may have built the editor before; Wagtail 8 may not have given it one yet.
    if hasattr(model, "get_edit_handler"):
        model.get_edit_handler.cache_clear()


def tell_notes(request: HttpRequest, page: Page) -> None:
    """Show the editor what reviewers of other nodes said about the version they have."""
    if request.method != "GET" or not mapping.is_shareable_type(page):
        return
    row = provenance_of_page(page)
    for note in notes_for(row):
        if row and note.target_version == row.version and not note.answered:
            messages.warning(
                request,
                format_html(
                    "<bdi>{}</bdi> <bdi>{}</bdi>",
                    _("%(node)s wrote about version %(version)d:")
                    % {"node": note.reviewer, "version": note.target_version},
                    note.note,
                ),
            )
