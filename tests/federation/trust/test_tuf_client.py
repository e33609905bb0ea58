"""`federation_tuf_client`, spoken to as the TUF conformance suite speaks, over real HTTP."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from federation.trust.targets import target_path
from tests.federation.simulated_node import SimulatedNode
from tests.federation.stewards import Stewards
from tests.interop.test_membership import served


@pytest.fixture
def stewards(tmp_path) -> Stewards:
    return Stewards(tmp_path / "stewards", SimulatedNode("global-hub"))


@pytest.fixture
def client(tmp_path, stewards, settings) -> Path:
    """Return the client's folder, with a trusted root. Loopback is allowed, as in the demo."""
    settings.FEDERATION = {**settings.FEDERATION, "PRIVATE_ENDPOINT": True}
    root = tmp_path / "root.json"
    root.write_bytes(stewards.repository.root_bytes())
    call_command("federation_tuf_client", "--metadata-dir", str(tmp_path / "client"), "init", root)
    return tmp_path / "client"


def run(client: Path, url: str, verb: str, *more: str) -> None:
    where = ["--metadata-dir", str(client), "--metadata-url", f"{url}/metadata"]
    call_command("federation_tuf_client", *where, *more, verb)


def test_it_refreshes_and_downloads(client, stewards, tmp_path):
    (tmp_path / "targets").mkdir()
    wanted = ["--target-name", target_path("global-hub"), "--target-dir", str(tmp_path / "targets")]
    with served(stewards.repository.folder) as url:
        run(client, url, "refresh")
        run(client, url, "download", *wanted, "--target-base-url", f"{url}/targets")
    assert json.loads((client / "timestamp.json").read_bytes())["signed"]["version"] >= 1
    (found,) = (tmp_path / "targets").iterdir()
    assert found.read_bytes() == stewards.repository.target(target_path("global-hub"))


def test_it_ends_with_an_error_where_the_suite_expects_one(client, stewards, tmp_path):
    with served(stewards.repository.folder) as url:
        with pytest.raises(CommandError, match="no target"):
            run(client, url, "download", "--target-name", "nodes/nobody.json",
                "--target-base-url", f"{url}/targets", "--target-dir", str(tmp_path))  # fmt: skip
        timestamp = stewards.repository.folder / "metadata" / "timestamp.json"
        timestamp.write_bytes(timestamp.read_bytes().replace(b'"version": 1', b'"version": 9'))
        timestamp.write_bytes(timestamp.read_bytes().replace(b'"version":1', b'"version":9'))
        with pytest.raises(CommandError, match="UnsignedMetadataError"):
            run(client, url, "refresh")
