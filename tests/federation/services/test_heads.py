"""The own log: dense, signed on the beat, and never against what was signed before."""

import pytest
from django.db import transaction

from federation.conf import get_conf
from federation.errors import BehindMark, IdChanged, KeysMissing
from federation.models import Entry, Log, Record, Tile
from federation.services import heads, publishing
from federation.services.enrolment import initialise_node
from federation.trust import Mark, load_keys, read_mark, write_mark
from federation.wire import checkpoint, merkle, tiles
from tests.federation.snapshot import snapshot


def say(number: int = 1, origin: str = "here") -> None:
    for _ in range(number):
        publishing.append_statement(
            "retract/1",
            {
                "audience": "public",
                "target": {"origin": origin, "record": "ab" * 32},
                "reason": "",
                "day": "2026-11-20",
            },
        )


def own() -> Log:
    return Log.objects.get(own=True)


def test_entries_are_dense_and_appended_unsigned(here):
    say(3)
    log = own()
    assert list(Entry.objects.order_by("index").values_list("index", flat=True)) == [0, 1, 2]
    assert (log.size, log.head_size, bytes(log.checkpoint)) == (3, 0, b"")
    assert read_mark(here.keys_dir) is None


def test_a_head_commits_to_every_entry_and_is_signed_once(here):
    say(3)
    log = heads.sign_head()
    assert (log.size, log.head_size, log.applied, log.carried) == (3, 3, 3, 3)
    opened = checkpoint.open_checkpoint(
        bytes(log.checkpoint), here.log_origin, load_keys(here.keys_dir).log.public
    )
    leaves = [entry.leaf.hash for entry in Entry.objects.order_by("index")]
    assert (opened.size, opened.root) == (3, merkle.root(leaves))
    assert read_mark(here.keys_dir) == Mark(3, opened.root)
    counter = log.counter

    assert heads.sign_head() is None, "nothing is new"
    assert (own().counter, bytes(own().checkpoint)) == (counter, bytes(log.checkpoint))

    say()
    assert heads.sign_head().counter > counter


def test_no_counter_is_given_out_twice_though_the_database_was_restored(here):
    """Else a follower that had seen the first would never ask for what the second stands for."""
    say()
    heads.sign_head()
    backup = transaction.savepoint()
    say()
    seen = heads.sign_head().counter
    transaction.savepoint_rollback(backup)
    (here.keys_dir / "log.mark").unlink()
    say()
    assert heads.sign_head().counter > seen


@pytest.mark.parametrize("steps", [[1, 1], [255, 1, 1], [256, 44], [100, 200, 300]])
def test_tiles_grow_to_what_a_log_made_at_once_has(here, steps: list[int]):
    for step in steps:
        say(step)
        heads.sign_head()
    size = sum(steps)
    leaves = [entry.leaf for entry in Entry.objects.order_by("index")]
    for level, n, width in tiles.changed_tiles(0, size):
        tile = Tile.objects.get(kind="hash", level=level, index=n)
        span = 256**level
        hashes = [
            merkle.root([leaf.hash for leaf in leaves[at : at + span]])
            for at in range(n * 256 * span, (n * 256 + (width or 256)) * span, span)
        ]
        assert bytes(tile.data) == b"".join(hashes), (level, n)
    assert own().root == merkle.root([leaf.hash for leaf in leaves])


class Died(Exception):
    pass


def test_a_crash_after_the_mark_and_before_the_signature_is_mended(here, monkeypatch):
    say(2)
    with monkeypatch.context() as patched:

        def die(*arguments):
            raise Died

        patched.setattr("federation.services.heads.checkpoint.sign", die)
        with pytest.raises(Died):
            heads.sign_head()
    assert read_mark(here.keys_dir).size == 2, "the mark came first"
    assert (own().head_size, bytes(own().checkpoint)) == (0, b"")
    say()

    log = heads.sign_head()

    assert log.head_size == 3
    assert read_mark(here.keys_dir) == Mark(3, log.root)


def test_a_database_behind_the_mark_refuses_to_sign(here):
    say(3)
    heads.sign_head()
    log, mark = own(), read_mark(here.keys_dir)
    Entry.objects.filter(index__gte=1).delete()
    Record.objects.exclude(address=Entry.objects.get().address).delete()
    Log.objects.update(size=1, head_size=0, peaks=b"", checkpoint=b"", applied=0, carried=0)
    with pytest.raises(BehindMark, match="holds 1 entries"):
        heads.sign_head()
    assert (own().head_size, bytes(own().checkpoint)) == (0, b"")
    assert read_mark(here.keys_dir) == mark
    assert log.head_size == 3


@pytest.mark.parametrize("more", [0, 2])
def test_a_database_with_another_history_refuses_to_sign(here, more: int):
    say(2)
    heads.sign_head()
    mark = read_mark(here.keys_dir)
    Entry.objects.filter(index=1).update(address="cd" * 32)
    Log.objects.update(head_size=0, peaks=b"", checkpoint=b"", applied=0, carried=0)
    Tile.objects.all().delete()
    say(more)
    with pytest.raises(BehindMark, match="not those"):
        heads.sign_head()
    assert bytes(own().checkpoint) == b""
    assert read_mark(here.keys_dir) == mark


def test_a_mark_restored_from_a_backup_stops_nothing(here):
    say(2)
    old = heads.sign_head()
    mark = Mark(2, old.root)
    say(2)
    heads.sign_head()
    write_mark(here.keys_dir, mark)
    say()
    log = heads.sign_head()
    assert log.head_size == 5
    assert read_mark(here.keys_dir) == Mark(5, log.root)


def test_an_old_mark_of_another_history_still_refuses(here):
    say(3)
    heads.sign_head()
    write_mark(here.keys_dir, Mark(2, bytes(32)))
    say()
    with pytest.raises(BehindMark):
        heads.sign_head()
    assert own().head_size == 3


def test_nothing_can_be_said_before_the_node_was_made(site, settings, tmp_path):
    settings.FEDERATION = {**settings.FEDERATION, "DATA_DIR": tmp_path / "none"}
    assert not Log.objects.exists()
    with pytest.raises(KeysMissing):
        say()
    with pytest.raises(KeysMissing):
        heads.sign_head()
    assert not Entry.objects.exists()
    assert not Record.objects.exists()


def test_a_node_that_was_given_another_id_says_nothing_in_the_old_log(here, settings):
    say()
    heads.sign_head()
    say()
    before = snapshot()
    settings.FEDERATION = {**settings.FEDERATION, "NODE_ID": "another"}
    for act in (lambda: say(origin="another"), lambda: initialise_node(get_conf())):
        with pytest.raises(IdChanged):
            act()
    assert snapshot() == before
    with pytest.raises(IdChanged):
        heads.sign_head()
    assert own().error == IdChanged.code, "it is shown"
    assert own().head_size == 1


def test_making_a_node_again_changes_no_key_and_no_log(here):
    say()
    heads.sign_head()
    keys, note = load_keys(here.keys_dir), bytes(own().checkpoint)
    member = initialise_node(here)
    assert load_keys(here.keys_dir) == keys
    assert member.log_key == keys.log.public
    assert bytes(own().checkpoint) == note
