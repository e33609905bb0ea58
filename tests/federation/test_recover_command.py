"""The command that brings the own log back, as an operator meets it."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from federation.models import Log
from federation.services import heads
from federation.services.bundle_export import export_to
from federation.services.verify import verify_everything
from federation.trust import Mark, read_mark, write_mark
from tests.federation.services.test_heads import say


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("federation_recover", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def forget_everything() -> None:
    """Leave the log as it was made, as an empty backup does; the mark stays."""
    log = Log.objects.get(own=True)
    log.entries.all().delete()
    log.tiles.all().delete()
    Log.objects.update(
        size=0, head_size=0, peaks=b"", checkpoint=b"", applied=0, carried=0, counter=0
    )


def test_a_node_that_lost_nothing_is_told_so(here):
    say(2)
    heads.sign_head()
    assert "It can sign." in run()
    assert json.loads(run("--json"))["behind"] is False


def test_a_log_comes_back_from_a_file(here, tmp_path):
    say(300)
    whole = heads.sign_head()
    export_to(tmp_path / "own.zip")
    forget_everything()
    with pytest.raises(CommandError, match="300 entries and holds 0"):
        run()
    seen = run("--dry-run", "--bundle", str(tmp_path / "own.zip"))
    assert "300 entries would come back" in seen
    assert Log.objects.get(own=True).size == 0

    assert "300 entries came back" in run("--bundle", str(tmp_path / "own.zip"))

    log = Log.objects.get(own=True)
    assert (log.head_size, log.root) == (300, whole.root)
    assert verify_everything().findings == []
    say()
    assert heads.sign_head().head_size == 301


def test_a_file_that_holds_another_past_is_refused_by_name(here, tmp_path):
    say(3)
    heads.sign_head()
    export_to(tmp_path / "own.zip")
    forget_everything()
    write_mark(here.keys_dir, Mark(2, bytes(32)))
    with pytest.raises(CommandError, match=r"log\.equivocation"):
        run("--bundle", str(tmp_path / "own.zip"))
    assert read_mark(here.keys_dir) == Mark(2, bytes(32))
    assert Log.objects.get(own=True).size == 0


def test_a_file_that_is_none_is_refused_by_name(here, tmp_path):
    (tmp_path / "text.zip").write_text("not a zip")
    with pytest.raises(CommandError, match=r"bundle\.not-a-zip"):
        run("--bundle", str(tmp_path / "text.zip"))
    with pytest.raises(CommandError):
        run("--bundle", str(tmp_path / "absent.zip"))
