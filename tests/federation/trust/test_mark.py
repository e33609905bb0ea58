"""The mark beside the log key."""

import pytest

from federation.errors import KeyFileBroken
from federation.trust import Mark, read_mark, write_mark


def test_a_mark_is_read_as_it_was_written(tmp_path):
    assert read_mark(tmp_path) is None
    write_mark(tmp_path, Mark(3, bytes(range(32))))
    assert read_mark(tmp_path) == Mark(3, bytes(range(32)))
    write_mark(tmp_path, Mark(4, bytes(32)))
    assert read_mark(tmp_path) == Mark(4, bytes(32))
    assert [path.name for path in tmp_path.iterdir()] == ["log.mark"]
    assert (tmp_path / "log.mark").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"size": "x", "root": ""}', '{"size": 1}'])
def test_a_broken_mark_is_named_and_not_taken_for_none(tmp_path, text: str):
    (tmp_path / "log.mark").write_text(text)
    with pytest.raises(KeyFileBroken):
        read_mark(tmp_path)


def test_a_write_that_was_cut_off_leaves_the_mark_as_it_was(tmp_path, monkeypatch):
    write_mark(tmp_path, Mark(3, bytes(32)))

    class Died(Exception):
        pass

    def die(*arguments):
        raise Died

    monkeypatch.setattr("federation.trust.mark.os.replace", die)
    with pytest.raises(Died):
        write_mark(tmp_path, Mark(9, bytes(32)))
    assert read_mark(tmp_path) == Mark(3, bytes(32))
