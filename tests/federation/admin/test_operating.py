"""What an operator does: peers, invites, quarantine, subscriptions."""

import pytest
import segno
from bs4 import BeautifulSoup
from django.contrib.messages import get_messages
from django.urls import reverse

from federation.conf import get_conf
from federation.models import (
    Blob,
    BlobState,
    Invite,
    Log,
    Peer,
    PeerStatus,
    Policy,
    Quarantine,
    Subscription,
)
from federation.services import enrolment, trusting
from federation.services.enrolment import InviteText, own_fingerprint
from federation.trust import DescriptorDirectory, TrustStore
from federation.trust.proposals import propose_status
from tests.federation.builders import ForeignNode
from tests.federation.stewards import rooted

BAD = "<script>alert(1)</script>"


@pytest.fixture
def operator(login, node):
    return login("admin")


@pytest.fixture
def hub(hub):
    """Start the hub's repository, with the stewards' keys on the hub."""
    return rooted(hub)


@pytest.fixture
def applicant(node, tmp_path):
    """Return a node that asks to join and whose fingerprint nobody has compared."""
    other = ForeignNode("fig", tmp_path, enrolled=False)
    Peer.objects.create(node_id="fig", descriptor=other.descriptor, pull=True)
    return other


def post(client, name, *args, **data):
    return client.post(reverse(f"federation_admin:{name}", args=args), data)


def screen(client, name, *args):
    return client.get(reverse(f"federation_admin:{name}", args=args)).content.decode()


def said(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def enqueued(tasks) -> list[str]:
    return [result.args[0] for result in tasks]


def test_peers_are_shown_with_what_is_wrong_and_what_to_do(operator, other):
    Peer.objects.update(error="peer.timeout", error_detail=f"No answer. {BAD}", failures=3)
    html = screen(operator, "peers")
    assert own_fingerprint() in html
    assert other.member.identity_key.fingerprint_groups in html
    assert "peer.timeout" in html
    assert "it is tried again later" in html
    assert "3 failures since" in html
    assert BAD not in html


def test_a_frozen_log_is_pointed_out(operator, other):
    other.publish()
    Log.objects.filter(own=False).update(frozen="log.equivocation")
    assert "applied no further" in screen(operator, "peers")


def test_the_fingerprint_that_must_be_heard_is_not_shown(operator, applicant):
    html = screen(operator, "peers")
    assert "fig asks to join" in html
    assert applicant.member.identity_key.fingerprint_groups not in html


def test_a_node_is_confirmed_by_the_fingerprint_read_out(operator, hub, applicant):
    directory = DescriptorDirectory(get_conf().trust_dir)
    assert Peer.objects.get().status == PeerStatus.PENDING
    assert "fig" not in directory.envelopes()
    groups = applicant.member.identity_key.fingerprint_groups.upper()
    post(operator, "confirm", "fig", fingerprint=groups)
    assert Peer.objects.get().status == PeerStatus.ACTIVE
    assert "fig" in directory.envelopes()


@pytest.mark.parametrize("given", ["", "not hex at all", "0" * 64, "ab cd"])
def test_another_fingerprint_confirms_nothing_and_reveals_nothing(operator, applicant, given):
    response = post(operator, "confirm", "fig", fingerprint=given)
    assert applicant.member.identity_key.fingerprint_groups not in said(response)
    assert Peer.objects.get().status == PeerStatus.PENDING
    assert "fig" not in DescriptorDirectory(get_conf().trust_dir).envelopes()


def test_only_who_waits_can_be_confirmed(operator, other):
    response = post(operator, "confirm", "cedar", fingerprint=other.fingerprint)
    assert "not waiting" in said(response)


def test_fetching_is_left_to_the_worker(operator, other, tasks):
    assert enqueued(tasks) == []
    post(operator, "fetch", "cedar")
    assert enqueued(tasks) == ["cedar"]


@pytest.mark.parametrize("status", [PeerStatus.PENDING, PeerStatus.FROZEN])
def test_nothing_is_fetched_from_who_is_not_active(operator, other, tasks, status):
    Peer.objects.update(status=status)
    assert "Nothing is fetched" in said(post(operator, "fetch", "cedar"))
    assert enqueued(tasks) == []


def test_direct_fetching_is_switched_on_and_off(operator, other):
    assert not Peer.objects.get().pull
    post(operator, "pull", "cedar", on="1")
    assert Peer.objects.get().pull
    post(operator, "pull", "cedar", on="0")
    assert not Peer.objects.get().pull


def test_a_peer_is_frozen_and_thawed(operator, other):
    post(operator, "freeze", "cedar", on="1")
    assert Peer.objects.get().status == PeerStatus.FROZEN
    assert "Unfreeze" in screen(operator, "peers")
    post(operator, "freeze", "cedar", on="0")
    assert Peer.objects.get().status == PeerStatus.ACTIVE


def test_thawing_makes_nobody_a_member(operator, applicant):
    for on in ("0", "1"):
        assert "not a member yet" in said(post(operator, "freeze", "fig", on=on))
        assert Peer.objects.get().status == PeerStatus.PENDING


def test_an_invite_is_shown_once_and_only_its_hash_kept(operator, hub):
    assert not Invite.objects.exists()
    response = post(operator, "invite", node_id="fig")
    html = response.content.decode()
    word = next(part for part in html.replace("<", " ").replace(">", " ").split() if
                part.startswith("spb1."))  # fmt: skip
    invite = InviteText.decode(word)
    assert (invite.node, invite.hub) == ("fig", "here")
    assert Invite.objects.get().node_id == "fig"
    assert own_fingerprint() in html
    assert "no-store" in response["Cache-Control"]
    assert "spb1." not in screen(operator, "invite")


@pytest.mark.parametrize("name", ["", "Two Words", "x" * 64, BAD, "here"])
def test_nobody_is_invited_under_an_impossible_name(operator, hub, name):
    html = post(operator, "invite", node_id=name).content.decode()
    assert "spb1." not in html
    assert BAD not in html
    assert not Invite.objects.exists()


def test_only_a_hub_invites(operator, node):
    assert "Only a hub" in post(operator, "invite", node_id="fig").content.decode()
    assert not Invite.objects.exists()


def test_who_is_a_member_is_not_invited_again(operator, hub, other):
    response = post(operator, "invite", node_id="cedar")
    assert "enrol.already" in response.content.decode()
    assert not Invite.objects.exists()


def test_an_invite_is_a_code_to_be_scanned_as_well(operator, hub):
    html = post(operator, "invite", node_id="fig").content.decode()
    invite = next(part for part in html.replace("<", ">").split(">") if part.startswith("spb1."))
    assert segno.make(invite, error="l").svg_inline(scale=3, border=4) in html


def invite_text(url: str, node: str) -> str:
    return InviteText("hub", url, "0" * 64, node, "t", 1, "0" * 64).encode()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("spb1.####", "enrol.invite-invalid"),
        (BAD, "enrol.invite-invalid"),
        (invite_text("https://hub.example", "fig"), "enrol.invite-invalid"),
        (invite_text("https://hub.invalid", "here"), "peer."),
    ],
    ids=["no invite", "hostile", "for another node", "nobody answers"],
)  # fmt: skip
def test_what_is_no_invite_for_this_node_is_refused_by_name(operator, text, code):
    html = post(operator, "join", invite=text).content.decode()
    assert code in html
    assert BAD not in html
    assert not Peer.objects.exists()


