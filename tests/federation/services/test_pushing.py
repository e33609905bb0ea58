"""A node that cannot be fetched from pushes what is new; the peer's own word says how far it is."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from federation.client import BundleFetcher
from federation.conf import get_conf
from federation.errors import BehindMark, MissingComponent, PeerUnreachable, WrongKey
from federation.management.commands import run_scheduler
from federation.models import Log, Push
from federation.services import heads, publishing
from federation.services.pushing import due, push_to
from federation.trust import load_keys
from federation.wire import canonical, checkpoint, requests
from tests.federation.carried import members_of
from tests.federation.simulated_node import key_for
from tests.federation.simulator import JSON, FeedSimulator, Reply, not_found


class Inbox(FeedSimulator):
    """A hub in memory that takes bundles, and shows the head of the pusher's log that it has."""

    def __init__(self, *nodes, **options) -> None:
        super().__init__(*nodes, **options)
        self.pushed: list[bytes] = []
        self.note: bytes | None = None

    def _reply(self, sent, path, query):
        if path == "log/here/checkpoint":
            return Reply(self.note, "text/plain; charset=utf-8") if self.note else not_found()
        if path == "inbox":
            body = sent.body.read()
            whole = requests.Message(sent.method, sent.url, sent.headers, body)
            assert self._caller(whole) == "here", "the push is signed by who is enrolled"
            self.pushed.append(body)
            return Reply(canonical.dumps({"id": f"n{len(self.pushed)}"}), JSON, 202, signed=True)
        return super()._reply(sent, path, query)

    def take(self) -> None:
        """Have imported all that the pusher has signed."""
        self.note = bytes(Log.objects.get(own=True).checkpoint)


@pytest.fixture
def hub(enrol, global_hub, here):
    link = enrol(global_hub, hub=True)
    link.feed = Inbox(global_hub)
    link.feed.admit(here.NODE_ID, load_keys(here.keys_dir).request.public)
    return link


@pytest.fixture
def share(shareable):
    def _share(title: str) -> None:
        publishing.share_page(shareable(title=title))
        heads.sign_head()

    return _share


def push(hub, **how):
    return push_to(hub.peer, fetcher=hub.feed, **how)


def titles(tmp_path, data: bytes) -> list[str]:
    path = tmp_path / "pushed.zip"
    path.write_bytes(data)
    with BundleFetcher(path, get_conf()) as opened:
        rows = [row for name in opened.members if "/records/" in name for row in opened.rows(name)]
        return [
            canonical.loads(row.payload).get("content", {}).get("title")
            for row in rows
            if row.payload
        ]


def test_what_is_new_is_pushed_once(hub, share, tmp_path):
    share("First")
    report = push(hub)
    assert (report.error, report.acknowledged, report.sent, report.id) == (None, 0, 1, "n1")
    assert titles(tmp_path, hub.feed.pushed[0]) == ["First"]
    assert push(hub).waiting, "it was sent, and waits there to be imported"
    hub.feed.take()
    again = push(hub)
    assert (again.acknowledged, again.sent, again.waiting) == (1, 0, False)
    assert len(hub.feed.pushed) == 1


def test_only_what_the_peer_has_not_is_sent(hub, share, tmp_path):
    withdrawn = {"origin": "here", "record": "0" * 64}
    for number in range(257):  # past a full tile, so that the first is not needed again
        fields = {"target": withdrawn, "reason": str(number), "day": "2026-11-20"}
        publishing.append_statement("retract/1", {**fields, "audience": "public"})
    heads.sign_head()
    hub.feed.take()
    share("The newest")
    report = push(hub)
    assert (report.acknowledged, report.sent) == (257, 258)
    path = tmp_path / "pushed.zip"
    path.write_bytes(hub.feed.pushed[0])
    names = set(members_of(path))
    assert "log/here/records/001.p/2" in names
    assert "log/here/records/000" not in names
    assert titles(tmp_path, hub.feed.pushed[0])[-1] == "The newest"


