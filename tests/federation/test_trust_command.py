"""`federation_trust`, as a hub's operator and three stewards use it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from federation.conf import get_conf
from federation.models import Peer, PeerStatus
from federation.services import enrolment
from federation.trust import DescriptorDirectory, TrustStore
from tests.federation.simulated_node import SimulatedNode

NAMES = ("amal", "bao", "chidi")


def run(*words: object) -> str:
    out = StringIO()
    call_command("federation_trust", *(str(word) for word in words), stdout=out)
    return out.getvalue()


@pytest.fixture
def sticks(tmp_path):
    """Return the folder of each steward's keys; what the hub gets is in `public`."""
    (tmp_path / "public").mkdir()
    for name in NAMES:
        for role in ("root", "targets"):
            path = tmp_path / name / f"{role}-{name}.pem"
            run("key", path)
            path.with_suffix(".pub").rename(tmp_path / "public" / f"{role}-{name}.pub")
    return tmp_path


@pytest.fixture
def started(hub_here, sticks):
    """Return the sticks, once two of three stewards have started the repository."""
    change = sticks / "start.change"
    told = run("init", "--keys", sticks / "public", "--root-threshold", 2,
               "--targets-threshold", 2, "--out", change)  # fmt: skip
    assert "0 of 2" in told
    assert not TrustStore(hub_here.trust_dir).is_set
    for name in NAMES[:2]:
        for role in ("root", "targets"):
            run("sign", change, "--key", sticks / name / f"{role}-{name}.pem")
    run("publish", change)
    return sticks


def test_a_repository_starts_only_with_enough_signatures(hub_here, started):
    assert DescriptorDirectory(hub_here.trust_dir).member("here").status == "active"
    told = run("show")
    assert "root: 2 of 3 keys can change who may do any of this" in told
    assert "targets: 2 of 3 keys can take in, suspend and revoke nodes" in told
    assert "good until" in told


def test_one_steward_alone_changes_nothing(hub_here, started):
    node, change = SimulatedNode("cedar"), started / "add.change"
    (started / "cedar.json").write_bytes(node.descriptor)
    told = run("propose", "--out", change, "add", started / "cedar.json")
    assert "NEW MEMBER" in told
    assert node.member.identity_key.fingerprint_groups in told
    run("sign", change, "--key", started / "amal" / "targets-amal.pem")
    with pytest.raises(CommandError, match=r"trust\.change-refused: targets: 1 of 2"):
        run("publish", change)
    assert not Peer.objects.exists()

    run("sign", change, "--key", started / "chidi" / "targets-chidi.pem")
    run("publish", change)
    assert Peer.objects.get(node_id="cedar").status == PeerStatus.ACTIVE


def test_a_confirmed_node_waits_for_the_stewards(hub_here, started):
    node = SimulatedNode("cedar")
    peer = Peer.objects.create(node_id="cedar", descriptor=node.descriptor)
    enrolment.confirm_peer(peer, node.member.identity_key.fingerprint)
    assert peer.status == PeerStatus.PENDING
    (change,) = (hub_here.trust_dir / "changes").iterdir()
    for name in NAMES[1:]:
        run("sign", change, "--key", started / name / f"targets-{name}.pem")
    run("publish", change)
    assert Peer.objects.get().status == PeerStatus.ACTIVE


def test_signing_needs_no_database(hub_here, started, django_db_blocker):
    change = started / "renew.change"
    run("propose", "--out", change, "renew", "targets")
    with django_db_blocker.block():
        told = run("sign", change, "--key", started / "bao" / "targets-bao.pem")
        assert "Signed for: targets." in told
        assert "1 of 2" in run("show", change)


def test_new_online_keys_are_put_in_place_when_the_root_names_them(hub_here, started):
    change = started / "timestamp.change"
    run("propose", "--out", change, "role", "timestamp")
    before = (hub_here.keys_dir / "trust-timestamp.pem").read_bytes()
    for name in NAMES[:2]:
        run("sign", change, "--key", started / name / f"root-{name}.pem")
    assert (hub_here.keys_dir / "trust-timestamp.pem").read_bytes() == before
    run("publish", change)
    assert (hub_here.keys_dir / "trust-timestamp.pem").read_bytes() != before
    assert TrustStore(hub_here.trust_dir).root().version == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("propose", "--out", "x", "suspend", "nobody"), "trust.change-refused"),
        (("propose", "--out", "x", "revoke", "here", "--last-trusted", "x"), "trust.change-"),
        (("propose", "--out", "x", "revoke", "here", "--last-trusted", "9"), "trust.change-"),
        (("init",), "trust.change-refused"),
        (("confirm-keys", "nobody", "--fingerprint", "0"), "trust.unknown-member"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(hub_here, started, words, code):
    with pytest.raises(CommandError, match=code):
        run(*words)


def test_a_root_is_adopted_by_its_hash_alone(hub_here, started):
    store = TrustStore(get_conf().trust_dir)
    root = started / "root.json"
    root.write_bytes(store.pinned_root())
    with pytest.raises(CommandError, match=r"trust\.wrong-root"):
        run("adopt-root", root, "--root-version", 1, "--sha256", "0" * 64)
    told = run("adopt-root", root, "--root-version", 1, "--sha256", store.pin.sha256)
    assert "Trust starts from this root now" in told


def test_before_the_start_there_is_nothing_to_show(hub_here):
    with pytest.raises(CommandError, match=r"trust\.not-set"):
        run("show")


def test_stewards_name_witnesses_and_read_what_they_sign(hub_here, started):
    change = started / "add.change"
    node = SimulatedNode("cedar")
    (started / "cedar.json").write_bytes(node.descriptor)
    run("propose", "--out", change, "add", started / "cedar.json")
    for name in NAMES[:2]:
        run("sign", change, "--key", started / name / f"targets-{name}.pem")
    run("publish", change)
    rules = started / "rules.change"
    with pytest.raises(CommandError, match="No active members, so no witnesses: bo"):
        run("propose", "--out", rules, "witnesses", "bo", "--hub-quorum", 1)
    with pytest.raises(CommandError, match="the log of cedar"):
        run("propose", "--out", rules, "witnesses", "cedar", "--node-quorum", 1)

    told = run("propose", "--out", rules, "witnesses", "cedar", "--hub-quorum", 1)

    assert "federation.json: witnesses: cedar" in told
    assert "must cosign a node's log: 0, the hub's: 1" in told
    assert not DescriptorDirectory(hub_here.trust_dir).rules().witnesses
    for name in NAMES[:2]:
        run("sign", rules, "--key", started / name / f"targets-{name}.pem")
    run("publish", rules)
    assert DescriptorDirectory(hub_here.trust_dir).rules().witnesses == ("cedar",)
    assert "witnesses: cedar" in run("show")