def test_an_empty_invite_is_asked_for(operator):
    assert "This field is required" in post(operator, "join").content.decode()


def test_a_node_is_offered_to_join_and_a_hub_to_invite(operator, settings):
    assert reverse("federation_admin:join") in screen(operator, "peers")
    settings.FEDERATION = {**settings.FEDERATION, "ROLE": "hub"}
    assert reverse("federation_admin:invite") in screen(operator, "peers")


def test_quarantine_says_what_why_and_what_to_do(operator, other):
    row = other.quarantined()
    Quarantine.objects.update(payload=f'{{"title": "{BAD}\u202e"}}'.encode(), error_detail=BAD)
    html = screen(operator, "quarantine")
    assert row.address in html
    assert "record.address-mismatch" in html
    assert "What to do:" in html
    assert BAD not in html
    assert "\\u202e" in html
    assert "\u202e" not in html


@pytest.mark.parametrize("payload", [b"\xff\xfe not text <b>", b"[" * 5000, b"{", b"null"])
def test_bytes_of_any_kind_can_be_looked_at(operator, other, payload):
    other.quarantined()
    Quarantine.objects.update(payload=payload)
    html = screen(operator, "quarantine")
    assert "The bytes that came" in html
    assert "not text <b>" not in html


def test_trying_again_asks_the_peer_for_everything_it_carries(operator, other, tasks):
    row = other.quarantined()
    Peer.objects.update(counter=7)
    post(operator, "retry", row.pk)
    assert enqueued(tasks) == ["cedar"]
    assert Peer.objects.get().counter == 0
    assert not Quarantine.objects.get().resolved


def test_trying_again_asks_others_where_the_peer_is_gone(operator, other, tasks, tmp_path):
    ForeignNode("hub", tmp_path, hub=True)
    row = other.quarantined()
    Peer.objects.filter(node_id="cedar").update(status=PeerStatus.FROZEN)
    post(operator, "retry", row.pk)
    assert enqueued(tasks) == ["hub"]


