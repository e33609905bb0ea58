"""The Federation menu: each entry only for those who may open it."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem

from federation.models import Item

from .base import Text, may
from .bundles import Bundles
from .inbox import Inbox
from .notes import Notes
from .peers import Peers
from .quarantine import QuarantineScreen
from .recalls import Recalls
from .shared import Shared
from .subscriptions import Subscriptions
from .verify import Verify

_SCREENS = (
    ("inbox", Inbox),
    ("shared", Shared),
    ("notes", Notes),
    ("peers", Peers),
    ("subscriptions", Subscriptions),
    ("verify", Verify),
    ("recalls", Recalls),
    ("quarantine", QuarantineScreen),
    ("bundles", Bundles),
)


class ScreenItem(MenuItem):
    """A link to one screen, shown to whoever that screen allows."""

    def __init__(self, label: Text, url: str, any_of: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(label, url, **kwargs)
        self.any_of = any_of

    def is_shown(self, request: HttpRequest) -> bool:
        return may(request.user, *self.any_of)


class InboxItem(ScreenItem):
    """The inbox, with how many items wait in it."""

    def render_component(self, request: HttpRequest) -> Any:
        component = super().render_component(request)
        waiting = Item.objects.inbox().count()
        if waiting:
            component.label = f"{self.label} ({waiting})"
        return component


def federation_menu() -> SubmenuMenuItem:
    items = [
        (InboxItem if name == "inbox" else ScreenItem)(
            screen.page_title,
            reverse(f"federation_admin:{name}"),
            screen.any_of,
            name=f"federation-{name}",
            icon_name=screen.header_icon,
            order=order,
        )
        for order, (name, screen) in enumerate(_SCREENS)
    ]
    return SubmenuMenuItem(
        _("Federation"), Menu(items=items), name="federation", icon_name="site", order=250
    )
