"""`make`, pre-commit and `.ci/run` do the same things under the same names."""

import os
import re
import shutil
import subprocess

import pytest
import yaml

from tests.house.tree import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
needs_make = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def check_commands():
    body = re.search(r"^check: env.*\n((?:\t.*\n)+)", MAKEFILE, re.M)
    assert body
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in body[1].splitlines()]


@needs_make
def test_a_bare_make_lists_every_target_with_a_line():
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))
    lines = {line.split()[1]: line for line in listed.splitlines()}
    assert {
        "demo",
        "env",
        "test",
        "test-long",
        "test-next",
        "check",
        "bench",
        "lock",
        "clean",
    } <= set(lines)
    assert targets == set(lines)
    assert all(len(line.split()) > 3 for line in lines.values())


def test_pre_commit_runs_what_make_check_runs_and_fetches_nothing():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    hooks = config["repos"][0]["hooks"]
    assert {hook["language"] for hook in hooks} == {"system"}
    entries = [re.sub(r"^env (?:\S+=\S+ )+", "", hook["entry"]) for hook in hooks]
    for command in check_commands():
        plain = command.removesuffix(" .")
        assert any(entry.startswith(plain) for entry in entries), f"pre-commit lacks: {plain}"
    assert len(entries) == len(check_commands())


def test_the_run_before_landing_checks_and_tests_both_environments():
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "set -euo pipefail" in text
    steps = "check test test-long test-next"
    assert re.search(rf"^\.ci/postgres --required make .*{steps}$", text, re.M)


@pytest.mark.parametrize("script", [".ci/run", ".ci/postgres", "docker/entrypoint"])
def test_scripts_can_be_run_and_parse(script):
    path = ROOT / script
    assert os.access(path, os.X_OK)
    shell = "sh" if path.read_text(encoding="utf-8").startswith("#!/bin/sh") else "bash"
    subprocess.run([shell, "-n", path], check=True)


def test_a_given_database_is_used_and_no_server_is_started():
    done = subprocess.run(
        [ROOT / ".ci" / "postgres", "sh", "-c", "echo $TEST_DATABASE_URL"],
        env={**os.environ, "TEST_DATABASE_URL": "postgres://given/db"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "postgres://given/db\n"


@pytest.mark.parametrize(("flags", "code"), [([], 0), (["--required"], 1)])
def test_without_a_server_it_says_what_to_install(tmp_path, flags, code):
    """The script sees a machine without PostgreSQL: its search finds only empty folders."""
    script = (ROOT / ".ci" / "postgres").read_text(encoding="utf-8")
    changed = script.replace("/usr/lib/postgresql", str(tmp_path)).replace(
        "command -v postgres", "command -v no-such-server"
    )
    assert changed != script
    environment = {name: value for name, value in os.environ.items() if name != "TEST_DATABASE_URL"}
    done = subprocess.run(
        ["bash", "-c", changed, "postgres", *flags, "touch", str(tmp_path / "ran")],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code
    assert "apt-get install postgresql-15" in done.stderr
    assert not (tmp_path / "ran").exists()
