"""Sharing a page: what may leave, in which words, as which item, and how it is taken back."""

from hashlib import sha256

import pytest
from django.db import transaction
from wagtail.models import PageViewRestriction

from federation.errors import NotShareable
from federation.models import (
    Blob,
    BlobState,
    Entry,
    Item,
    Log,
    Mode,
    Policy,
    Provenance,
    Record,
    RecordState,
    Review,
    SharingChoice,
    SharingMode,
)
from federation.services import adoption, heads, media, publishing, record_bundles, retracting
from federation.trust import load_keys
from federation.wire import canonical, dsse
from playbook.models import Evidence, RedactionCheck
from playbook.redaction import QUESTIONS
from playbook.workflows import publish_trusted
from tests import factories
from tests.federation.served import feed_of_this_node
from tests.federation.snapshot import snapshot


def payload(entry: Entry) -> dict:
    return canonical.loads(bytes(Record.objects.get(address=entry.address).payload))


def edited(page, **fields):
    """Publish a changed version that passed its safety check; return the page."""
    page = factories.fresh(page)
    for name, value in fields.items():
        setattr(page, name, value)
    revision = page.save_revision()
    RedactionCheck.record(revision, dict.fromkeys(QUESTIONS, True))
    publish_trusted(revision, reason="a test")
    return factories.fresh(page)


def test_what_is_shared_is_signed_and_stands_in_the_log(shareable, here):
    page = shareable(outcome="People know.")
    assert Log.objects.get(own=True).size == 0

    entry = publishing.share_page(page)

    assert (entry.index, entry.type) == (0, "publish")
    record = Record.objects.get(address=entry.address)
    envelope = dsse.Envelope(bytes(record.payload), record_bundles.signatures_of(record))
    envelope.verify(load_keys(here.keys_dir).record.public)
    assert envelope.address == entry.address
    said = payload(entry)
    assert (said["schema"], said["origin"], said["version"]) == ("play/1", "here", 1)
    assert said["prev"] is None
    assert said["content"]["outcome"] == "People know."
    row = Provenance.objects.get()
    assert (row.page_id, row.mode, row.address) == (page.pk, Mode.OWN, entry.address)
    assert str(row.item_id) == said["id"]


def never(page):
    SharingChoice.objects.create(page=page, mode=SharingMode.NEVER)
    return page


def taken_offline(page):
    page.unpublish()
    return factories.fresh(page)


def without_check(page):
    RedactionCheck.objects.all().delete()
    return page


def with_failed_check(page):
    RedactionCheck.objects.all().delete()
    RedactionCheck.record(page.live_revision, {"names": False})
    return page


def changed_after_check(page):
    page.title = "Nobody has checked this"
    publish_trusted(page.save_revision(), reason="a test")
    return factories.fresh(page)


def private(page):
    """Its section is for those who are logged in, and the page with it."""
    PageViewRestriction.objects.create(
        page=page.get_parent(), restriction_type=PageViewRestriction.LOGIN
    )
    return page