def test_trying_again_with_nobody_to_ask_says_so(operator, other, tasks):
    row = other.quarantined()
    Peer.objects.update(status=PeerStatus.FROZEN)
    assert "no peer to ask" in said(post(operator, "retry", row.pk))
    assert enqueued(tasks) == []


def test_what_was_put_right_is_listed_apart(operator, other):
    row = other.quarantined()
    Quarantine.objects.update(resolved=True)
    assert row.address not in screen(operator, "quarantine")
    html = operator.get(reverse("federation_admin:quarantine"), {"settled": "1"}).content.decode()
    assert row.address in html
    assert reverse("federation_admin:retry", args=[row.pk]) not in html
    url = reverse("federation_admin:retry", args=[row.pk])
    assert operator.post(url, follow=True).status_code == 404


def test_a_refused_file_is_listed_with_its_item_and_asked_for_again(operator, other, tasks):
    sha256 = "ab" * 32
    named = {"sha256": sha256, "size": 9, "type": "image/png", "alt": "A bridge"}
    other.publish({"title": "With a picture", "picture": sha256}, media=[named])
    Blob.objects.update(state=BlobState.REFUSED, attempts=5, error="media.hash-mismatch")
    Peer.objects.update(pull=True)
    html = screen(operator, "quarantine")
    assert "With a picture" in html
    assert "media.hash-mismatch" in html
    post(operator, "retry_file", Blob.objects.get().pk)
    blob = Blob.objects.get()
    assert (blob.state, blob.attempts) == (BlobState.WANTED, 0)
    assert enqueued(tasks) == ["cedar"]


def test_rules_are_added_changed_and_removed(operator):
    assert Subscription.objects.count() == 1
    rule = {"origin": "cedar", "schema": "case/1", "lang": "en", "policy": "publish"}
    assert post(operator, "subscription_add", **rule).status_code == 302
    row = Subscription.objects.get(origin="cedar")
    assert (row.schema, row.lang, row.policy) == ("case/1", "en", Policy.PUBLISH)
    html = screen(operator, "subscriptions")
    assert "once the hub has endorsed that very version" in html
    post(operator, "subscription_edit", row.pk, **{**rule, "policy": "draft"})
    row.refresh_from_db()
    assert row.policy == Policy.DRAFT
    post(operator, "subscription_delete", row.pk)
    assert not Subscription.objects.filter(origin="cedar").exists()


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "Two Words"}, {"origin": BAD}, {"schema": "odd/1"}, {"policy": "always"},
     {"lang": "tlh"}, {"origin": "*", "schema": "*", "lang": "*"}],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_not_kept(operator, wrong):
    rule = {"origin": "cedar", "schema": "*", "lang": "*", "policy": "stage", **wrong}
    response = post(operator, "subscription_add", **rule)
    assert response.status_code == 200
    assert BAD not in response.content.decode()
    assert Subscription.objects.count() == 1


# --- What the stewards decided --------------------------------------------------------------------


def test_new_keys_are_confirmed_by_the_fingerprint_read_out(operator, hub, other):
    Peer.objects.update(unconfirmed_key="ab" * 32)
    html = screen(operator, "peers")
    assert "cedar has new keys" in html
    assert "abab abab" not in html, "it must be heard, not copied"
    post(operator, "confirm_keys", "cedar", fingerprint="cd" * 32)
    assert Peer.objects.get().unconfirmed_key == "ab" * 32
    post(operator, "confirm_keys", "cedar", fingerprint="AB AB " * 16)
    assert Peer.objects.get().unconfirmed_key == ""
    assert "has new keys" not in screen(operator, "peers")


def test_a_suspended_node_and_metadata_that_ran_out_are_shown(
    operator, hub, applicant, monkeypatch
):
    enrolment.confirm_peer(Peer.objects.get(), applicant.fingerprint)
    repository = trusting.repository_of(hub)
    trusting.settle(propose_status(repository, "fig", "revoked"), hub)
    html = screen(operator, "peers")
    row = BeautifulSoup(html, "html.parser").find("bdi", string="fig").find_parent("tr")
    assert "revoked by the stewards" in row.get_text()
    assert "active" not in row.get_text()
    assert "Fetch now" not in row.get_text()
    assert "has run out" not in html
    monkeypatch.setattr(TrustStore, "expired", lambda self, now=None: ("timestamp",))
    assert "What the stewards signed has run out." in screen(operator, "peers")


def test_a_log_that_is_not_signed_says_why_and_what_to_do(operator):
    assert "It is signed no further" not in screen(operator, "peers")
    Log.objects.filter(own=True).update(error="log.behind-mark", error_detail=BAD)
    shown = screen(operator, "peers")
    assert "It is signed no further" in shown
    assert "federation_recover" in shown
    assert BAD not in shown
