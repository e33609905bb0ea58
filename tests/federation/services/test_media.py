"""Files that records name: wanted, fetched by hash, refused by name; an item waits for its own."""

import io
import struct
import time
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from federation.errors import (
    MediaHashMismatch,
    MediaRefused,
    PeerRefused,
    PeerTimeout,
)
from federation.models import Blob, BlobState, BlobUse, Item, ItemState, Policy, Provenance
from federation.services import ingest
from federation.services.media import blob_path, damaged_blobs
from playbook.models import PlayPage
from tests.factories import picture_bytes
from tests.federation.simulated_node import SimulatedNode


def bomb() -> bytes:
    """A PNG that says it has 50,000 x 50,000 pixels, in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    idat = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + idat + chunk(b"IEND", b"")


def with_picture(node: SimulatedNode, data: bytes | None = None, title="Pictured", **changes):
    """Publish an item with a picture; return what was said and the file's hash."""
    after = changes.pop("after", None)
    media = node.picture(picture_bytes() if data is None else data, **changes)
    said = node.publish(title, media=[media], after=after, content={"picture": media["sha256"]})
    return said, media["sha256"]


def test_a_picture_comes_with_its_item_before_the_page_does(link, cedar, subscribe, here):
    subscribe(Policy.DRAFT)
    _said, sha256 = with_picture(cedar)

    assert link.sync().ok

    blob = Blob.objects.get()
    assert (blob.state, blob.size) == (BlobState.PRESENT, len(cedar.blobs[sha256]))
    assert blob_path(sha256).read_bytes() == cedar.blobs[sha256]
    page = PlayPage.objects.get(title="Pictured")
    assert page.picture is not None
    assert page.picture_alt == "A door"
    assert list(damaged_blobs()) == []


REFUSED = {
    "no picture": (lambda: b"GIF89a but not really", MediaRefused),
    "a picture bomb": (bomb, MediaRefused),
    "another kind of picture": (
        lambda: _saved("GIF"), MediaRefused
    ),
}  # fmt: skip


def _saved(kind: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (4, 4)).save(target, kind)
    return target.getvalue()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_good_picture_is_refused_at_once(link, cedar, subscribe, here, name: str):
    make, expected = REFUSED[name]
    subscribe(Policy.DRAFT)
    _said, sha256 = with_picture(cedar, make(), kind="image/png")
    cedar.publish("Behind")

    assert link.sync().ok

    blob = Blob.objects.get()
    assert (blob.state, blob.error, blob.attempts) == (BlobState.REFUSED, expected.code, 1)
    assert not blob_path(sha256).exists()
    assert not list(here.blobs_dir.rglob("*.part"))
    assert Item.objects.get(title="Pictured").undecided, "it waits in the inbox"
    assert Item.objects.get(title="Behind").state == ItemState.DRAFT


def test_the_limit_of_pixels_is_a_setting(link, cedar, settings):
    settings.FEDERATION = {**settings.FEDERATION, "MAX_IMAGE_PIXELS": 799}
    with_picture(cedar)  # 40 x 20
    link.sync()
    assert Blob.objects.get().error == MediaRefused.code


