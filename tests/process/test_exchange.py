"""The exchange of `manage.py demo`, step by step, between real processes over HTTP."""

import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from .conftest import ROOT, Demo, demo_command, environment, free_ports

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("demo")]

STEPS = {
    "submit": {"in workflow", "not live"},
    "safety": {"redaction gate: 8 of 8 yes", "not live"},
    "publish": {"live at its node", "log unchanged", "absent from the hub"},
    "share": {"signed head over the new entry"},
    "pull": {"address", "signature", "log-entry", "log-head"},
    "return": {"sealed entry in hub log"},
    "note": {"sealed: signed request"},
    "revise": {"version 2 follows version 1", "signature"},
    "endorse": {"endorsement"},
    "adopt": {"signature", "endorsement", "draft, not live", "Swahili draft beside it"},
    "autopublish": {"signature", "endorsement", "media", "picture served"},
    "retract": {
        "410 with a notice at cedar",
        "410 with a notice at hub",
        "410 with a notice at baobab",
    },
    "refuse_tampered": {"refused: record.address-mismatch", "nothing staged"},
    "refuse_replayed": {"second: 401 request.replayed"},
    "refuse_forged": {"refused: record.wrong-origin", "not published"},
    "revoke": {
        "revoked at hub, cedar, baobab",
        "refused: trust.suspended",
        "nothing more taken",
    },
    "recall": {
        "410 with a notice at cedar",
        "410 with a notice at hub",
        "410 with a notice at baobab",
        "acknowledged by cedar",
        "acknowledged by baobab",
    },
    "bundle": {"inspection changed nothing", "signature", "log-entry"},
}


@pytest.mark.parametrize("name", STEPS)
def test_each_step_passes_and_names_what_was_verified(demo: Demo, name: str):
    assert name in demo.steps, f"not reached: {demo.steps}"
    step = demo.steps[name]
    assert step["ok"], step["error"]
    assert STEPS[name] <= set(step["verified"])


def test_the_last_line_has_totals_and_the_three_nodes(demo: Demo):
    assert demo.end["ok"] is True
    assert (demo.end["passed"], demo.end["failed"]) == (len(STEPS), 0)
    assert [node["id"] for node in demo.end["nodes"]] == ["hub", "cedar", "baobab"]
    for node in demo.end["nodes"]:
        assert set(node) == {"id", "url", "admin_url", "languages", "username", "password"}
    assert demo.node("hub")["languages"] == ["en", "ar", "fr", "es", "pt", "sw"]
    assert demo.node("cedar")["languages"] == ["ar", "fr", "en"]


def test_every_home_answers_in_its_languages(demo: Demo):
    for node in demo.end["nodes"]:
        for lang in node["languages"]:
            with urllib.request.urlopen(f"{demo.base(node['id'])}/{lang}/") as response:
                assert response.status == 200
                assert f'lang="{lang}"' in response.read().decode()


def test_a_language_that_a_node_does_not_publish_is_not_shown(demo: Demo):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{demo.base('baobab')}/ar/")
    assert caught.value.code == 404


def refusal(folder: Path, port: str) -> str:
    """Return why the demo does not start there."""
    done = subprocess.run(
        demo_command("--once", "--dir", str(folder), "--port-base", port),
        capture_output=True,
        text=True,
        env=environment(),
        cwd=ROOT,
        check=False,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    return done.stderr


def test_a_busy_port_is_a_named_error(demo: Demo, tmp_path):
    port = demo.node("hub")["url"].split(":")[2].split("/")[0]
    said = refusal(tmp_path, port)
    assert "port-busy" in said
    assert port in said


def test_nodes_that_know_each_other_by_other_ports_are_left_as_they_are(demo: Demo):
    port = demo.node("hub")["url"].split(":")[2].split("/")[0]
    said = refusal(demo.folder, str(free_ports()))
    assert "port-changed" in said
    assert f"--port-base {port}" in said
    assert all((demo.folder / node["id"] / "node.sqlite3").exists() for node in demo.end["nodes"])
