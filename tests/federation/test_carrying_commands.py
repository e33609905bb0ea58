"""`federation_bundle`: export, inspect, dry run and import, for people and for scripts."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from federation.models import Item
from federation.services import heads, publishing
from federation.trust import DescriptorDirectory
from tests.federation.carried import bundle_of, members_of
from tests.federation.simulated_node import key_for
from tests.federation.snapshot import snapshot


@pytest.fixture
def known(here, cedar):
    DescriptorDirectory(here.trust_dir).add(cedar.descriptor)
    return cedar


def run(*words) -> str:
    said = StringIO()
    call_command("federation_bundle", *map(str, words), stdout=said)
    return said.getvalue()


def test_an_export_says_what_went_in_and_is_for_this_user_alone(here, shareable, tmp_path):
    publishing.share_page(shareable(title="Carry me"))
    heads.sign_head()
    path = tmp_path / "out.zip"
    assert "here: entries 0 to 1" in run("export", path)
    assert path.stat().st_mode & 0o077 == 0
    assert b"Carry me" in members_of(path)["log/here/records/000.p/1"]
    with pytest.raises(CommandError, match="exists"):
        run("export", path)
    found = json.loads(run("export", tmp_path / "again.zip", "--json"))
    assert found["logs"] == [{"node": "here", "start": 0, "end": 1, "sealed": 0}]
    assert (tmp_path / "again.zip").read_bytes() == path.read_bytes()


def test_an_export_that_fails_leaves_no_file(here, tmp_path):
    with pytest.raises(CommandError, match=r"bundle\.incomplete"):
        run("export", tmp_path / "out.zip", "--node", "elsewhere")
    with pytest.raises(CommandError, match=r"trust\.unknown-member"):
        run("export", tmp_path / "out.zip", "--for", "elsewhere")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


def test_inspect_and_dry_run_change_nothing_and_import_does(known, tmp_path):
    known.publish("By hand")
    path = bundle_of(tmp_path, known)
    before = snapshot(ignore=())
    said = run("inspect", path)
    assert "cedar: entries 0 to 1, as of 2026-11-20; 0 known here; 1 new" in said
    assert "new: cedar en “By hand” v1 -> stage" in said
    assert said == run("import", "--dry-run", path)
    found = json.loads(run("inspect", path, "--json"))
    assert (found["ok"], found["applied"]) == (True, {"cedar": 1})
    assert snapshot(ignore=()) == before
    assert "1 of cedar" in run("import", path)
    assert Item.objects.get().title == "By hand"
    assert "Nothing new." in run("import", path)
    assert json.loads(run("import", path, "--json"))["applied"] == {"cedar": 0}


def test_a_bundle_of_which_not_all_holds_ends_with_an_error_and_the_rest_taken(known, tmp_path):
    known.publish("Good")
    known.publish("Theirs", key=key_for("stranger", "any"))
    path = bundle_of(tmp_path, known)
    with pytest.raises(CommandError, match="Not all of it holds"):
        run("inspect", path)
    run("import", path)
    assert Item.objects.get().title == "Good"
    known.say(known.build("endorse/1", target=known.said[0].target, day="2026-11-20"))
    late = bundle_of(tmp_path, known, change=lambda m: m.pop("log/cedar/tile/entries/000.p/3"))
    with pytest.raises(CommandError, match="importing it again is safe"):
        run("import", late)


@pytest.mark.parametrize("verb", ["inspect", "import"])
def test_what_is_no_bundle_or_not_there_is_named(here, tmp_path, verb):
    path = tmp_path / "x.zip"
    with pytest.raises(CommandError, match="No such file"):
        run(verb, path)
    path.write_bytes(b"%PDF-1.7")
    with pytest.raises(CommandError, match=r"bundle\.not-a-zip"):
        run(verb, path)
