"""`federation_verify` finds every kind of damage to what is stored, and says what is damaged."""

import gzip
import io

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from federation.errors import (
    AddressMismatch,
    BadSignature,
    BadTile,
    BehindMark,
    FederationError,
    MediaHashMismatch,
    RecordWithheld,
    RootMismatch,
    UnknownMember,
    WrongKey,
)
from federation.models import Blob, Entry, Log, Record, Tile
from federation.services import heads, media, publishing, retracting
from federation.services.verify import verify_everything
from federation.trust import Mark, write_mark
from tests import factories
from tests.federation.simulator import STRANGER


@pytest.fixture
def stored(hub_here, link, cedar, shareable):
    """An own log with a picture, and a followed one of more than a bundle."""
    publishing.share_page(shareable())
    publishing.share_page(shareable(picture=factories.picture(), picture_alt="A door"))
    retracting.retract_page(shareable(), "never shared")
    taken_back = shareable()
    publishing.share_page(taken_back)
    retracting.retract_page(taken_back, "It endangers people.")
    heads.sign_head()
    for number in range(260):
        cedar.publish(f"Item {number}")
    assert link.sync().ok


def test_what_is_whole_is_found_whole(stored):
    done = verify_everything()
    assert done.findings == []
    assert (done.logs, done.entries, done.blobs) == (2, 4 + 260, 1)
    assert done.records == 3 + 260
    assert done.tiles > 6
    said = io.StringIO()
    call_command("federation_verify", stdout=said)
    assert "Everything holds." in said.getvalue()


def of(node_id: str):
    return Entry.objects.filter(log__node_id=node_id).order_by("index")


def change_payload(node_id: str) -> None:
    record = Record.objects.get(address=of(node_id)[0].address)
    record.payload = bytes(record.payload).replace(b'"en"', b'"fr"')
    record.save()


def change_signature(node_id: str) -> None:
    record = Record.objects.get(address=of(node_id)[0].address)
    record.signatures = [{"keyid": "", "sig": "00" * 64}]
    record.save()


def change_tile(**which) -> None:
    tile = Tile.objects.filter(**which).first()
    data = bytes(tile.data)
    if tile.kind != "hash":
        data = gzip.compress(gzip.decompress(data)[:-3] + b"???")
    else:
        data = bytes(32) + data[32:]
    Tile.objects.filter(pk=tile.pk).update(data=data)


DAMAGE = {
    "own body changed": (lambda: change_payload("here"), AddressMismatch),
    "followed body changed": (lambda: change_payload("cedar"), AddressMismatch),
    "signature changed": (lambda: change_signature("cedar"), BadSignature),
    "own body lost": (
        lambda: Record.objects.filter(address=of("here")[0].address).update(payload=None),
        RecordWithheld,
    ),
    "own record lost": (
        lambda: Record.objects.filter(address=of("here")[0].address).delete(), RecordWithheld
    ),
    "entry changed": (
        lambda: Entry.objects.filter(pk=of("cedar")[3].pk).update(address="ab" * 32), RootMismatch
    ),
    "entry lost": (lambda: Entry.objects.filter(pk=of("cedar")[3].pk).delete(), RootMismatch),
    "last entry lost": (lambda: of("here").last().delete(), RootMismatch),
    "head replaced": (
        lambda: Log.objects.filter(node_id="cedar").update(
            checkpoint=Log.objects.get(node_id="here").checkpoint
        ),
        None,
    ),
    "hash tile changed": (lambda: change_tile(kind="hash", level=0, log__own=True), BadTile),
    "upper hash tile changed": (lambda: change_tile(kind="hash", level=1), BadTile),
    "entries tile changed": (lambda: change_tile(kind="entries", log__node_id="cedar"), BadTile),
    "records tile changed": (lambda: change_tile(kind="records", log__node_id="cedar"), BadTile),
    "tile that does not unpack": (
        lambda: Tile.objects.filter(kind="entries").update(data=b"noise"), BadTile
    ),
    "tile lost": (lambda: Tile.objects.filter(kind="records").first().delete(), BadTile),
    "file changed": (
        lambda: media.blob_path(Blob.objects.get().sha256).write_bytes(b"rot"), MediaHashMismatch
    ),
    "file lost": (
        lambda: media.blob_path(Blob.objects.get().sha256).unlink(), MediaHashMismatch
    ),
}  # fmt: skip


def test_each_kind_of_damage_is_found(stored):
    blob = media.blob_path(Blob.objects.get().sha256)
    whole = blob.read_bytes()
    for name, (damage, expected) in DAMAGE.items():
        with transaction.atomic():
            damage()
            require_found(name, expected)
            transaction.set_rollback(True)
        blob.write_bytes(whole)
        assert verify_everything().findings == [], f"{name} was not undone"


def require_found(name: str, expected: type[FederationError] | None) -> None:
    found = verify_everything().findings
    assert found, name
    if expected is not None:
        assert expected in {type(finding.error) for finding in found}, name
    assert all(finding.about for finding in found), name
    with pytest.raises(CommandError, match="do not hold"):
        call_command("federation_verify", stderr=io.StringIO(), stdout=io.StringIO())


def test_a_head_by_another_key_is_found(stored, cedar):
    Log.objects.filter(node_id="cedar").update(checkpoint=cedar.head(key=STRANGER))
    assert [type(finding.error) for finding in verify_everything().findings] == [WrongKey]


def test_a_database_behind_the_mark_is_found(stored, hub_here):
    write_mark(hub_here.keys_dir, Mark(99, bytes(32)))
    assert BehindMark in {type(finding.error) for finding in verify_everything().findings}


def test_a_log_of_nobody_we_know_is_found(stored):
    Log.objects.create(node_id="ghost", origin="solidarity.example/ghost")
    assert [type(f.error) for f in verify_everything().findings] == [UnknownMember]


def test_one_damage_does_not_hide_another(stored):
    change_payload("cedar")
    change_tile(kind="hash", level=0, log__own=True)
    media.blob_path(Blob.objects.get().sha256).unlink()
    kinds = {type(finding.error) for finding in verify_everything().findings}
    assert kinds >= {AddressMismatch, BadTile, MediaHashMismatch}
