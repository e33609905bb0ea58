"""The act on the share screen, and the board that shows who has applied a recall."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from federation.models import Acknowledgement, Recall, Tombstone
from federation.services import publishing
from tests import factories
from tests.federation.builders import TODAY

REASON = "A name in it gives people away."


@pytest.fixture
def shared(shareable):
    page = shareable(title="A dangerous story")
    publishing.share_page(page)
    return page


def text(client, name: str, *args) -> str:
    soup = factories.read(client, reverse(f"federation_admin:{name}", args=args))
    return " ".join(soup.get_text(" ").split())


def recall(client, page, **fields):
    address = reverse("federation_admin:recall", args=[page.pk])
    return client.post(address, {"reason": REASON, "sure": "on", **fields}, follow=True)


def test_the_share_screen_says_what_a_recall_can_and_cannot_do(shared, login):
    said = text(login("publisher"), "share", shared.pk)
    assert "Recall: this endangers people" in said
    assert "Copies already downloaded cannot be called back." in said
    assert "It never comes back under this name." in said


def test_a_page_that_was_never_shared_offers_none(shareable, login):
    assert "Recall it everywhere" not in text(login("publisher"), "share", shareable().pk)


def test_a_recall_from_the_screen_takes_the_page_away_and_shows_on_the_board(
    shared, other, node, login, client
):
    address = shared.get_url()
    assert client.get(address).status_code == 200
    editor = login("publisher")

    answer = recall(editor, shared)

    assert "cannot be called back" in answer.content.decode()
    assert client.get(address).status_code == 410
    assert "Recall it everywhere" not in text(editor, "share", shared.pk)
    row = Recall.objects.get()
    assert (row.reason, row.confirmed) == (REASON, True)
    soup = factories.read(editor, reverse("federation_admin:recalls"))
    board = soup.select_one(f"#recall-{row.address}")
    assert [name.get_text() for name in board.select(".fed-acknowledged bdi")] == [node.NODE_ID]
    assert [name.get_text() for name in board.select(".fed-silent bdi")] == ["cedar"]

    other.say(other.build("ack/1", target={"record": row.address}, day=TODAY))

    soup = factories.read(editor, reverse("federation_admin:recalls"))
    board = soup.select_one(f"#recall-{row.address}")
    told = [name.get_text() for name in board.select(".fed-acknowledged bdi")]
    assert told == sorted(["cedar", node.NODE_ID])
    assert board.select(".fed-silent bdi") == []


@pytest.mark.parametrize("fields", [{"reason": ""}, {"sure": ""}])
def test_without_a_reason_or_the_tick_nothing_is_recalled(shared, login, client, fields):
    recall(login("publisher"), shared, **fields)
    assert not Recall.objects.exists()
    assert client.get(shared.get_url()).status_code == 200


def test_an_acknowledgement_may_come_before_its_recall(other, node, login):
    address = "ab" * 32
    other.say(other.build("ack/1", target={"record": address}, day=TODAY))
    assert Acknowledgement.objects.get().node_id == "cedar"
    Recall.objects.create(
        address=address, origin="fig", item_id="11111111-2222-4333-8444-555555555555",
        reason=REASON, day=TODAY, authority="origin", received_at=datetime.now(UTC),
    )  # fmt: skip
    soup = factories.read(login("admin"), reverse("federation_admin:recalls"))
    assert [name.get_text() for name in soup.select(".fed-acknowledged bdi")] == ["cedar"]


def test_a_person_confirms_what_was_made_from_a_recalled_item(node, login):
    row = Recall.objects.create(
        address="ab" * 32, origin="fig", item_id="11111111-2222-4333-8444-555555555555",
        reason=REASON, day=TODAY, authority="origin", received_at=datetime.now(UTC),
    )  # fmt: skip
    Tombstone.objects.create(recall=row, origin="baobab", item_id=row.item_id, lang="sw")
    curator = login("curator")
    assert "was made from it" in text(curator, "recalls")
    address = reverse("federation_admin:confirm_recall", args=[row.pk])
    curator.post(address)
    assert Recall.objects.get().confirmed
    assert "was made from it" not in text(curator, "recalls")
    answer = curator.post(address, follow=True)
    assert "Nothing under this recall waits" in answer.content.decode()
