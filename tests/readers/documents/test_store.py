"""What was made is kept, for a while, for the node alone."""

import threading

import pytest

from playbook.addresses import short_id
from playbook.documents import offers, store
from tests import factories

from .taking import address, taken

pytestmark = pytest.mark.django_db


def test_what_was_made_is_kept_until_it_would_be_different(site, client, monkeypatch):
    made = []
    monkeypatch.setattr(offers.pdf, "pdf", lambda *_: made.append(1) or b"%PDF")
    page = factories.live(factories.play())
    taken(client, address(page, "pdf"))
    taken(client, address(page, "pdf"))
    assert len(made) == 1
    page.outcome = "Another outcome."
    page.save_revision()
    factories.live(factories.fresh(page))
    taken(client, address(page, "pdf"))
    assert len(made) == 2


def test_the_store_forgets_what_was_not_asked_for_longest(site, monkeypatch):
    monkeypatch.setattr(store, "MAX_BYTES", 250)
    for number in range(4):
        store.get_or_make(f"{number}", "pdf", lambda: b"x" * 100)
    left = {path.name for path in store.folder().glob("*.pdf")}
    assert left == {"2.pdf", "3.pdf"}


def test_documents_are_made_one_at_a_time_and_others_are_told_to_come_back(
    site, client, monkeypatch
):
    page = factories.live(factories.play())
    monkeypatch.setattr(store, "WAIT_SECONDS", 0.2)
    begun, end = threading.Event(), threading.Event()

    def slow():
        begun.set()
        end.wait(10)
        return b"slow"

    other = threading.Thread(target=store.get_or_make, args=("slow", "pdf", slow))
    other.start()
    try:
        assert begun.wait(10)
        answer = client.get(address(page, "pdf"))
        assert answer.status_code == 503
        assert answer["Retry-After"] == "10"
        assert b"still being made" in answer.content
        soup = factories.read(client, f"/en/take-along/{short_id(page)}/")
        assert "Being made" in soup.get_text()
    finally:
        end.set()
        other.join()
    assert client.get(address(page, "pdf")).status_code == 200


def test_what_is_kept_is_beside_the_media_and_only_for_the_node(site, client, settings):
    page = factories.live(factories.play())
    taken(client, address(page, "pdf"))
    (kept,) = store.folder().glob("*.pdf")
    assert not kept.is_relative_to(settings.MEDIA_ROOT)
    assert store.folder().stat().st_mode & 0o077 == 0
