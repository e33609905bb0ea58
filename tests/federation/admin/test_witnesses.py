"""What operators and editors see of witnesses: who waits, since when, and who said two things."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from federation.conf import get_conf
from federation.models import Evidence, Log, VerifiedTime, Witness
from federation.services import freshness, trusting
from federation.services.quorum import Quorums
from federation.services.status import node_status
from federation.trust import proposals
from federation.wire import checkpoint
from tests.federation.builders import ForeignNode
from tests.federation.stewards import rooted


@pytest.fixture
def cedar(hub, tmp_path) -> ForeignNode:
    """Return a node of which one witness, "fig", must cosign the log, at a hub that follows it."""
    rooted(hub)
    node, witness = (ForeignNode(name, tmp_path, enrolled=False) for name in ("cedar", "fig"))
    repository = trusting.repository_of(hub)
    for each in (node, witness):
        trusting.settle(proposals.propose_member(repository, each.descriptor), hub)
    trusting.settle(proposals.propose_rules(repository, ["fig"], {"node": 1, "hub": 1}), hub)
    node.witness = witness
    return node


def vouch(cedar: ForeignNode, at: datetime) -> None:
    name = cedar.witness.member.witness_name
    note = checkpoint.cosign(
        bytes(cedar.log.checkpoint), name, cedar.witness.keys.witness, int(at.timestamp())
    )
    freshness.take_cosignatures(cedar.log, cedar.member, note, Quorums(get_conf()))


def screen(client, name: str) -> str:
    return client.get(reverse(f"federation_admin:{name}")).content.decode()


def status() -> str:
    out = StringIO()
    call_command("federation_status", stdout=out)
    return out.getvalue()


def test_an_item_that_waits_says_so_and_a_confirmed_log_says_as_of_when(login, cedar):
    client = login("admin")
    item = cedar.publish()
    inbox = screen(client, "inbox")
    assert "waits for witnesses" in inbox
    assert "not confirmed by witnesses yet" in inbox
    page = client.get(reverse("federation_admin:item", args=[item.pk])).content.decode()
    assert "not confirmed by witnesses yet" in page
    peers = screen(client, "peers")
    assert "0 of 1 witnesses signed its newest state" in peers
    assert "1 item waits for that" in peers
    assert "log of cedar: STALE, fresh as of never" in status()
    assert not node_status()["ok"]

    vouch(cedar, datetime.now(UTC))

    assert "waits for witnesses" not in screen(client, "inbox")
    assert "not confirmed by witnesses" not in screen(client, "inbox")
    assert "confirmed by witnesses as of" in screen(client, "peers")
    assert "cosigned by 1 (fig) of 1 needed" in status()


def test_a_log_that_nobody_confirmed_for_two_days_is_out_of_date(login, cedar):
    cedar.publish()
    vouch(cedar, datetime.now(UTC) - timedelta(hours=49))
    client = login("admin")
    for name in ("peers", "inbox"):
        assert "out of date" in screen(client, name), name
    assert json.loads(json.dumps(node_status()))["witnesses"]["logs"]["cedar"]["stale"]
    vouch(cedar, datetime.now(UTC) - timedelta(hours=47))
    assert "out of date" not in screen(client, "inbox")


def test_evidence_is_shown_as_it_was_signed(login, cedar):
    first, second = (
        checkpoint.sign(checkpoint.Checkpoint(cedar.log.origin, 5, root * 32), cedar.keys.log)
        for root in (b"a", b"b")
    )
    Evidence.objects.create(
        origin=cedar.log.origin, first=first, second=second, seen_at="fig",
        found_at=datetime.now(UTC),
    )  # fmt: skip
    peers = screen(login("admin"), "peers")
    assert f"{cedar.log.origin} signed two histories" in peers
    for note in (first, second):
        for line in note.decode().splitlines():
            assert line.replace("+", "&#x2B;") in peers or line in peers
    assert "The second was shown by fig." in peers
    assert "EVIDENCE:" in status()
    assert not node_status()["ok"]


def test_what_stops_the_own_log_and_its_witnesses_is_shown(login, cedar):
    Log.objects.filter(own=True).update(error="log.behind-witness", error_detail="fig has seen 9")
    Witness.objects.create(node_id="fig", error="peer.unreachable", error_detail="Nobody answers")
    peers = screen(login("admin"), "peers")
    assert "fig has seen 9" in peers
    assert "Nobody answers" in peers
    assert "own log: log.behind-witness: fig has seen 9" in status()


def test_a_clock_behind_what_witnesses_proved_is_told_and_a_reset_stays_on_record(login, cedar):
    freshness.raise_verified_time(datetime.now(UTC) + timedelta(days=2))
    assert "The clock of this machine is behind." in screen(login("admin"), "peers")
    with pytest.raises(CommandError, match="why"):
        call_command("federation_clock", "--reset")
    assert freshness.verified_time() is not None
    out = StringIO()
    call_command("federation_clock", "--reset", "--reason", "fig's clock was wrong", stdout=out)
    assert "Forgotten: " in out.getvalue()
    assert freshness.verified_time() is None
    assert "clock of this machine" not in screen(login("admin"), "peers")
    call_command("federation_clock", stdout=out)
    assert "fig's clock was wrong" in out.getvalue()
    assert VerifiedTime.objects.get(reset_at__isnull=False).reset_from is not None


def test_without_a_quorum_nothing_is_said_of_witnesses(login, hub, tmp_path):
    rooted(hub)
    client = login("admin")
    for name in ("peers", "inbox"):
        assert "itness" not in screen(client, name), name
    assert "itness" not in status()
