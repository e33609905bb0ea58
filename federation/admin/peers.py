"""The other nodes: how contact with them stands, and what an operator decides about them."""

from typing import Any

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from federation.conf import get_conf
from federation.errors import FederationError, FingerprintMismatch
from federation.models import Log, Peer, PeerStatus, Push
from federation.services import enrolment, status, trusting
from federation.tasks import sync_with

from .base import Act, Refused, Screen, Text, tell_error
from .forms import ConfirmForm, InviteForm, JoinForm
from .texts import remedy_for


def own_fingerprint() -> tuple[str, FederationError | None]:
    """Return this node's fingerprint in groups, or why there is none."""
    try:
        return enrolment.own_fingerprint(), None
    except FederationError as error:
        return "", error


def invite_code(invite: str) -> SafeString:
    """Return the invite as a QR code, an SVG to stand in the page."""
    return mark_safe(segno.make(invite, error="l").svg_inline(scale=3, border=4))  # noqa: S308


def own_log_remedy(code: str) -> str:
    """Return what can be done where the own log is signed no further."""
    if code == status.STALLED:
        return _("See that the worker and the scheduler run, and read what they say.")
    return remedy_for(code)


class Peers(Screen):
    any_of = ("manage_peers",)
    template_name = "federation/peers.html"
    header_icon = "group"
    page_title: Text = gettext_lazy("Peers")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        conf = get_conf()
        frozen_logs = dict(Log.objects.exclude(frozen="").values_list("node_id", "frozen"))
        seen = dict(Peer.objects.values_list("node_id", "last_contact_at"))
        failed = Push.objects.exclude(error="").select_related("peer")
        pushes = {row.peer.node_id: row for row in failed}
        labels = dict(PeerStatus.choices)
        memberships = {
            "suspended": _("suspended by the stewards"),
            "revoked": _("revoked by the stewards"),
        }
        peers = []
        for standing in status.peer_standings(conf):
            push = pushes.get(standing.node)
            lag = None if standing.lag_seconds is None else standing.lag_seconds // 60
            peers.append(
                {
                    "standing": standing,
                    "status": labels[standing.status],
                    "membership": memberships.get(standing.membership, ""),
                    "keys_id": f"{standing.node}-keys",
                    "keys_form": ConfirmForm(auto_id=f"{standing.node}_keys_%s"),
                    "pending": standing.status == PeerStatus.PENDING,
                    "frozen": standing.status == PeerStatus.FROZEN,
                    "active": standing.status == PeerStatus.ACTIVE
                    and standing.membership not in memberships,
                    "push": push,
                    "push_remedy": remedy_for(push.error) if push else "",
                    "minutes": lag,
                    "seen": seen.get(standing.node),
                    "behind": standing.log_size - standing.log_applied,
                    "remedy": remedy_for(standing.error),
                    "log_frozen": frozen_logs.get(standing.node, ""),
                    "form": ConfirmForm(auto_id=f"{standing.node}_%s"),
                }
            )
        fingerprint, problem = own_fingerprint()
        own = status.own_log_status(conf)
        return super().get_context_data(
            conf=conf,
            peers=peers,
            trust=status.trust_status(conf),
            fingerprint=fingerprint,
            problem=problem,
            own_log={**own, "remedy": own_log_remedy(own["error"])},
        )


class PeerAct(Act):
    any_of = ("manage_peers",)

    @cached_property
    def peer(self) -> Peer:
        return get_object_or_404(Peer, node_id=self.kwargs["node_id"])

    def back(self, **kwargs: Any) -> str:
        return reverse("federation_admin:peers")

    def turned_on(self) -> bool:
        return self.request.POST.get("on") == "1"


class Fetch(PeerAct):
    def act(self, **kwargs: Any) -> str:
        if self.peer.status != PeerStatus.ACTIVE:
            raise Refused(_("Nothing is fetched from a node that is pending or frozen."))
        sync_with.enqueue(self.peer.node_id)
        return _("Asked for. The worker fetches from %(node)s now; look again in a moment.") % {
            "node": self.peer.node_id
        }