SPOILED = {
    "other bytes": (lambda feed, sha: feed.wrong_file(sha, picture_bytes("PNG")[:60]),
                    MediaHashMismatch),
    "more bytes": (lambda feed, sha: feed.wrong_file(sha, bytes(10**6)), MediaHashMismatch),
    "cut off": (lambda feed, sha: feed.cut_off(f"blob/{sha}", 20), MediaHashMismatch),
    "absent": (lambda feed, sha: feed.answer_status(f"blob/{sha}", 404), PeerRefused),
    "never": (lambda feed, sha: feed.hang(f"blob/{sha}"), PeerTimeout),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_file_is_refused_and_the_honest_one_taken_later(
    link, cedar, subscribe, here, name: str
):
    lie, expected = SPOILED[name]
    subscribe(Policy.DRAFT)
    _said, sha256 = with_picture(cedar)
    cedar.publish("Behind")
    lie(link.feed, sha256)

    assert link.sync().ok

    blob = Blob.objects.get()
    assert (blob.state, blob.error, blob.attempts) == (BlobState.WANTED, expected.code, 1)
    assert not [path for path in here.blobs_dir.rglob("*") if path.is_file()]
    assert list(PlayPage.objects.values_list("title", flat=True)) == ["Behind"]

    link.feed.stop_lying()
    assert link.sync().ok
    blob.refresh_from_db()
    assert (blob.state, blob.error) == (BlobState.PRESENT, "")
    assert set(PlayPage.objects.values_list("title", flat=True)) == {"Behind", "Pictured"}


def test_a_file_that_stays_away_is_asked_for_five_times(link, cedar):
    _said, sha256 = with_picture(cedar)
    link.feed.answer_status(f"blob/{sha256}", 404)
    for _ in range(7):
        link.sync()
    assert (Blob.objects.get().state, Blob.objects.get().attempts) == (BlobState.REFUSED, 5)
    assert link.feed.asked.count(f"blob/{sha256}") == 5


@pytest.mark.parametrize("lie", [{"size": 1}, {"kind": "image/png"}, {"size": 10**7}])
@pytest.mark.parametrize("first", ["the squatter long before", "the squatter", "the author"])
def test_a_file_cannot_be_squatted_by_another_record_that_misdescribes_it(
    enrol, global_hub, subscribe, lie: dict, first: str
):
    baobab, cedar = SimulatedNode("baobab"), SimulatedNode("cedar")
    link = enrol(global_hub, baobab, cedar, hub=True)
    subscribe(Policy.DRAFT, origin="cedar")
    if first.startswith("the squatter"):
        with_picture(baobab, title="Squatter", **lie)
        for _ in range(6 if first.endswith("before") else 1):
            link.sync()
        with_picture(cedar)
    else:
        with_picture(cedar)
        link.feed.answer_status("blob/.*", 404)
        link.sync()
        link.feed.stop_lying()
        with_picture(baobab, title="Squatter", **lie)

    link.sync()
    link.sync()

    blob = Blob.objects.get()
    data = picture_bytes()
    assert (blob.state, blob.size, blob.type) == (BlobState.PRESENT, len(data), "image/jpeg")
    assert PlayPage.objects.get(title="Pictured").picture is not None


def test_a_picture_whose_head_is_sound_and_whose_body_is_not_stops_only_its_item(
    link, cedar, subscribe
):
    """Its hash is right: the author signed a damaged file. It opens, and fails when it is drawn."""
    subscribe(Policy.DRAFT)
    whole = picture_bytes("PNG", (400, 400))
    with_picture(cedar, whole[: len(whole) // 2], kind="image/png")
    cedar.publish("Behind")

    assert link.sync().ok

    item = Item.objects.get(title="Pictured")
    assert (item.state, bool(item.error)) == (ItemState.STAGED, True)
    assert Item.objects.get(title="Behind").state == ItemState.DRAFT
    assert not Provenance.objects.filter(item_id=item.item_id).exists()


def test_a_withdrawn_items_file_is_let_go_and_wanted_again_when_it_comes_back(
    link, cedar, subscribe
):
    subscribe(Policy.DRAFT)
    said, _sha256 = with_picture(cedar)
    link.sync()
    assert Blob.objects.get().state == BlobState.PRESENT
    cedar.retract(said)
    link.sync()
    assert (Blob.objects.get().state, Blob.objects.get().error) == (
        BlobState.REFUSED, "media.retracted",
    )  # fmt: skip
    assert not BlobUse.objects.exists()

    with_picture(cedar, after=said, title="Back again")
    link.sync()

    assert Blob.objects.get().state == BlobState.PRESENT
    assert Item.objects.get().state == ItemState.DRAFT
    page = PlayPage.objects.get().get_latest_revision_as_object()
    assert (page.title, page.picture is None) == ("Back again", False)


def test_the_file_of_an_item_withdrawn_before_it_came_is_not_asked_for(link, cedar):
    said, sha256 = with_picture(cedar)
    link.feed.answer_status(f"blob/{sha256}", 404)
    link.sync()
    assert Blob.objects.get().state == BlobState.WANTED
    cedar.retract(said)
    link.sync()
    link.feed.asked.clear()
    link.sync()
    assert link.feed.asked == ["heads"]
    assert Blob.objects.get().error == "media.retracted"


def test_a_file_that_two_items_share_outlives_the_first(link, cedar):
    first, sha256 = with_picture(cedar, title="First")
    with_picture(cedar, title="Second")
    link.sync()
    cedar.retract(first)
    link.sync()
    assert Blob.objects.get().state == BlobState.PRESENT
    assert blob_path(sha256).exists()


def test_a_file_changed_on_disk_is_fetched_anew_when_it_is_wanted(link, cedar):
    _said, sha256 = with_picture(cedar)
    link.sync()
    blob_path(sha256).write_bytes(b"rot")
    assert list(damaged_blobs()) == [sha256]
    Blob.objects.update(state=BlobState.WANTED)
    cedar.publish("So that there is something to fetch")
    link.sync()
    assert list(damaged_blobs()) == []
    assert blob_path(sha256).read_bytes() == cedar.blobs[sha256]


def test_files_are_fetched_while_the_next_records_are_applied(link, cedar, monkeypatch):
    _said, sha256 = with_picture(cedar)
    for number in range(300):
        cedar.publish(f"Item {number:03}")
    real, at_the_second = ingest.apply_batch, []

    def watching(log, *rest):
        if log.applied:
            at_the_second.append(seen_within(5, lambda: f"blob/{sha256}" in link.feed.asked))
        return real(log, *rest)

    monkeypatch.setattr(ingest, "apply_batch", watching)
    assert link.sync().ok
    assert at_the_second == [True]


def test_a_file_refused_long_ago_is_fetched_in_the_pull_that_names_it_again(link, cedar):
    old, new = picture_bytes(), picture_bytes("PNG")
    _said, sha256 = with_picture(cedar, old)
    link.feed.answer_status(f"blob/{sha256}", 404)
    for _ in range(5):
        link.sync()
    assert Blob.objects.get().state == BlobState.REFUSED
    link.feed.stop_lying()
    with_picture(cedar, new, kind="image/png", title="In the first bundle")
    for number in range(256):
        cedar.publish(f"Item {number:03}")
    with_picture(cedar, old, title="In the second")

    assert link.sync().ok

    assert set(Blob.objects.values_list("state", flat=True)) == {BlobState.PRESENT}


def seen_within(seconds: float, look: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
