"""A recall that was carried here as a file: looked into, then applied; what is wrong is named."""

import json

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from federation.models import Entry, Item, Lift, Provenance, Recall
from federation.services import adoption, publishing, recalling
from federation.trust import load_keys
from federation.wire import dsse
from tests.federation.builders import TODAY
from tests.federation.simulated_node import key_for
from tests.federation.snapshot import snapshot

REASON = "A name in it gives people away."


@pytest.fixture
def stewards(node):
    """Return the keys of three stewards, known to this node."""
    keys = [key_for("steward", str(number)) for number in range(3)]
    names = json.dumps([key.public.hex for key in keys])
    (node.trust_dir / "stewards.json").write_text(names, encoding="ascii")
    return keys


@pytest.fixture
def curator(login):
    return login("curator")


@pytest.fixture
def staged(other):
    """Return an item of another node, adopted here as a draft."""
    item = other.publish({"title": "A dangerous story"})
    adoption.adopt_item(item, publish=False)
    return Item.objects.get()


def recall_of(item, *keys, schema: str = "recall/1", **target) -> dsse.Envelope:
    named = {"origin": item.origin, "id": str(item.item_id), **target}
    return recalling.sign_statement(
        schema, "hub", {"target": named, "reason": REASON, "day": TODAY}, keys
    )


def look(client, data: bytes, **how):
    file = SimpleUploadedFile("recall.json", data, "application/json")
    return client.post(reverse("federation_admin:recall_file"), {"file": file}, **how)


def apply(client, envelope: str):
    return client.post(
        reverse("federation_admin:recall_carry"), {"envelope": envelope}, follow=True
    )


def offered(answer) -> str:
    soup = BeautifulSoup(answer.content, "html.parser")
    return soup.select_one("input[name=envelope]")["value"]


def test_what_it_would_do_is_shown_and_nothing_is_changed(curator, stewards, staged):
    before = snapshot()
    answer = look(curator, recall_of(staged, *stewards[:2]).to_json())
    said = " ".join(BeautifulSoup(answer.content, "html.parser").get_text(" ").split())
    for words in ("two stewards", REASON, "A dangerous story", "cedar", "Nothing has been changed"):
        assert words in said
    assert "no-store" in answer["Cache-Control"]
    assert snapshot() == before
    assert not Recall.objects.exists()


def test_once_confirmed_it_is_applied_and_said_on(curator, stewards, staged):
    recall = recall_of(staged, *stewards[:2])
    envelope = offered(look(curator, recall.to_json()))
    assert not Recall.objects.exists()

    answer = apply(curator, envelope)

    assert b"Applied here, and said on" in answer.content
    assert Recall.objects.get().authority == "stewards"
    assert Item.objects.get().state == "recalled"
    assert Entry.objects.filter(log__own=True, type="recall", address=recall.address).count() == 1
    again = look(curator, recall.to_json())
    assert b"This was applied here before" in again.content
    assert b"It was applied here before" in apply(curator, envelope).content
    assert Entry.objects.filter(log__own=True, type="recall").count() == 1


def test_a_lift_says_what_comes_back(curator, stewards, staged):
    recall = recall_of(staged, *stewards[:2])
    recalling.carry(recall)
    lift = recall_of(staged, *stewards[1:], schema="lift/1", record=recall.address)
    answer = look(curator, lift.to_json())
    assert b"It lifts a recall" in answer.content
    assert b"come back to the inbox" in answer.content
    assert not Lift.objects.exists()
    apply(curator, offered(answer))
    assert Recall.objects.get().lifted
    assert Item.objects.get().state == "staged"


def test_a_recall_of_what_is_not_here_is_remembered(curator, stewards, staged, other):
    elsewhere = other.publish()
    Item.objects.filter(pk=elsewhere.pk).delete()
    answer = look(curator, recall_of(elsewhere, *stewards[:2]).to_json())
    assert b"Nothing of it is here" in answer.content


def test_the_own_node_may_sign_alone_with_its_identity_key(curator, shareable, node, stewards):
    page = shareable(title="Ours")
    publishing.share_page(page)
    recall = recall_of(Provenance.objects.get(), load_keys(node.keys_dir).identity)
    answer = look(curator, recall.to_json())
    assert b"Ours" in answer.content
    assert b"live now" in answer.content
    assert not Recall.objects.exists()
    apply(curator, offered(answer))
    page.refresh_from_db()
    assert not page.live


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda recall, keys: b"not json at all", "signature.malformed-envelope"),
        (lambda recall, keys: b"", "signature.malformed-envelope"),
        (lambda recall, keys: b"{}", "signature.malformed-envelope"),
        (lambda recall, keys: b"[" * 4096, "signature.malformed-envelope"),
        (lambda recall, keys: b" " * (dsse.MAX_ENVELOPE_BYTES + 1), "signature.malformed-envelope"),
        (lambda recall, keys: dsse.Envelope(recall.payload, recall.signatures[:1]).to_json(),
         "recall.unentitled"),
        (lambda recall, keys: dsse.Envelope(recall.payload, recall.signatures[:1] * 2).to_json(),
         "recall.unentitled"),
        (lambda recall, keys: dsse.Envelope(
            recall.payload.replace(b"gives", b"saves"), recall.signatures).to_json(),
         "recall.unentitled"),
        (lambda recall, keys: dsse.Envelope(b'{"schema":"ack/1"}', recall.signatures).to_json(),
         "record.invalid"),
    ],
)  # fmt: skip
def test_a_bad_file_gets_its_named_error_and_changes_nothing(
    curator, stewards, staged, spoil, code
):
    data = spoil(recall_of(staged, *stewards[:2]), stewards)
    before = snapshot()
    if data:
        answer = look(curator, data, follow=True)
        assert code in answer.content.decode()
    else:
        look(curator, data, follow=True)  # an empty file is refused by the form
    assert code in apply(curator, data.decode()).content.decode()
    assert snapshot() == before


def test_an_item_is_no_recall(curator, stewards, other):
    payload = other.item_payload()
    answer = look(curator, other.sign(payload).to_json(), follow=True)
    assert b"record.type-mismatch" in answer.content


def test_an_operator_who_may_not_recall_sees_the_board_without_the_form(node, people, client):
    operator = people["safety"]
    operator.user_permissions.add(Permission.objects.get(codename="manage_peers"))
    board = reverse("federation_admin:recalls")
    form = b'enctype="multipart/form-data"'
    client.force_login(operator)
    assert form not in client.get(board).content
    client.force_login(people["curator"])
    assert form in client.get(board).content