class Confirm(PeerAct):
    def act(self, **kwargs: Any) -> str:
        if self.peer.status != PeerStatus.PENDING:
            raise Refused(_("This node is not waiting for a confirmation."))
        form = ConfirmForm(self.request.POST)
        if not form.is_valid():
            raise Refused(_("That is not a fingerprint: 64 digits and letters from a to f."))
        try:
            enrolment.confirm_peer(self.peer, form.cleaned_data["fingerprint"])
        except FingerprintMismatch as error:
            # The error's own text gives the right one, which must come from the other side.
            raise FingerprintMismatch(
                _("This is not the fingerprint that %(node)s sent.") % {"node": self.peer.node_id},
                item=error.item,
            ) from error
        if self.peer.status == PeerStatus.PENDING:
            return _(
                "The fingerprint is right. The change lies on this hub under trust/changes: "
                "%(node)s is a member once enough stewards have signed it and it is published."
            ) % {"node": self.peer.node_id}
        return _("%(node)s is now a member.") % {"node": self.peer.node_id}


class ConfirmKeys(PeerAct):
    """New keys of a member, for which its old identity key did not vouch."""

    def act(self, **kwargs: Any) -> str:
        form = ConfirmForm(self.request.POST)
        if not form.is_valid():
            raise Refused(_("That is not a fingerprint: 64 digits and letters from a to f."))
        trusting.confirm_keys(self.peer.node_id, form.cleaned_data["fingerprint"])
        return _("The new keys of %(node)s are confirmed.") % {"node": self.peer.node_id}


class Pull(PeerAct):
    def act(self, **kwargs: Any) -> str:
        self.peer.pull = self.turned_on()
        self.peer.save(update_fields=["pull"])
        said = (
            _("%(node)s is fetched from directly.")
            if self.peer.pull
            else _("%(node)s is no longer fetched from directly.")
        )
        return said % {"node": self.peer.node_id}


class Freeze(PeerAct):
    def act(self, **kwargs: Any) -> str:
        if self.peer.status == PeerStatus.PENDING:
            raise Refused(_("This node is not a member yet."))
        frozen = self.turned_on()
        self.peer.status = PeerStatus.FROZEN if frozen else PeerStatus.ACTIVE
        self.peer.save(update_fields=["status"])
        said = (
            _("%(node)s is frozen: nothing but its recalls is fetched from it.")
            if frozen
            else _("%(node)s is no longer frozen.")
        )
        return said % {"node": self.peer.node_id}


class Exchange(Screen):
    """A form by which two nodes come to know each other. What it answers is kept by nobody."""

    any_of = ("manage_peers",)
    header_icon = "mail"
    trail = (("peers", gettext_lazy("Peers")),)
    form_class: type[InviteForm] | type[JoinForm]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        fingerprint, problem = own_fingerprint()
        kwargs.setdefault("form", self.form_class())
        return super().get_context_data(
            conf=get_conf(), fingerprint=fingerprint, problem=problem, **kwargs
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form, found = self.form_class(request.POST), {}
        if form.is_valid():
            try:
                found = self.exchange(form.cleaned_data)
            except FederationError as error:
                tell_error(request, error)
            except Refused as refused:
                form.add_error(None, str(refused))
        response = self.render_to_response(self.get_context_data(form=form, **found))
        response["Cache-Control"] = "no-store"
        return response

    def exchange(self, data: dict[str, Any]) -> dict[str, Any]:
        """Do it and return what to show. Raises FederationError's kinds and Refused."""
        raise NotImplementedError


class Invite(Exchange):
    """Shows an invite once: only the hash of its token is kept."""

    template_name = "federation/invite.html"
    page_title: Text = gettext_lazy("Invite a node")
    form_class = InviteForm

    def exchange(self, data: dict[str, Any]) -> dict[str, Any]:
        conf, node_id = get_conf(), data["node_id"]
        if not conf.relays:
            raise Refused(_("Only a hub can take nodes in, and this node is none."))
        if node_id == conf.NODE_ID:
            raise Refused(_("That is this node's own name."))
        invite = enrolment.create_invite(node_id, conf)
        return {"invite": invite, "code": invite_code(invite)}


class Join(Exchange):
    """Answers a hub's invite. Who answers there must have the fingerprint that the invite gives."""

    template_name = "federation/join.html"
    page_title: Text = gettext_lazy("Join a hub")
    form_class = JoinForm

    def exchange(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"hub": enrolment.join(data["invite"])}
