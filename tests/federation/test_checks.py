"""Misconfiguration is a system check with an id and a remedy, production's own too."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from federation.checks import check_configuration, check_keys, check_trust
from tests.federation.stewards import rooted

ROOT = Path(__file__).resolve().parents[2]


def ids(found) -> list[str]:
    assert all(message.hint for message in found), "each says what to do"
    return [message.id for message in found]


def test_a_node_in_order_has_no_findings(here):
    assert check_configuration(None) == check_keys(None) == []


def test_an_online_key_that_others_can_read_is_found(hub_here):
    rooted(hub_here)
    assert check_keys(None) == []
    (hub_here.keys_dir / "trust-timestamp.pem").chmod(0o644)
    assert ids(check_keys(None)) == ["federation.E004"]


def test_what_runs_out_soon_or_has_run_out_is_told_in_time(hub_here, monkeypatch):
    assert check_trust(None) == [], "nothing is pinned yet"
    rooted(hub_here)
    assert check_trust(None) == []

    class Later(datetime):
        ahead = timedelta()

        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + cls.ahead

    monkeypatch.setattr("federation.checks.datetime", Later)
    Later.ahead = timedelta(days=130)
    found = ids(check_trust(None))
    assert found == ["federation.W002", "federation.W003", "federation.W003"]
    Later.ahead = timedelta(days=200)
    assert ids(check_trust(None)).count("federation.W003") == 3


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"SYNC_SECOND": 3}, "federation.E001"),
        ({"DATA_DIR": None}, "federation.E002"),
        ({"NODE_ID": "Not A Node"}, "federation.E003"),
        ({"NODE_ID": "x" * 64}, "federation.E003"),
        ({"NODE_ID": "../up"}, "federation.E003"),
    ],
)
def test_a_wrong_setting_is_named(here, settings, change: dict, expected: str):
    settings.FEDERATION = {**settings.FEDERATION, **change}
    assert ids(check_configuration(None)) == [expected]


def test_a_missing_setting_is_named_and_breaks_no_other_check(here, settings):
    given = dict(settings.FEDERATION)
    del given["DATA_DIR"]
    settings.FEDERATION = given
    assert ids(check_configuration(None)) == ["federation.E002"]
    assert check_keys(None) == []


def test_missing_readable_and_broken_keys_are_named(here):
    keys = here.keys_dir
    (keys / "log.pem").unlink()
    (keys / "record.pem").chmod(0o644)
    (keys / "request.pem").write_bytes(b"?")
    found = check_keys(None)
    assert sorted(ids(found)) == ["federation.E004", "federation.E005", "federation.W001"]
    assert {message.level >= 40 for message in found if message.id != "federation.W001"} == {True}


SOUND = {
    "SECRET_KEY": "k" * 60,
    "SOLIDARITY_PUBLIC_URL": "https://node.example",
    "SOLIDARITY_LANGUAGES": "en",
}


@pytest.mark.process
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"SECRET_KEY": ""}, ["solidarity.E001"]),
        (
            {
                "SECRET_KEY": "short",
                "SOLIDARITY_PUBLIC_URL": "http://node.example",
                "SOLIDARITY_LANGUAGES": "en,tlh",
                "SOLIDARITY_NODE_ID": "Not A Node",
            },
            ["solidarity.E001", "solidarity.E002", "solidarity.E003", "federation.E003"],
        ),
    ],
    ids=["sound", "no key", "all wrong"],
)
def test_production_is_refused_by_manage_py_check(tmp_path, change: dict, expected: list[str]):
    inherited = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "check", "--settings=solidarity.settings.production"],
        env={
            **inherited,
            "SOLIDARITY_DATA_DIR": str(tmp_path),
            **SOUND,
            **change,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if not expected:
        assert done.returncode == 0, done.stderr
        assert "federation.W001" in done.stderr, "keys are still to be made: a warning"
    else:
        assert done.returncode != 0
        assert [error for error in expected if error not in done.stderr] == []
        assert done.stderr.count("HINT") >= len(expected)
        assert "Traceback" not in done.stderr
