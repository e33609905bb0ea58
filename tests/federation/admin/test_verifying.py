"""The screen that verifies an item: what it says of what holds, and of each thing that does not."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from federation.errors import AfterLastTrusted
from federation.models import Entry, Item, Log, Peer, PeerStatus, Record
from federation.services import adoption, heads, leases, publishing, recalling, record_bundles
from federation.services.examined import Verdict
from federation.services.examining import examine
from federation.services.media import blob_path
from federation.trust import Member
from federation.wire import dsse
from playbook.addresses import short_id
from tests import factories
from tests.federation.builders import TODAY, media

BAD = "<script>alert(1)</script>"


@pytest.fixture
def curator(login, node):
    return login("curator")


def page_of(client, q: str):
    return factories.read(client, f"{reverse('federation_admin:verify')}?q={q}")


def words(soup) -> str:
    return " ".join(soup.get_text(" ").split())


def verdict(soup) -> str:
    return soup.select_one("#verdict-title").get_text(strip=True)


def failing(soup) -> list[str]:
    """Return the codes of the checks that are shown as failing."""
    return [line.find_all("code")[-1].get_text() for line in soup.select("li.fed-fails")]


def upload(client, data: bytes):
    file = SimpleUploadedFile("record.json", data, "application/json")
    return client.post(reverse("federation_admin:verify"), {"file": file})


def stored(address: str) -> dsse.Envelope:
    row = Record.objects.get(address=address)
    return dsse.Envelope(bytes(row.payload), record_bundles.signatures_of(row))


def test_what_holds_is_shown_with_its_signer_place_and_head(curator, other, node):
    item = other.publish({"title": f"A false story {BAD}"})
    other.endorse(item)
    soup = page_of(curator, item.address)
    assert verdict(soup) == "All checks hold."
    assert failing(soup) == []
    said = words(soup)
    log = Log.objects.get(node_id="cedar")
    assert f"A false story {BAD}" in said
    assert "<script>alert" not in str(soup.select_one("#main"))
    for shown in (
        other.member.identity_key.fingerprint_groups,
        other.member.record_key(item.index).fingerprint_groups,
        other.member.log_key.fingerprint_groups,
        item.address,
        log.root.hex(),
        "covers 2 entries",
        "endorsed by cedar",
    ):
        assert shown in said
    assert soup.select_one("time[datetime]") is not None


def test_an_own_item_can_be_verified_from_the_share_screen(login, shareable, other, node):
    page = shareable(title="Ours")
    publishing.share_page(page)
    heads.sign_head()
    publisher = login("publisher")
    soup = factories.read(publisher, reverse("federation_admin:share", args=[page.pk]))
    link = soup.find("a", string="Verify this item")["href"]
    shown = factories.read(publisher, link)
    assert verdict(shown) == "All checks hold."
    assert node.NODE_ID in words(shown)


def test_the_item_screen_leads_to_it(curator, other):
    item = other.publish()
    soup = factories.read(curator, reverse("federation_admin:item", args=[item.pk]))
    link = soup.find("a", string="Verify this item")["href"]
    assert item.address in link
    assert verdict(factories.read(curator, link)) == "All checks hold."


@pytest.mark.parametrize(
    ("spoil", "code", "means"),
    [
        (lambda item: Record.objects.filter(address=item.address).update(signatures=[
            {"keyid": "", "sig": "AAAA"}]), "signature.bad", "did not sign these words"),
        (lambda item: Entry.objects.filter(address=item.address).update(type="ack"),
         "log.record-withheld", "does not say this"),
        (lambda item: Log.objects.filter(node_id="cedar").update(checkpoint=b"nonsense"),
         "checkpoint.malformed", "is not what its author signed"),
    ],
)  # fmt: skip
def test_a_check_that_fails_says_what_it_means_and_what_to_do(curator, other, spoil, code, means):
    item = other.publish()
    assert verdict(page_of(curator, item.address)) == "All checks hold."
    spoil(item)
    soup = page_of(curator, item.address)
    assert verdict(soup) == "Do not rely on it: not all checks hold."
    assert code in failing(soup)
    said = words(soup)
    assert means in said
    assert "What to do:" in said


def test_words_that_were_changed_here_do_not_pass(curator, other):
    item = other.publish({"title": "Meet at the station"})
    row = Record.objects.get(address=item.address)
    row.payload = bytes(row.payload).replace(b"station", b"airport")
    row.save()
    soup = page_of(curator, item.address)
    assert "record.address-mismatch" in failing(soup)
    assert "signature.bad" in failing(soup)


def test_a_file_that_belongs_to_it_is_checked_too(curator, other, node):
    picture = media(factories.picture_bytes())
    item = other.publish(media=[picture])
    assert verdict(page_of(curator, item.address)) == "All checks hold."
    path = blob_path(picture["sha256"])
    path.write_bytes(b"another picture")
    assert failing(page_of(curator, item.address)) == ["media.hash-mismatch"]
    path.unlink()
    assert failing(page_of(curator, item.address)) == ["media.missing"]


def test_an_older_version_holds_and_says_that_there_is_a_newer(curator, other):
    first = other.publish({"title": "One"})
    old = first.address
    other.publish({"title": "Two"}, after=first)
    soup = page_of(curator, old)
    assert verdict(soup) == "All checks hold, but there is a newer version."
    assert "Version 2 is the newest known here." in words(soup)


def test_what_its_author_took_back_is_not_handed_on(curator, other):
    item = other.retract(other.publish({"title": "Wrong"}), "It was wrong.")
    soup = page_of(curator, item.address)
    assert verdict(soup) == "Its author took it back."
    assert "It was wrong." in words(soup)
    assert "erased when it was taken back" in words(soup)


def test_a_recall_stands_above_everything_and_the_words_are_not_shown(
    login, other, node, shareable
):
    page = shareable(title="A dangerous story")
    publishing.share_page(page)
    address = Entry.objects.get(log__own=True, type="publish").address
    client = login("curator")
    heads.sign_head()
    assert verdict(page_of(client, address)) == "All checks hold."
    recalling.recall_page(page, "A name in it gives people away.")
    heads.sign_head()
    soup = page_of(client, address)
    assert verdict(soup) == "Recalled: it endangers people."
    said = words(soup)
    assert "A name in it gives people away." in said
    assert "Delete every copy" in said
    assert soup.find("dt", string="Title") is None


def test_an_address_that_nobody_knows_proves_nothing(curator, other):
    soup = page_of(curator, "ab" * 32)
    assert verdict(soup) == "This node knows nothing of it."
    assert "Compare all 64 digits" in words(soup)


def test_an_address_may_be_pasted_in_groups_capitals_or_within_a_link(curator, other):
    address = other.publish().address
    groups = " ".join(address[at : at + 4] for at in range(0, 64, 4))
    for typed in (groups, address.upper(), f"https://cedar.example/federation/v1/record/{address}"):
        assert verdict(page_of(curator, typed)) == "All checks hold.", typed


def test_the_link_behind_the_code_of_a_readers_page_is_followed(login, shareable, node, settings):
    page = shareable(title="Ours")
    link = f"{node.PUBLIC_URL}/en/p/{short_id(page)}/"
    curator = login("curator")
    assert "never shared with other nodes" in words(page_of(curator, link))
    publishing.share_page(page)
    heads.sign_head()
    assert verdict(page_of(curator, link)) == "All checks hold."
    assert "link is of another site" in words(
        page_of(curator, f"https://elsewhere.example/en/p/{short_id(page)}/")
    )


@pytest.mark.parametrize(
    "typed", ["", "abc", "http://[", "ab" * 40, f"{'ab' * 32} {'cd' * 32}", BAD]
)
def test_what_is_no_address_is_told_so(curator, typed):
    answer = curator.get(reverse("federation_admin:verify"), {"q": typed})
    assert answer.status_code == 200
    assert b"verdict-title" not in answer.content
    assert b"error-message" in answer.content


def test_a_record_that_somebody_brought_is_checked_and_not_kept(curator, other):
    item = other.publish()
    envelope = stored(item.address)
    before = Record.objects.count()
    answer = upload(curator, envelope.to_json())
    assert b"All checks hold." in answer.content
    assert b"The file is signed by a key of cedar" in answer.content
    assert "no-store" in answer["Cache-Control"]
    assert Record.objects.count() == before


def test_a_forged_file_fails_although_the_true_record_is_here(curator, other):
    item = other.publish()
    forged = dsse.Envelope(stored(item.address).payload, (dsse.Signature("", b"\1" * 64),))
    answer = upload(curator, forged.to_json())
    soup = BeautifulSoup(answer.content, "html.parser")
    assert verdict(soup) == "Do not rely on it: not all checks hold."
    assert failing(soup) == ["signature.bad"]
    assert "anybody could have made it" in words(soup)


def test_a_true_record_that_no_log_names_is_not_taken_for_published(curator, other):
    envelope = other.sign(other.item_payload({"title": "Never published"}))
    answer = upload(curator, envelope.to_json())
    soup = BeautifulSoup(answer.content, "html.parser")
    assert verdict(soup) == "Do not rely on it: not all checks hold."
    assert failing(soup) == ["log.record-withheld"]
    assert not Item.objects.exists()


@pytest.mark.parametrize("data", [b"", b"{}", b"not json", b"[" * 5000, json.dumps(
    {"payloadType": dsse.PAYLOAD_TYPE, "payload": "e30=", "signatures": [{"sig": "AAAA"}]}
).encode()])  # fmt: skip
def test_a_file_that_is_no_record_is_refused_by_name(curator, node, data):
    answer = upload(curator, data)
    assert answer.status_code == 200
    assert b"All checks hold" not in answer.content
    assert not Record.objects.exists()


def test_what_a_suspect_node_said_after_the_last_trusted_entry_fails(other, node, monkeypatch):
    item = other.publish()
    assert examine(item.address, node).verdict == Verdict.HOLDS

    def untrusted(self, index):
        raise AfterLastTrusted("Entry 0 stands after the last trusted one.")

    monkeypatch.setattr(Member, "require_trusted", untrusted)
    found = examine(item.address, node)
    assert [check.code for check in found.checks if not check.holds] == ["trust.after-last-trusted"]


def test_the_lease_of_an_adopted_page_is_told(curator, other, node):
    item = other.publish(valid_for_days=30)
    adoption.adopt_item(item, publish=False)
    heard = Log.objects.get(node_id="cedar").head_seen_at
    found = examine(item.address, node)
    assert found.lease.ends_at == heard + timedelta(days=30)
    assert "Holds until" in words(page_of(curator, item.address))
    Log.objects.filter(node_id="cedar").update(head_seen_at=datetime(2026, 1, 1, tzinfo=UTC))
    leases.evaluate_leases()
    assert "not confirmed lately" in words(page_of(curator, item.address))
    Peer.objects.filter(node_id="cedar").update(status=PeerStatus.FROZEN)
    assert "Nobody who vouches for it was heard of." in words(page_of(curator, item.address))


def test_other_statements_are_verified_by_their_own_rules(curator, other):
    item = other.publish()
    endorsement = other.endorse(item)
    assert verdict(page_of(curator, endorsement.address)) == "All checks hold."
    entry = other.say(other.build("ack/1", target={"record": "ab" * 32}, day=TODAY))
    Record.objects.filter(address=entry.address).update(signatures=[{"keyid": "", "sig": "AAAA"}])
    assert failing(page_of(curator, entry.address)) == ["signature.bad"]
