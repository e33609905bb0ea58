"""Another TUF client follows the metadata that our stewards sign, and is as hard to fool."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from federation.trust import proposals
from federation.trust.targets import target_path
from tests.federation.simulated_node import SimulatedNode
from tests.federation.stewards import Stewards

from .node import run_script


@pytest.fixture
def stewards(tmp_path) -> Stewards:
    """Return two of three stewards with a hub and a coalition among the members."""
    found = Stewards(tmp_path / "stewards", SimulatedNode("global-hub"), keys=3, threshold=2)
    found.enrol(SimulatedNode("cedar"))
    return found


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_said: object) -> None:
        return


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP, as a static mirror would."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def follow(stewards: Stewards, folder: Path, wanted: str) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    if not (folder / "root.json").exists():
        (folder / "root.json").write_bytes(stewards.repository.root_bytes())
    with served(stewards.repository.folder) as url:
        task = {"metadata": f"{url}/metadata", "targets": f"{url}/targets", "folder": str(folder)}
        (answer,) = run_script("tuf.js", [json.dumps({**task, "wanted": wanted})])
    return json.loads(answer)


def test_a_stock_client_refreshes_and_gets_a_member(stewards, tmp_path):
    answer = follow(stewards, tmp_path / "client", target_path("cedar"))
    assert answer["target"].encode() == stewards.repository.target(target_path("cedar"))
    before = answer["versions"]
    stewards.enrol(SimulatedNode("baobab"))
    answer = follow(stewards, tmp_path / "client", target_path("baobab"))
    assert answer["versions"]["targets"] == before["targets"] + 1
    assert answer["versions"]["root"] == before["root"]


def test_a_stock_client_refuses_what_one_steward_signed(stewards, tmp_path):
    change = proposals.propose_member(stewards.repository, SimulatedNode("baobab").descriptor)
    change = stewards.signed(change)
    assert change.targets is not None
    signatures = change.targets.signatures
    for keyid in list(signatures)[1:]:
        del signatures[keyid]
    stewards.repository.publish(change.root, change.targets, change.contents)
    answer = follow(stewards, tmp_path / "client", target_path("baobab"))
    assert "targets was signed by 1/2 keys" in answer["error"]
