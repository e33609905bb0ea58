"""What makes a node not ok, and the reason that its operator is given."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from federation.errors import BehindMark
from federation.models import Log, Peer, PeerStatus, Push
from federation.services import heads, publishing
from federation.services.status import node_status, own_log_status
from federation.trust import Mark, write_mark
from tests import factories


@pytest.fixture
def well(here, link):
    """Return a node at which nothing is wrong."""
    status = node_status(here)
    assert (status["ok"], status["reasons"]) == (True, [])
    return here


def test_a_push_that_fails_is_not_ok(well, link, login):
    Push.objects.create(
        peer=link.peer, failures=2, error="peer.timeout", error_detail="No answer within 10 s."
    )
    status = node_status(well)
    assert not status["ok"]
    assert status["reasons"] == ["push to cedar: peer.timeout: No answer within 10 s."]
    said = StringIO()
    call_command("federation_status", stdout=said)
    assert "NOT OK: push to cedar: peer.timeout" in said.getvalue()
    soup = factories.read(login("admin"), reverse("federation_admin:peers"))
    assert "What this node says does not reach it:" in soup.get_text()

    Peer.objects.update(status=PeerStatus.FROZEN)
    assert node_status(well)["ok"], "nothing is pushed to a node that is frozen here"


def test_a_log_that_nobody_signs_is_not_ok(well, shareable, login):
    heads.sign_head()
    publishing.share_page(shareable())
    assert node_status(well)["ok"], "the beat has not come yet"
    long_ago = datetime.now(UTC) - timedelta(seconds=well.HEAD_SECONDS, minutes=16)
    Log.objects.filter(own=True).update(head_seen_at=long_ago)

    status = node_status(well)

    assert not status["ok"]
    assert status["reasons"] == ["own log: log.stalled: 1 entries wait to be signed."]
    text = factories.read(login("admin"), reverse("federation_admin:peers")).get_text()
    assert "It is signed no further." in text
    assert "See that the worker and the scheduler run" in text
    heads.sign_head()
    assert node_status(well)["ok"]


def test_why_a_head_could_not_be_signed_is_kept_until_one_is(well, shareable):
    publishing.share_page(shareable())
    heads.sign_head()
    log = Log.objects.get(own=True)
    write_mark(well.keys_dir, Mark(log.head_size + 3, b"\0" * 32))
    assert own_log_status(well)["error"] == BehindMark.code, "also before a head is tried"
    publishing.share_page(shareable(title="Another"))
    with pytest.raises(BehindMark):
        heads.sign_head()
    assert Log.objects.get(own=True).error == BehindMark.code
    assert node_status(well)["reasons"][0].startswith("own log: log.behind-mark: ")

    write_mark(well.keys_dir, Mark(log.head_size, log.root))
    heads.sign_head()

    assert Log.objects.get(own=True).error == ""
    assert node_status(well)["ok"]


def test_a_peers_error_and_new_keys_are_named(well, link):
    Peer.objects.update(error="peer.unreachable", error_detail="No.", unconfirmed_key="ab" * 32)
    assert node_status(well)["reasons"] == [
        "peer cedar: peer.unreachable: No.",
        "peer cedar: new keys, which nobody here has confirmed",
    ]
