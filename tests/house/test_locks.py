"""The lock files, and the script that looks after them: it is run on broken copies too."""

import shutil
import subprocess
import sys

import pytest

from tests.house.tree import ROOT

LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-next.txt"]
NPM = "tests/interop/package-lock.json"


@pytest.fixture
def copy(tmp_path):
    for name in [*LOCKS, "pyproject.toml"]:
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / NPM).parent.mkdir(parents=True)
    shutil.copy(ROOT / NPM, tmp_path / NPM)
    return tmp_path


def faults(root):
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "locks.py", root], capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    assert done.returncode == (1 if lines else 0), done.stderr
    return lines


def edit(path, old, new, count=1):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def test_every_dependency_is_locked_with_hashes_and_no_address(copy):
    assert faults(copy) == []


def test_a_lock_file_that_is_not_there_is_found(copy):
    (copy / "requirements-next.txt").unlink()
    assert faults(copy) == ["requirements-next.txt: missing; run `make lock`"]


def test_a_new_dependency_that_was_not_locked_is_found(copy):
    edit(copy / "pyproject.toml", "dependencies = [", 'dependencies = [\n  "not-locked-yet>=1",')
    assert len(faults(copy)) == len(LOCKS)
    assert all("not-locked-yet of pyproject.toml is not locked" in line for line in faults(copy))


def test_a_new_test_dependency_concerns_the_test_locks_alone(copy):
    edit(copy / "pyproject.toml", "dev = [", 'dev = [\n  "not-locked-yet",')
    assert [line.split(":")[0] for line in faults(copy)] == LOCKS[1:]


def test_a_pin_without_a_hash_is_found(copy):
    path = copy / "requirements.txt"
    path.write_text(path.read_text(encoding="utf-8") + "made-up==1.0\n", encoding="utf-8")
    assert faults(copy) == ["requirements.txt: made-up has no hash"]


@pytest.mark.parametrize(
    ("old", "fault"), [('"integrity"', "has no hash"), ('"license"', "has an address")]
)
def test_npms_lock_is_looked_at_too(copy, old, fault):
    edit(copy / NPM, old, '"resolved"')
    assert any(
        line.startswith("package-lock.json: node_modules/") and fault in line
        for line in faults(copy)
    )


@pytest.mark.parametrize(
    "line", ["--index-url https://packages.example/simple", "-f ./wheels", "--extra-index-url x"]
)
def test_an_address_is_found(copy, line):
    path = copy / "requirements-dev.txt"
    path.write_text(line + "\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert any("requirements-dev.txt: an address" in fault for fault in faults(copy))


def test_the_test_environment_holds_the_runtime_one_at_the_same_versions():
    def pins(name):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        return {line.split(" ")[0] for line in lines if "==" in line and not line.startswith(" ")}

    runtime = pins("requirements.txt")
    assert len(runtime) > 20
    assert runtime - pins("requirements-dev.txt") == set()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("requirements.txt", "wagtail==7.4."),
        ("requirements-dev.txt", "wagtail==7.4."),
        ("requirements-next.txt", "wagtail==8.0."),
    ],
)
def test_each_lock_is_for_its_own_wagtail(name, line):
    assert f"\n{line}" in (ROOT / name).read_text(encoding="utf-8")
