"""Sharing a page, taking it back, and what the screens and the editor say of it."""

import json

import pytest
from bs4 import BeautifulSoup
from django.contrib.messages import get_messages
from django.urls import reverse

from federation.models import Entry, Provenance, SharingChoice, SharingMode
from federation.services import publishing
from playbook.models import RedactionCheck
from playbook.redaction import QUESTIONS
from tests import factories

BAD = "<script>alert(1)</script>"


@pytest.fixture
def publisher(login, node):
    return login("publisher")


def post(client, name, page, **data):
    return client.post(reverse(f"federation_admin:{name}", args=[page.pk]), data)


def screen(client, page):
    return client.get(reverse("federation_admin:share", args=[page.pk])).content.decode()


def said(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def again(page, **changes):
    """Publish another version of a page that passed its safety check, too."""
    draft = factories.fresh(page)
    for name, value in changes.items():
        setattr(draft, name, value)
    draft.save_revision()
    page = factories.live(draft)
    RedactionCheck.record(page.live_revision, dict.fromkeys(QUESTIONS, True))
    return factories.fresh(page)


def payload_shown(html: str) -> dict:
    return json.loads(BeautifulSoup(html, "html.parser").find("pre").text)


def test_the_payload_shown_is_the_one_that_leaves(publisher, shareable):
    page = shareable(local_legal_note="<p>Our law.</p>", title="Ça commence: “now”")
    html = screen(publisher, page)
    shown = payload_shown(html)
    assert "Our law." not in html
    post(publisher, "share_page", page)
    row = Provenance.objects.get()
    left = publishing.records.parse(
        bytes(publishing.Record.objects.get(address=row.address).payload)
    ).raw
    drawn = {"id", "salt"}  # anew each time
    assert {k: v for k, v in left.items() if k not in drawn} == {
        k: v for k, v in shown.items() if k not in drawn
    }


def test_sharing_appends_one_entry_and_again_none(publisher, shareable):
    page = shareable()
    assert not Entry.objects.exists()
    assert "Shared as entry 0" in said(post(publisher, "share_page", page))
    assert Entry.objects.count() == 1
    address = reverse("federation_admin:share_page", args=[page.pk])
    assert address not in screen(publisher, page)
    assert "Nothing has changed" in said(post(publisher, "share_page", page))
    assert Entry.objects.count() == 1
    assert Provenance.objects.get().version == 1


def test_a_newer_live_version_is_pointed_out_and_shared_as_the_next(publisher, shareable):
    page = shareable(outcome="First.")
    post(publisher, "share_page", page)
    page = again(page, outcome="Second.")
    html = screen(publisher, page)
    assert "A newer version is live here" in html
    assert "What would change for those who have it" in html
    assert "Share version 2 with everyone" in html
    shared = publisher.get(reverse("federation_admin:shared")).content.decode()
    assert "a newer version is live here and not shared" in shared
    post(publisher, "share_page", page)
    assert Provenance.objects.get().version == 2


def test_a_page_without_a_safety_check_cannot_leave(publisher, node):
    page = factories.live(factories.play())
    html = screen(publisher, page)
    assert "has no safety check on record" in html
    assert reverse("federation_admin:share_page", args=[page.pk]) not in html
    assert "share.refused" in said(post(publisher, "share_page", page))
    assert not Entry.objects.exists()
    listed = publisher.get(reverse("federation_admin:shared")).content.decode()
    assert "has no safety check on record" in listed


def test_taking_back_needs_a_reason_and_is_final_for_that_version(publisher, shareable):
    page = shareable()
    assert "is not shared" in said(post(publisher, "retract", page, reason="No."))
    post(publisher, "share_page", page)
    assert "Say why" in said(post(publisher, "retract", page, reason=""))
    assert not Provenance.objects.get().retracted
    post(publisher, "retract", page, reason="It was wrong.")
    assert Provenance.objects.get().retracted
    assert list(Entry.objects.values_list("type", flat=True)) == ["publish", "retract"]
    assert factories.fresh(page).live
    assert "taken back" in screen(publisher, page)


def test_the_mode_is_kept_and_obeyed(publisher, shareable):
    page = shareable()
    assert not SharingChoice.objects.exists()
    post(publisher, "mode", page, mode="never")
    assert SharingChoice.objects.get().mode == SharingMode.NEVER
    assert "share.refused" in said(post(publisher, "share_page", page))
    post(publisher, "mode", page, mode="after_approval")
    assert SharingChoice.objects.get().mode == SharingMode.AFTER_APPROVAL
    assert "one of the three" in said(post(publisher, "mode", page, mode="always"))
    assert SharingChoice.objects.get().mode == SharingMode.AFTER_APPROVAL


def test_the_list_holds_what_is_shared_and_what_waits(publisher, shareable, other, login):
    shared, waiting, never = (shareable(title=f"Page {name}") for name in ("A", "B", "C"))
    post(publisher, "share_page", shared)
    post(publisher, "mode", never, mode="never")
    item = other.publish({"title": "Page of another node"})
    login("editor").post(reverse("federation_admin:adopt", args=[item.pk]))
    soup = BeautifulSoup(publisher.get(reverse("federation_admin:shared")).content, "html.parser")
    tables = [
        [row.th.get_text(strip=True) for row in table.tbody.find_all("tr")]
        for table in soup.select("table.listing")
    ]
    assert tables == [["Page A"], ["Page B"]]
    assert waiting.title == "Page B"


def test_endorsements_of_what_was_shared_are_shown(publisher, shareable, other):
    page = shareable()
    post(publisher, "share_page", page)
    assert "Nobody has endorsed this version." in screen(publisher, page)
    other.endorse(Provenance.objects.get())
    assert "It names exactly this version." in screen(publisher, page)
    listed = publisher.get(reverse("federation_admin:shared")).content.decode()
    assert "<bdi>cedar</bdi>" in listed


def test_a_note_reaches_the_editor_in_three_places(shareable, other, login):
    page = shareable()
    publishing.share_page(page)
    other.review(Provenance.objects.get(), f"Name no town. {BAD}")
    editor = login("editor")
    notes = editor.get(reverse("federation_admin:notes")).content.decode()
    opened = editor.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()
    share = screen(login("publisher"), page)
    for html in (notes, opened, share):
        assert "Name no town." in html
        assert BAD not in html
        assert "&lt;script&gt;alert(1)" in html
    assert opened.count("Name no town.") == 2  # as a message, and in the tab
    assert "a later version was shared since" not in notes


def test_a_note_that_was_answered_by_a_version_says_so(publisher, shareable, other, login):
    page = shareable()
    publishing.share_page(page)
    other.review(Provenance.objects.get(), "Name no town.")
    publishing.share_page(again(page, outcome="No town."))
    notes = login("editor").get(reverse("federation_admin:notes")).content.decode()
    assert "a later version was shared since" in notes
    edit = login("editor").get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
    assert edit.content.decode().count("Name no town.") == 1  # in the tab alone


def test_a_note_declined_on_another_nodes_item_is_not_ours(other, login, tmp_path):
    item = other.publish()
    login("curator").post(
        reverse("federation_admin:return", args=[item.pk]), {"note": "Between us."}
    )
    assert (
        "Between us." not in login("editor").get(reverse("federation_admin:notes")).content.decode()
    )


def test_the_editor_has_a_sharing_tab_with_the_payload_readers_have(shareable, login):
    page = shareable(outcome="What readers have.")
    draft = factories.fresh(page)
    draft.outcome = "A draft that must not leave."
    draft.save_revision()
    response = login("publisher").get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
    tab = BeautifulSoup(response.content, "html.parser").select_one(".fed-panel")
    payload = json.loads(tab.find("pre").text)
    assert payload["content"]["outcome"] == "What readers have."
    assert "A draft that must not leave." not in tab.text
    assert tab.find("a")["href"] == reverse("federation_admin:share", args=[page.pk])


def test_a_new_page_and_its_draft_can_be_made_with_the_tab_there(login, site, node):
    index = factories.play().get_parent()
    create = reverse("wagtailadmin_pages:add", args=["playbook", "playpage", index.pk])
    response = login("editor").get(create)
    assert response.status_code == 200
    assert "fed-panel" not in response.content.decode()


def test_hostile_titles_are_escaped_everywhere(publisher, shareable):
    page = shareable(title=BAD)
    for html in (
        screen(publisher, page),
        publisher.get(reverse("federation_admin:shared")).content.decode(),
        publisher.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode(),
    ):
        assert BAD not in html
