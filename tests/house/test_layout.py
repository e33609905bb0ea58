"""The rooms stand where `pyproject.toml` and the tools look for them."""

import ast
import importlib.util
import subprocess
import sys
import zipfile

import pytest

from tests.house.tree import ROOT, ignored, tracked_files

# Modules beyond 300 lines, each with why it is one room.
LONG = {
    "federation/wire/requests.py": "one policy, for requests and answers side by side",
    "site/solidarity/demo/story.py": "the steps of one exchange, in order",
}


def test_site_is_a_source_root_and_no_package():
    assert (ROOT / "site" / "solidarity" / "__init__.py").exists()
    assert not (ROOT / "site" / "__init__.py").exists()


def test_the_name_site_still_means_pythons_own_module():
    found = importlib.util.find_spec("site")
    assert found is not None
    assert found.origin is not None
    assert not found.origin.startswith(str(ROOT / "site"))


@pytest.mark.parametrize(
    "place", ["site/solidarity/settings/base.py", "site/solidarity/demo/plan.py", "locales/x.mo"]
)
def test_no_ignore_rule_drops_the_project(place):
    assert not ignored().match_file(place)


@pytest.mark.parametrize(
    "place", [".venv/bin/python", "var/node.sqlite3", "demo/hub/node.sqlite3", "media/a.jpg"]
)
def test_what_a_node_makes_is_ignored(place):
    assert ignored().match_file(place)


def test_every_test_folder_is_a_package():
    folders = {path.parent for path in tracked_files() if path.match("tests/**/test_*.py")}
    assert folders
    assert [folder for folder in folders if not (ROOT / folder / "__init__.py").exists()] == []


def test_no_room_is_called_for_nothing_in_particular():
    refused = {"utils", "helpers", "common", "misc"}
    assert [place for place in tracked_files() if refused & {place.stem, *place.parts}] == []


def test_modules_can_be_held_in_the_head():
    source = [path for path in tracked_files() if path.suffix == ".py"]
    source = [path for path in source if path.parts[0] in {"site", "playbook", "federation"}]
    assert len(source) > 50
    long = {
        str(path)
        for path in source
        if "migrations" not in path.parts
        and not _is_a_list(path)
        and (ROOT / path).read_text(encoding="utf-8").count("\n") > 300
    }
    assert long <= set(LONG)


def _is_a_list(path):
    """One class after another with nothing to hold in the head, as in the tree of errors."""
    body = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
    return sum(isinstance(node, ast.ClassDef) for node in body) > 0.8 * len(body)


@pytest.mark.process
def test_the_wheel_carries_every_package_with_its_templates_and_catalogues(tmp_path):
    pytest.importorskip("hatchling", reason="hatchling builds the wheel: run `make env`")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        _in_wheel(path)
        for path in tracked_files()
        if path.parts[0] in {"playbook", "federation", "locales"}
        or path.parts[:2] == ("site", "solidarity")
    }
    assert {"solidarity/settings/base.py", "playbook/models/plays.py"} <= names
    assert any(name.endswith(".mo") for name in names), "no catalogue in the wheel"
    assert expected - names == set()
    assert not any(name.startswith(("tests/", "site/", "bench/")) for name in names)


def _in_wheel(path):
    return str(path.relative_to("site") if path.parts[0] == "site" else path)
