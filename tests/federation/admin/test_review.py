"""What people decide about an item: endorse, return, decline, adopt, take an endorsement back."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from federation.models import (
    Endorsement,
    Entry,
    Item,
    ItemState,
    Mode,
    Provenance,
    Record,
    Review,
)
from federation.wire import records
from playbook.models import PlayPage
from tests.federation.builders import step


def act(client, name, key, **data):
    return client.post(reverse(f"federation_admin:{name}", args=[key]), data)


def said(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def own_records(schema: str) -> list:
    rows = Entry.objects.filter(log__own=True).values_list("address", flat=True)
    found = Record.objects.filter(address__in=rows, schema=schema)
    return [records.parse(bytes(record.payload)) for record in found]


def test_endorsing_names_exactly_the_version_that_was_read(other, login):
    item = other.publish()
    curator = login("curator")
    assert not Endorsement.objects.exists()
    response = act(curator, "endorse", item.pk, address=item.address)
    assert response["Location"] == reverse("federation_admin:item", args=[item.pk])
    endorsement = Endorsement.objects.get()
    assert endorsement.target_address == item.address
    (record,) = own_records("endorse/1")
    assert (record.target.record, record.target.version) == (item.address, 1)
    html = curator.get(response["Location"]).content.decode()
    assert "This node has endorsed this version." in html
    assert "It names exactly this version." in html


def test_a_version_that_arrived_meanwhile_is_not_endorsed_unread(other, login):
    seen = other.publish()
    other.publish({"title": "Another text"}, after=seen)
    response = act(login("curator"), "endorse", seen.pk, address=seen.address)
    assert "state.changed" in said(response)
    assert not Endorsement.objects.exists()


def test_endorsing_twice_says_so_and_adds_nothing(other, login):
    item = other.publish()
    act(login("curator"), "endorse", item.pk)
    assert Endorsement.objects.count() == 1
    assert "endorsed already" in said(act(login("curator"), "endorse", item.pk))
    assert Endorsement.objects.count() == 1


def test_an_endorsement_is_taken_back_with_a_reason(other, login):
    item = other.publish()
    curator = login("curator")
    act(curator, "endorse", item.pk)
    assert "Say why" in said(act(curator, "withdraw_endorsement", item.pk, reason=" "))
    assert not Endorsement.objects.get().withdrawn
    act(curator, "withdraw_endorsement", item.pk, reason="A fact was wrong.")
    assert Endorsement.objects.get().withdrawn
    assert own_records("retract/1")[0].reason == "A fact was wrong."
    assert "is not endorsed by this node" in said(
        act(curator, "withdraw_endorsement", item.pk, reason="Again.")
    )


@pytest.mark.parametrize(
    ("name", "state"), [("return", ItemState.RETURNED), ("decline", ItemState.DECLINED)]
)
def test_a_note_is_sealed_for_the_author(other, login, name, state):
    item = other.publish()
    assert item.state == ItemState.STAGED
    act(login("curator"), name, item.pk, note="Step two names a town.")
    item.refresh_from_db()
    assert item.state == state
    assert Review.objects.get().note == "Step two names a town."
    (record,) = own_records("review/1")
    assert record.audience == ("cedar",)
    assert Entry.objects.get(log__own=True).type == "sealed"


@pytest.mark.parametrize("note", ["", "   ", "x" * 10_001])
def test_nothing_is_returned_without_a_note_that_fits(other, login, note):
    item = other.publish()
    act(login("curator"), "return", item.pk, note=note)
    assert Item.objects.get().state == ItemState.STAGED
    assert not Review.objects.exists()


def test_adopting_makes_a_draft_and_leads_to_it(other, login):
    item = other.publish({"title": "خبر كاذب", "steps": [step("<p>اكتب</p>")]}, lang="ar")
    assert not PlayPage.objects.exists()
    editor = login("editor")
    response = act(editor, "adopt", item.pk)
    page = PlayPage.objects.get()
    assert (page.title, page.live, page.locale.language_code) == ("خبر كاذب", False, "ar")
    assert Provenance.objects.get().mode == Mode.FOLLOW
    edit = reverse("wagtailadmin_pages:edit", args=[page.pk])
    html = editor.get(response["Location"]).content.decode()
    assert edit in html
    assert reverse("federation_admin:adopt", args=[item.pk]) not in html


def test_a_page_edited_here_is_not_overwritten(other, login):
    item = other.publish()
    act(login("editor"), "adopt", item.pk)
    page = PlayPage.objects.get()
    page.outcome = "Ours."
    page.save_revision()
    other.publish({"outcome": "Theirs."}, after=item)
    assert "edited here" in said(act(login("editor"), "adopt", item.pk))
    assert page.get_latest_revision_as_object().outcome == "Ours."


def test_a_draft_in_a_language_not_published_can_be_translated(other, login, settings):
    settings.PLAYBOOK_LANGUAGES = ["en", "fr"]
    item = other.publish(lang="sw")
    act(login("editor"), "adopt", item.pk)
    page = PlayPage.objects.get()
    start = reverse("wagtail_localize:submit_page_translation", args=[page.pk])
    address = reverse("federation_admin:item", args=[item.pk])
    assert start in login("editor").get(address).content.decode()
    assert login("editor").get(start).status_code == 200
    assert start not in login("curator").get(address).content.decode()


def test_an_item_of_a_language_not_known_here_stays_in_the_inbox(other, login):
    item = other.publish(lang="ha")
    assert "adopt.no-place" in said(act(login("editor"), "adopt", item.pk))
    item.refresh_from_db()
    assert item.state == ItemState.STAGED
    assert not PlayPage.objects.exists()


def test_a_term_has_no_page(other, login):
    content = {"kind": "threat", "code": "visas", "name": "Visas"}
    item = other.publish(content, schema="term/1")
    assert "adopt.no-place" in said(act(login("editor"), "adopt", item.pk))
    assert Item.objects.get().state == ItemState.STAGED


@pytest.mark.parametrize("name", ["endorse", "return", "decline", "adopt"])
def test_what_its_author_withdrew_is_left_alone(other, login, name):
    item = other.retract(other.publish())
    before = Entry.objects.filter(log__own=True).count()
    assert "share.refused" in said(act(login("admin"), name, item.pk, note="A note."))
    assert Entry.objects.filter(log__own=True).count() == before
    assert Item.objects.get().state == ItemState.RETRACTED