REFUSED = {
    "set never to be shared": (never, "never"),
    "not live": (taken_offline, "not published"),
    "without a safety check": (without_check, "no safety check"),
    "with a failed safety check": (with_failed_check, "no safety check"),
    "changed after its check": (changed_after_check, "no safety check"),
    "private": (private, "is private here"),
    "no item but a section": (lambda page: page.get_parent().specific, "not a kind of page"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_not_leave_does_not(shareable, name: str):
    change, reason = REFUSED[name]
    page = change(shareable())
    before = snapshot()
    with pytest.raises(NotShareable, match=reason):
        publishing.share_page(page)
    with pytest.raises(NotShareable, match=reason):
        publishing.preview_payload(page)
    assert snapshot() == before


def test_a_training_example_stays_on_its_node(shareable):
    page = shareable(make=factories.case, composite=True)
    with pytest.raises(NotShareable, match="training example"):
        publishing.share_page(page)
    assert not Entry.objects.exists()


def test_what_another_node_wrote_is_not_shared_as_our_own(link, cedar):
    cedar.publish("Theirs")
    link.sync()
    page = factories.live(adoption.adopt_item(Item.objects.get(), publish=False))
    RedactionCheck.record(page.live_revision, dict.fromkeys(QUESTIONS, True))
    with pytest.raises(NotShareable, match="another node"):
        publishing.share_page(factories.fresh(page))
    assert not Entry.objects.filter(log__own=True).exists()


def test_a_changed_page_makes_the_next_version_an_unchanged_one_makes_none(shareable):
    page = shareable(outcome="First.")
    first = publishing.share_page(page)
    again = publishing.share_page(factories.fresh(page))
    assert again == first
    assert Entry.objects.count() == 1

    second = publishing.share_page(edited(page, outcome="Second."))

    assert (second.index, payload(second)["version"]) == (1, 2)
    assert payload(second)["prev"] == first.address
    assert payload(second)["id"] == payload(first)["id"]
    assert payload(second)["salt"] != payload(first)["salt"]
    assert Provenance.objects.get().version == 2


def test_a_draft_that_is_not_live_yet_does_not_leave(shareable):
    page = shareable(outcome="Live words.")
    page.outcome = "Draft words."
    page.save_revision()
    assert payload(publishing.share_page(factories.fresh(page)))["content"]["outcome"] == (
        "Live words."
    )


def test_the_local_legal_note_and_the_people_never_leave(shareable, people):
    page = shareable(
        by=people.editor, local_legal_note="<p>Section 12 of our own law.</p>", outcome="Known."
    )
    preview = publishing.preview_payload(page)
    said = payload(publishing.share_page(page))
    for text in (canonical.dumps(said), canonical.dumps(preview)):
        assert b"Section 12" not in text
        assert b"legal" not in text
        assert people.editor.username.encode() not in text
        assert b"Known." in text
    del said["salt"]
    assert preview == said | {"id": preview["id"]}


def test_a_picture_leaves_by_its_hash_and_as_it_is_kept(shareable, here):
    page = shareable(picture=factories.picture(), picture_alt="A closed door")
    with page.picture.file.open("rb") as file:
        data = file.read()
    said = payload(publishing.share_page(page))
    digest = sha256(data).hexdigest()
    assert said["content"]["picture"] == digest
    assert said["media"] == [
        {"sha256": digest, "size": len(data), "type": "image/jpeg", "alt": "A closed door"}
    ]
    assert media.blob_path(digest).read_bytes() == data
    assert Blob.objects.get().state == BlobState.PRESENT


def test_translations_written_here_share_the_id(shareable):
    english = shareable()
    french = factories.play("fr", title="Une histoire fausse")
    french.translation_key = english.translation_key
    french.save()
    french = factories.live(french)
    RedactionCheck.record(french.live_revision, dict.fromkeys(QUESTIONS, True))
    first = payload(publishing.share_page(english))
    second = payload(publishing.share_page(factories.fresh(french)))
    assert (first["id"], first["lang"]) != (second["id"], second["lang"])
    assert first["id"] == second["id"]
    assert (second["lang"], second["version"], second["source"]) == ("fr", 1, None)


def test_a_translation_of_anothers_item_credits_it(link, cedar, subscribe):
    subscribe(Policy.DRAFT)
    theirs = cedar.publish("Their words")
    link.sync()
    source = Provenance.objects.get().page
    french = factories.play("fr", title="Leurs paroles")
    french.translation_key = source.translation_key
    french.save()
    french = factories.live(french)
    RedactionCheck.record(french.live_revision, dict.fromkeys(QUESTIONS, True))

    said = payload(publishing.share_page(factories.fresh(french)))

    assert said["source"] == {
        "kind": "translation", "origin": "cedar", "id": theirs.id, "lang": "en", "version": 1,
    }  # fmt: skip
    assert (said["origin"], said["id"] == theirs.id) == ("here", False)


def test_evidence_that_never_left_is_not_named(shareable):
    shared, private = (shareable(make=factories.case) for _ in range(2))
    publishing.share_page(shared)
    evidence = [Evidence(page=shared, stance="for"), Evidence(page=private, stance="against")]
    said = payload(publishing.share_page(edited(shareable(), evidence=evidence)))
    row = Provenance.objects.get(page=shared)
    assert said["content"]["evidence"] == [
        {"origin": "here", "id": str(row.item_id), "lang": "en", "stance": "for"}
    ]


# --- Taking back ----------------------------------------------------------------------------------


def test_a_retraction_erases_every_version_and_rewrites_the_bundle(shareable, here):
    page = shareable(picture=factories.picture(), picture_alt="A door")
    other = publishing.share_page(shareable())
    first = publishing.share_page(page)
    second = publishing.share_page(edited(page, outcome="Changed."))
    heads.sign_head()
    feed = feed_of_this_node(load_keys(here.keys_dir).request)
    assert [row.state for row in feed.records("here", 0, 3)] == ["present"] * 3

    entry = retracting.retract_page(factories.fresh(page), "It endangers people.")

    said = payload(entry)
    assert (entry.type, said["reason"]) == ("retract", "It endangers people.")
    assert said["records"] == [second.address, first.address]
    gone = Record.objects.filter(address__in=[first.address, second.address])
    assert set(gone.values_list("payload", "state")) == {(None, RecordState.RETRACTED)}
    assert Record.objects.get(address=other.address).payload is not None
    assert [row.state for row in feed.records("here", 0, 3)] == [
        "present", "retracted", "retracted",
    ]  # fmt: skip
    assert Blob.objects.get().state == BlobState.REFUSED
    assert retracting.retract_page(factories.fresh(page), "Again.") is None


def test_after_a_retraction_a_page_is_shared_as_a_higher_version(shareable):
    page = shareable()
    first = publishing.share_page(page)
    retracting.retract_page(page, "Not yet.")
    again = publishing.share_page(factories.fresh(page))
    assert (payload(again)["version"], payload(again)["prev"]) == (2, first.address)
    assert Provenance.objects.get().retracted is False


def test_a_page_that_goes_offline_or_is_deleted_is_taken_back(shareable):
    offline, deleted = shareable(), shareable()
    for page in (offline, deleted):
        publishing.share_page(page)
    factories.fresh(offline).unpublish()
    factories.fresh(deleted).delete()
    assert list(Entry.objects.order_by("index").values_list("type", flat=True)) == [
        "publish", "publish", "retract", "retract",
    ]  # fmt: skip
    assert Provenance.objects.filter(retracted=True).count() == 2
    assert not Record.objects.filter(schema="play/1", payload__isnull=False).exists()


def test_a_page_that_becomes_private_is_taken_back(shareable):
    kept, hidden, moved = shareable(), shareable(), shareable()
    for page in (kept, hidden, moved):
        publishing.share_page(page)
    PageViewRestriction.objects.create(page=hidden, restriction_type=PageViewRestriction.LOGIN)
    assert taken_back() == {hidden.pk}
    factories.fresh(moved).move(factories.fresh(hidden), pos="last-child")
    assert taken_back() == {hidden.pk, moved.pk}


def taken_back() -> set[int]:
    return set(Provenance.objects.filter(retracted=True).values_list("page_id", flat=True))


# --- With publishing, and without it --------------------------------------------------------------


def test_sharing_is_rolled_back_with_the_publication_that_caused_it(shareable):
    page = shareable()
    SharingChoice.objects.create(page=page, mode=SharingMode.AFTER_APPROVAL)
    before = snapshot()

    class Failed(Exception):
        pass

    def publish_and_fail():
        with transaction.atomic():
            edited(page, outcome="Changed.")
            assert Entry.objects.count() == 1, "it was appended with the publication"
            raise Failed

    with pytest.raises(Failed):
        publish_and_fail()
    assert snapshot() == before
    assert Log.objects.get(own=True).size == 0

    edited(page, outcome="Changed.")
    assert Entry.objects.get().index == 0, "the log is dense"


@pytest.mark.parametrize("mode", [SharingMode.NEVER, SharingMode.ASK])
def test_publishing_alone_shares_nothing(shareable, mode: str):
    page = shareable()
    SharingChoice.objects.create(page=page, mode=mode)
    edited(page, outcome="Changed.")
    assert not Entry.objects.exists()


def test_publishing_never_fails_because_sharing_does(shareable):
    page = shareable()
    SharingChoice.objects.create(page=page, mode=SharingMode.AFTER_APPROVAL)
    assert changed_after_check(page).live
    assert not Entry.objects.exists()


def test_publishing_goes_on_when_no_key_can_be_read_and_sharing_follows(shareable, here):
    page = shareable()
    SharingChoice.objects.create(page=page, mode=SharingMode.AFTER_APPROVAL)
    key = here.keys_dir / "record.pem"
    key.chmod(0o644)
    assert edited(page, outcome="Changed.").outcome == "Changed."
    assert not Entry.objects.exists()
    key.chmod(0o600)
    assert publishing.share_missed() == 1


def test_a_page_that_goes_with_its_section_is_taken_back(shareable):
    page = shareable()
    publishing.share_page(page)
    page.get_parent().specific.delete()
    assert list(Entry.objects.order_by("index").values_list("type", flat=True)) == [
        "publish", "retract",
    ]  # fmt: skip


def test_what_a_crash_left_unshared_is_shared_later_once(shareable, monkeypatch):
    page = shareable()
    SharingChoice.objects.create(page=page, mode=SharingMode.AFTER_APPROVAL)
    with monkeypatch.context() as patched:
        patched.setattr("federation.signal_handlers.publishing.share_if_chosen", lambda page: None)
        edited(page, outcome="Changed.")
    assert not Entry.objects.exists()
    assert publishing.share_missed() == 1
    assert payload(Entry.objects.get())["content"]["outcome"] == "Changed."
    assert publishing.share_missed() == 0
    assert Entry.objects.count() == 1


def test_a_retracted_page_is_not_shared_again_by_itself(shareable):
    page = shareable()
    SharingChoice.objects.create(page=page, mode=SharingMode.AFTER_APPROVAL)
    publishing.share_page(page)
    retracting.retract_page(page, "It endangers people.")
    assert publishing.share_missed() == 0
    assert Entry.objects.count() == 2


def test_a_new_version_answers_the_notes_about_the_last(shareable):
    page = shareable()
    entry = publishing.share_page(page)
    Review.objects.create(
        reviewer="cedar", address="ab" * 32, target_origin="here",
        target_item=payload(entry)["id"], target_lang="en", target_version=1,
        target_address=entry.address, decision="return", note="Who leads?", day="2026-11-20",
    )  # fmt: skip
    publishing.share_page(edited(page, outcome="Changed."))
    assert Review.objects.get().answered
