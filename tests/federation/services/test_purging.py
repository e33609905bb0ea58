"""A week after a recall nothing of the text is left here, in no table and in no folder."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from wagtail.models import Page, Revision

from federation.models import HeldBody, Item, Tombstone
from federation.services import publishing, purging, recalling
from federation.services.media import blob_path
from playbook.documents import store
from playbook.models import Gone, PlaybookImage, PlayPage, RedactionCheck
from tests import factories

from .test_recalls import baobab, body, published, shared_link, translation

__all__ = ["baobab", "published", "shared_link"]

pytestmark = pytest.mark.usefixtures("indexed")
WORD = "quicksilverheron"


def later(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def tables_with(word: str) -> set[str]:
    """Return the tables of this database, Django's or not, in which a word stands anywhere."""
    found = set()
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{name}"')  # noqa: S608
            for row in cursor.fetchall():
                cells = (bytes(c) if isinstance(c, memoryview | bytes) else str(c) for c in row)
                texts = (c.decode("utf-8", "replace") if isinstance(c, bytes) else c for c in cells)
                if any(word in text.lower() for text in texts):
                    found.add(name)
    return found


def files_with(word: str, *folders: Path) -> list[str]:
    return [
        str(path)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and word.encode() in path.read_bytes()
    ]


@pytest.fixture
def picture_of(cedar):
    def _picture_of(data: bytes):
        file = cedar.picture(data)
        return {"media": [file], "content": {"picture": file["sha256"]}}, file["sha256"]

    return _picture_of


def test_hidden_for_a_week_and_then_nothing_is_left(
    shared_link, cedar, baobab, published, picture_of, client, here, settings,
    django_capture_on_commit_callbacks,
):  # fmt: skip
    fields, sha256 = picture_of(factories.picture_bytes())
    said = cedar.publish(f"A {WORD}", **fields)
    page = published(said)
    published(translation(cedar, said, f"Un {WORD}", lang="fr"))
    second = cedar.publish(f"A better {WORD}", after=said, **fields)
    published(second)
    page = factories.fresh(page)
    address = page.get_url()
    picture = page.picture
    assert WORD in client.get(address).content.decode()
    shown = client.get("/en/take-along/all.zip")
    assert shown.status_code == 200
    assert Path(picture.file.path).exists()
    assert store.folder().exists()

    with django_capture_on_commit_callbacks(execute=True):
        cedar.recall(said)
        assert shared_link.sync().ok

    assert client.get(address).status_code == 410
    assert not Path(picture.file.path).exists()
    assert not PlaybookImage.objects.filter(pk=picture.pk).exists()
    assert list(store.folder().glob("[!.]*")) == []
    assert HeldBody.objects.count() == 3
    assert purging.purge_due(later(6.9)) == 0
    assert Revision.objects.for_instance(page).exists()
    assert blob_path(sha256).exists()

    with django_capture_on_commit_callbacks(execute=True):
        assert purging.purge_due(later(7.1)) == 1

    assert not HeldBody.objects.exists()
    assert not Page.objects.filter(pk=page.pk).exists()
    assert not blob_path(sha256).exists()
    assert tables_with(WORD) == {"playbook_gone"}  # its address, which readers know
    assert files_with(WORD, here.DATA_DIR, Path(settings.MEDIA_ROOT)) == []
    answer = client.get(address)
    assert answer.status_code == 410
    assert "This page was recalled" in answer.content.decode()
    assert purging.purge_due(later(8)) == 0
    assert Tombstone.objects.filter(purged=False).count() == 0


def test_after_the_purge_it_still_does_not_come_back(shared_link, cedar, published, client):
    said = cedar.publish(f"A {WORD}")
    address = published(said).get_url()
    cedar.recall(said)
    shared_link.sync()
    purging.purge_due(later(8))
    cedar.publish(f"A better {WORD}", after=said)
    cedar.publish("Something else")
    shared_link.sync()
    assert client.get(address).status_code == 410
    assert Item.objects.get(item_id=said.id).state == "recalled"
    assert WORD not in "".join(Item.objects.values_list("title", flat=True)).lower()
    assert body(said) is None


def test_an_own_page_is_erased_with_its_revisions_and_checks(here, shareable, client):
    page = shareable(title=f"A {WORD}")
    page.title = f"The same {WORD}"
    page.save_revision()
    publishing.share_page(page)
    address = page.get_url()
    recalling.recall_page(page, "A name in it gives people away.")
    assert Revision.objects.for_instance(page).count() >= 2

    purging.purge_due(later(8))

    assert not Revision.objects.for_instance(page).exists()
    assert not RedactionCheck.objects.filter(page_id=page.pk).exists()
    assert not PlayPage.objects.exists()
    assert tables_with(WORD) == set()
    assert client.get(address).status_code == 410
    gone = Gone.objects.get()
    assert (gone.path, gone.reason) == (address, "A name in it gives people away.")


def test_a_lift_within_the_week_keeps_it_and_one_after_cannot(shared_link, cedar, published):
    from federation.models import Recall

    said = cedar.publish(f"A {WORD}")
    page = published(said)
    cedar.recall(said)
    shared_link.sync()
    Recall.objects.update(lifted=True)
    assert purging.purge_due(later(30)) == 0
    assert Page.objects.filter(pk=page.pk).exists()
