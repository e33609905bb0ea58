"""Every item says where it is from, and how anybody can check that by hand."""

import datetime
import hashlib
import json
import shlex
import subprocess
import sys

import pytest
from django.urls import reverse
from wagtail.models import Locale

from federation.conf import get_conf
from federation.models import Endorsement, Record
from federation.services import heads, publishing, retracting
from federation.services.enrolment import initialise_node
from federation.trust import load_keys
from playbook.addresses import short_id
from playbook.models import RedactionCheck
from playbook.redaction import QUESTIONS
from tests import factories

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 3, 9)


@pytest.fixture
def here(settings, tmp_path, site):
    """Return this node's configuration, once it has keys and a log."""
    settings.FEDERATION = {**settings.FEDERATION, "DATA_DIR": tmp_path / "federation"}
    initialise_node(get_conf())
    return get_conf()


def shared(**fields):
    """Return a live play that this node has shared, and its entry."""
    page = factories.live(factories.play(**fields))
    RedactionCheck.record(page.live_revision, dict.fromkeys(QUESTIONS, True))
    entry = publishing.share_page(factories.fresh(page))
    heads.sign_head()
    return factories.fresh(page), entry


def address(page):
    return f"/{page.locale.language_code}/p/{short_id(page)}/"


def words(soup):
    return " ".join(soup.main.get_text(" ").split())


def test_an_item_that_was_never_shared_says_what_cannot_be_shown(site, client):
    page = factories.live(factories.play(title="Heron"))
    text = words(factories.read(client, address(page)))
    assert "Heron" in text
    assert "never shared with other nodes" in text
    assert "you have only the word of this site" in text
    assert "Keys of that node" not in text


def test_the_hash_of_the_text_is_that_of_the_file_one_can_download(site, client):
    page = factories.live(factories.play())
    soup = factories.read(client, address(page))
    link = soup.select_one("#by-hand ~ ol a[download]")
    body = client.get(link["href"]).content
    assert hashlib.sha256(body).hexdigest() in words(soup)
    before = hashlib.sha256(body).hexdigest()
    page.outcome = "Another outcome."
    page.save_revision()
    factories.live(factories.fresh(page))
    assert before not in words(factories.read(client, address(page)))


def test_a_shared_item_shows_origin_versions_keys_and_checks_that_hold(here, client):
    page, _first = shared(title="Heron")
    page.outcome = "Another outcome."
    page.save_revision()
    page = factories.live(factories.fresh(page))
    RedactionCheck.record(page.live_revision, dict.fromkeys(QUESTIONS, True))
    second = publishing.share_page(factories.fresh(page))
    heads.sign_head()
    soup = factories.read(client, address(page))
    text = words(soup)
    keys = load_keys(here.keys_dir)
    assert f"{here.NODE_ID} (this one)" in text
    assert here.log_origin in text
    assert [line["value"] for line in soup.select(".versions li")] == ["2", "1"]
    assert second.address in text
    assert _first.address in text
    for key in (keys.identity, keys.record, keys.log):
        assert key.public.fingerprint_groups in text
    assert "Does not hold" not in text
    assert text.count("Holds:") == 4
    assert "Nobody yet." in text


def test_the_command_that_is_shown_computes_the_address_that_is_shown(here, client, tmp_path):
    page, entry = shared()
    soup = factories.read(client, address(page))
    (block,) = [tag.get_text() for tag in soup.select("pre") if "curl" in tag.get_text()]
    fetch, compute = block.strip().split("\n", 1)
    record = fetch.split()[2]
    assert record == f"{here.PUBLIC_URL}/federation/v1/record/{entry.address}"
    body = client.get(record.removeprefix(here.PUBLIC_URL)).content
    (tmp_path / "record.json").write_bytes(body)
    assert json.loads(body)["payload"]
    done = subprocess.run(
        [sys.executable, *shlex.split(compute)[1:]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == entry.address


def test_bytes_that_were_changed_are_shown_not_to_hold(here, client):
    page, entry = shared()
    row = Record.objects.get(address=entry.address)
    row.payload = bytes(row.payload).replace(b"outcome", b"outc0me")
    row.save()
    assert "Does not hold" in words(factories.read(client, address(page)))


def test_who_endorsed_is_a_node_in_its_role(here, client):
    page, entry = shared()
    Endorsement.objects.create(
        endorser="global-hub", address="e" * 64, target_origin=here.NODE_ID,
        target_address=entry.address, target_index=entry.index, day=DAY,
    )  # fmt: skip
    text = words(factories.read(client, address(page)))
    assert "global-hub (a member node)" in text
    # Nothing here can verify it: the page says so instead of taking the row's word.
    assert "It could not be confirmed for this version." in text
    assert "No person is named." in text


def test_an_item_that_was_taken_back_says_so(here, client):
    page, entry = shared(title="Heron")
    retracting.retract_page(page, "It named a place.")
    text = words(factories.read(client, address(page)))
    assert "Its author took it back from other nodes" in text
    assert "its text was erased here" in text
    assert "curl" not in text
    assert entry.address in text


def test_a_withdrawn_item_answers_why_and_since_when_and_with_nothing_of_itself(here, client):
    page, _entry = shared(title="Heron", outcome="A quiet pond.")
    retracting.retract_page(page, "It named a place.", here=True)
    page = factories.fresh(page)
    soup = factories.read(client, address(page))
    text = words(soup)
    assert "Withdrawn. Do not rely on a copy of it" in text
    assert "It named a place." in text
    assert soup.select_one(f'time[datetime="{page.withdrawn_on}"]')
    assert "Heron" not in str(soup)
    assert "quiet pond" not in str(soup)
    assert client.get(f"/en/take-along/{short_id(page)}.txt").status_code == 410


def test_a_draft_has_no_page_of_provenance(site, client):
    assert client.get(address(factories.play())).status_code == 404
    for wrong in ("/en/p/0000000000/", "/en/p/xyz/", "/sw/p/0000000000/", "/en/p/"):
        assert client.get(wrong).status_code == 404


def test_an_item_of_another_language_leads_to_its_own_page(site, client):
    page = factories.live(factories.play())
    answer = client.get(f"/ar/p/{short_id(page)}/")
    assert answer.status_code == 302
    assert answer["Location"] == address(page)
    translated = page.copy_for_translation(Locale.objects.get(language_code="ar"))
    translated.save_revision()
    factories.live(factories.fresh(translated))
    soup = factories.read(client, f"/ar/p/{short_id(page)}/")
    assert soup.html["dir"] == "rtl"


def test_an_item_names_its_short_address_for_eye_and_camera(site, client, settings):
    page = factories.live(factories.play())
    part = factories.read(client, page.url).select_one(".short-address")
    assert part.select_one("a")["href"] == address(page)
    assert part.select_one("bdi").get_text() == f"{settings.PUBLIC_URL}{address(page)}"
    drawn = part.select_one("svg")
    assert drawn.select("path")
    assert not drawn.select("[style], [href], script")


def test_the_kinds_of_other_items_have_a_page_too(site, client):
    page = factories.live(factories.case(title="One voice"))
    assert "One voice" in words(factories.read(client, address(page)))
    assert reverse("playbook_provenance", args=[short_id(page)]) == address(page)
