"""Verify an item: what was checked just now, in words for whoever has to decide on it."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from federation.conf import Conf, get_conf
from federation.errors import FederationError
from federation.models import Provenance
from federation.services.examined import Examination, Verdict
from federation.services.examining import examine
from federation.trust import TrustStore
from federation.wire import dsse
from playbook import public

from .base import Refused, Screen, Text, tell_error
from .forms import VerifyFileForm, VerifyForm
from .texts import explained, kind_name, tongue

_ADDRESS = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_SHORT = re.compile(r"/([a-z]{2,3}(?:-[a-z0-9]+)*)/p/([0-9a-f]{10})/?$")

_SAID: dict[Verdict, tuple[Text, Text]] = {
    Verdict.HOLDS: (
        gettext_lazy("All checks hold."),
        gettext_lazy(
            "These are the very words that the node named below signed. Whether they are right and "
            "safe for you, no check can say: read them."
        ),
    ),
    Verdict.OLD: (
        gettext_lazy("All checks hold, but there is a newer version."),
        gettext_lazy("Use the newer one: this one may be out of date."),
    ),
    Verdict.RETRACTED: (
        gettext_lazy("Its author took it back."),
        gettext_lazy("Do not hand it on. Delete copies, and tell those who had it from you."),
    ),
    Verdict.FAILS: (
        gettext_lazy("Do not rely on it: not all checks hold."),
        gettext_lazy("Each check that does not hold says below what that means and what to do."),
    ),
    Verdict.RECALLED: (
        gettext_lazy("Recalled: it endangers people."),
        gettext_lazy(
            "Do not use it and do not hand it on. Delete every copy, and tell those who may have "
            "one."
        ),
    ),
    Verdict.UNKNOWN: (
        gettext_lazy("This node knows nothing of it."),
        gettext_lazy(
            "No log that is followed here names this address. That alone proves nothing: it may be "
            "newer than the last contact, mistyped, or made up. Compare all 64 digits; fetch from "
            "the hub; then ask its author over another channel."
        ),
    ),
}


class Verify(Screen):
    """Asks for an address, a link or a file, and shows what became of the checks."""

    any_of = ("review_items", "adopt_items", "share_page", "manage_peers")
    template_name = "federation/verify.html"
    header_icon = "key"
    page_title: Text = gettext_lazy("Verify an item")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        found, form = None, VerifyForm()
        if "q" in request.GET:
            form = VerifyForm(request.GET)
            if form.is_valid():
                try:
                    conf = get_conf()
                    found = examine(address_in(form.cleaned_data["q"], conf), conf)
                except Refused as refused:
                    form.add_error("q", str(refused))
        return self._answer(form=form, found=found)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Check a file that somebody has. It is read, judged and forgotten."""
        form, found = VerifyFileForm(request.POST, request.FILES), None
        if form.is_valid():
            try:
                data = form.cleaned_data["file"].read(dsse.MAX_ENVELOPE_BYTES + 1)
                given = dsse.Envelope.from_json(data)
                found = examine(given.address, get_conf(), given)
            except FederationError as error:
                tell_error(request, error)
        return self._answer(file_form=form, found=found, from_file=True)

    def _answer(self, **kwargs: Any) -> HttpResponse:
        response = self.render_to_response(self.get_context_data(**kwargs))
        response["Cache-Control"] = "no-store"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", VerifyForm())
        kwargs.setdefault("file_form", VerifyFileForm())
        found = kwargs.get("found")
        return super().get_context_data(**kwargs, **(shown(found) if found else {}))


def shown(found: Examination) -> dict[str, Any]:
    """Return what the template says of an examination beyond its own values."""
    verdict = found.verdict
    title, advice = _SAID[verdict]
    member = found.member
    return {
        "verdict": verdict.value,
        "good": verdict == Verdict.HOLDS,
        "verdict_title": title,
        "advice": advice,
        "kind": kind_name(found.schema) if found.schema else "",
        "tongue": tongue(found.lang) if found.lang else None,
        "checks": explained(found.checks),
        "record_key": _record_key(found),
        "expired": TrustStore(get_conf().trust_dir).expired(),
        "suspended": member is not None and member.status != "active",
    }


def _record_key(found: Examination) -> str:
    if found.member is None or found.index is None:
        return ""
    try:
        return found.member.record_key(found.index).fingerprint_groups
    except FederationError:
        return ""


def address_in(text: str, conf: Conf) -> str:
    """Return the address that somebody typed, pasted or scanned; Refused where there is none.

    Takes 64 digits in groups or not, any text or link that holds them, and the link of a page of
    this site that says where an item comes from.
    """
    plain = text.strip().lower()
    try:
        link = urlsplit(plain)
    except ValueError:  # it looks like a link and is none
        link = urlsplit("")
    short = _SHORT.search(link.path)
    if short:
        return _address_of_link(link.netloc, *short.groups(), conf)
    found = set(_ADDRESS.findall(plain)) or set(_ADDRESS.findall("".join(plain.split())))
    if len(found) == 1:
        return found.pop()
    if found:
        raise Refused(_("There is more than one address in it. Give one at a time."))
    raise Refused(_("That is not an address: 64 digits and letters from a to f."))


def _address_of_link(host: str, lang: str, short: str, conf: Conf) -> str:
    if host and host not in {urlsplit(own).netloc.lower() for own in conf.own_addresses}:
        raise Refused(
            _("That link is of another site. Open it there, and copy the 64 digits of the version.")
        )
    page = public.find(short, lang)
    row = Provenance.objects.filter(page_id=page.pk).first() if page else None
    if page is None:
        raise Refused(_("No page of this site has that link."))
    if row is None:
        raise Refused(_("That page was never shared with other nodes: nothing of it is signed."))
    return row.address


def link_to(address: str) -> str:
    """Return the path of the screen that verifies this address."""
    return f"{reverse('federation_admin:verify')}?q={address}"
