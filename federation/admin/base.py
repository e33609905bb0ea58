"""What all screens and all acts of the Federation menu have in common."""

import logging
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from wagtail.admin import messages
from wagtail.admin.auth import permission_denied
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from federation.errors import FederationError

logger = logging.getLogger(__name__)
Text = str | Promise


def may(user: AbstractBaseUser | AnonymousUser, *codenames: str) -> bool:
    """Has this person at least one of the federation's permissions named here?"""
    return any(user.has_perm(f"federation.{codename}") for codename in codenames)  # type: ignore[union-attr]


class Guarded(View):
    """A view for whoever has one of the permissions `any_of`; others are sent home, told why."""

    any_of: ClassVar[tuple[str, ...]] = ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.allows(request.user):
            return permission_denied(request)
        return super().dispatch(request, *args, **kwargs)  # type: ignore[return-value]

    def allows(self, user: Any) -> bool:
        return may(user, *self.any_of)


class Screen(WagtailAdminTemplateMixin, Guarded):
    """A page to look at, under the Federation menu."""

    header_icon = "site"
    trail: ClassVar[tuple[tuple[str, Text], ...]] = ()

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(**kwargs))

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        above = [
            {"url": reverse(f"federation_admin:{name}"), "label": label}
            for name, label in self.trail
        ]
        return [*self.breadcrumbs_items, *above, {"url": "", "label": self.get_page_title()}]


class Refused(Exception):
    """An act that makes no sense as things stand; its text is for the person who tried."""


class Act(Guarded):
    """A POST that does one thing, says what came of it, and goes back where it came from."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            done = self.act(**kwargs)
        except FederationError as error:
            tell_error(request, error)
        except Refused as refused:
            messages.warning(request, str(refused))
        else:
            messages.success(request, done, buttons=self.buttons(**kwargs))
        return redirect(self.back(**kwargs))

    def act(self, **kwargs: Any) -> str:
        """Do it and return what to say. Raises FederationError's kinds and Refused."""
        raise NotImplementedError

    def back(self, **kwargs: Any) -> str:
        """Return the address to go to afterwards."""
        raise NotImplementedError

    def buttons(self, **kwargs: Any) -> list[Any] | None:
        """Return what the person may want to do next, as Wagtail's message buttons."""
        return None


def tell_error(request: HttpRequest, error: FederationError) -> None:
    """Say what happened, what can be done about it, and the code to look it up by."""
    logger.warning("refused in the admin: %s: %s", error.code, error)
    messages.error(
        request,
        format_html(
            '<bdi>{}</bdi> <span dir="auto">{}</span> {} <code dir="ltr">{}</code>',
            str(error),
            gettext(error.remedy),
            _("Error:"),
            error.code,
        ),
    )
