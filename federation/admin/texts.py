"""Names for what the rows hold as codes: languages, kinds of item, errors."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from federation.errors import FederationError, all_errors
from federation.models import Policy
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
