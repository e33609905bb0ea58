"""Names for what the rows hold as codes: languages, kinds of item, errors."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from federation.errors import FederationError, all_errors
from federation.models import Policy
from federation.services.proofs import Check
from playbook.models import CasePage, PlayPage

PAGES: dict[str, type[Page]] = {"play/1": PlayPage, "case/1": CasePage}

EXPLAINED: dict[str, Promise] = {
    Policy.IGNORE: _("Verified and kept, but shown to nobody here."),
    Policy.STAGE: _("Waits in the inbox until a person decides."),
    Policy.DRAFT: _("Becomes a draft here. It goes live only through the workflow."),
    Policy.PUBLISH: _(
        "Goes live without anyone here looking, once the hub has endorsed that very version. "
        "Until then it waits in the inbox. If the endorsement is withdrawn, it is taken offline."
    ),
}

_HEX = re.compile(r"[0-9a-f ]{32,}")

# What it means that a check does not hold, by the check's name.
MEANS: dict[str, Promise] = {
    "form": _("These bytes are no statement that this software can read."),
    "address": _("The text was changed after it was signed, here or on the way."),
    "signature": _("The node that it names did not sign these words, or with a key not its own."),
    "file": _("Nobody who may say this has signed this file: anybody could have made it."),
    "identity": _("The signed text is another item or version than it is shown as here."),
    "log-entry": _("Its author's log does not say this: others may have been told something else."),
    "trusted": _("Its author's keys may have been in other hands when this was said."),
    "log-head": _("What this node holds of that log is not what its author signed."),
    "media": _("A picture or file that belongs to it is missing, or is another one."),
}


@dataclass(frozen=True)
class Shown:
    """A check for the screen: with what it means that it fails, and what to do; else empty."""

    check: Check
    means: str = ""
    remedy: str = ""

    @property
    def is_hex(self) -> bool:
        """Is what was found an address or a fingerprint? Such runs from left to right."""
        return bool(_HEX.fullmatch(self.check.detail))


def explained(checks: Iterable[Check]) -> list[Shown]:
    """Return the checks as the template shows them."""
    return [
        Shown(check)
        if check.holds
        else Shown(check, str(MEANS.get(check.name, "")), remedy_for(check.code))
        for check in checks
    ]


@dataclass(frozen=True)
class Tongue:
    """A language: its code, its name in its own script, and the `dir` of texts in it."""

    code: str
    name: str
    direction: str


def tongue(code: str) -> Tongue:
    """Return what is known of a language; an unknown one keeps its code and `auto`."""
    names = dict(settings.LANGUAGES)
    try:
        info = get_language_info(code)
    except KeyError:
        known = code.split("-")[0] in settings.LANGUAGES_BIDI
        return Tongue(code, str(names.get(code, code)), "rtl" if known else "auto")
    name = str(names.get(code, info["name_local"]))
    return Tongue(code, name, "rtl" if info["bidi"] else "ltr")


def kind_name(schema: str) -> str:
    """Return what people call an item of this schema; the schema itself where nobody does."""
    if schema in PAGES:
        return str(capfirst(PAGES[schema]._meta.verbose_name))
    return gettext("Term") if schema == "term/1" else schema or gettext("unknown")


def kind_of_page(page: Page) -> str:
    return str(capfirst(page.specific_class._meta.verbose_name))


def error_class(code: str) -> type[FederationError] | None:
    return next((cls for cls in all_errors() if cls.code == code), None)


def remedy_for(code: str) -> str:
    """Return what can be done about an error of this code; empty for a code nobody raises."""
    cls = error_class(code)
    return gettext(cls.remedy) if cls else ""