def test_what_was_lost_on_the_way_is_sent_again_after_an_hour(hub, share):
    share("First")
    push(hub)
    assert push(hub).waiting
    Push.objects.update(sent_at=datetime.now(UTC) - timedelta(hours=2))
    assert push(hub).sent == 1
    assert len(hub.feed.pushed) == 2


def test_everything_is_sent_when_asked_for(hub, share, tmp_path):
    share("First")
    push(hub)
    hub.feed.take()
    assert push(hub, everything=True).sent == 1
    assert titles(tmp_path, hub.feed.pushed[1]) == ["First"]


def test_a_peer_that_has_more_than_this_node_knows_is_a_restored_backup(hub, share, here):
    share("First")
    log = Log.objects.get(own=True)
    head = checkpoint.Checkpoint(log.origin, 5, b"\0" * 32)
    hub.feed.note = checkpoint.sign(head, load_keys(here.keys_dir).log)
    assert push(hub).error.code == BehindMark.code
    assert hub.feed.pushed == []


def test_a_head_that_this_node_never_signed_stops_nothing_but_this_push(hub, share):
    share("First")
    log = Log.objects.get(own=True)
    head = checkpoint.Checkpoint(log.origin, 5, b"\0" * 32)
    hub.feed.note = checkpoint.sign(head, key_for("stranger", "log"))
    assert push(hub).error.code == WrongKey.code
    row = Push.objects.get()
    assert (row.failures, row.error) == (1, WrongKey.code)
    hub.feed.note = None
    assert push(hub).sent == 1
    row.refresh_from_db()
    assert (row.failures, row.error) == (0, "")


def test_an_answer_that_is_not_signed_counts_as_no_answer(hub, share):
    share("First")
    hub.feed.leave_answers_unsigned()
    assert push(hub).error.code == MissingComponent.code
    assert Push.objects.get().sent == 0


def test_failures_back_off_and_the_beat_leaves_them_alone(hub, share, settings, monkeypatch):
    settings.FEDERATION = {**settings.FEDERATION, "PUSH": True}
    share("First")
    now = datetime.now(UTC)
    assert due(now) == ["global-hub"]
    hub.feed.hang(".*")
    first = push(hub)
    assert first.error is not None
    push(hub)
    row = Push.objects.get()
    assert row.failures == 2
    wait = row.next_attempt_at - datetime.now(UTC)
    assert wait > timedelta(seconds=2 * get_conf().SYNC_SECONDS)
    assert due(now) == []
    assert due(now + timedelta(days=1)) == ["global-hub"]


def test_the_beat_pushes_only_where_that_is_set_and_only_what_is_new(
    hub, share, settings, monkeypatch
):
    woken: list[tuple] = []
    monkeypatch.setattr(run_scheduler, "wake", lambda task, *args: woken.append((task, *args)))

    def pushes() -> int:
        woken.clear()
        run_scheduler.look(datetime.now(UTC) + timedelta(days=1))
        return sum(task.name.endswith("push_to") for task, *_args in woken)

    share("First")
    assert pushes() == 0
    settings.FEDERATION = {**settings.FEDERATION, "PUSH": True}
    assert pushes() == 1
    push(hub)
    hub.feed.take()
    push(hub)
    assert pushes() == 0, "the peer has all of it"
    share("Second")
    assert pushes() == 1


def test_the_command_says_what_was_sent_or_why_not(hub, share, monkeypatch):
    share("First")
    monkeypatch.setattr(
        "federation.management.commands.federation_push.push_to",
        lambda peer, **how: push_to(peer, fetcher=hub.feed, **how),
    )
    said = StringIO()
    call_command("federation_push", "global-hub", "--json", stdout=said)
    found = json.loads(said.getvalue())
    assert (found["ok"], found["sent"], found["error"]) == (True, 1, None)
    hub.feed.lie(".*", _nobody)
    with pytest.raises(CommandError, match=PeerUnreachable.code):
        call_command("federation_push", "global-hub", stdout=StringIO())
    with pytest.raises(CommandError, match="not an active peer"):
        call_command("federation_push", "nobody", stdout=StringIO())


def _nobody(reply: Reply) -> Reply:
    raise PeerUnreachable("Nobody is there.")
