"""Trust metadata as it is served: verbatim, cacheable, and enough for a newcomer to join."""

from dataclasses import replace

import pytest

from federation.conf import Conf, get_conf
from federation.models import Peer, PeerStatus
from federation.services import enrolment, trusting
from federation.services.enrolment import InviteText
from federation.trust import DescriptorDirectory, TrustStore
from tests.federation.api.conftest import FEED
from tests.federation.served import ServedHere
from tests.federation.stewards import rooted

TRUST = f"{FEED}/trust"


@pytest.fixture
def hub(hub_here) -> Conf:
    return rooted(hub_here)


def paths(conf: Conf) -> list[str]:
    public = TrustStore(conf.trust_dir).current / "public"
    return sorted(str(p.relative_to(public)) for p in public.rglob("*.json"))


def test_every_file_is_served_word_for_word(client, hub):
    found = paths(hub)
    assert len(found) == 6, found
    repository = trusting.repository_of(hub).folder
    for path in found:
        answer = client.get(f"{TRUST}/{path}")
        assert answer.status_code == 200
        assert answer.content == (repository / path).read_bytes()
        assert answer["content-type"] == "application/json"
        lasting = "immutable" in answer["cache-control"]
        assert lasting == (path != "metadata/timestamp.json")


def test_who_has_it_already_is_told_so(client, hub):
    first = client.get(f"{TRUST}/metadata/timestamp.json")
    again = client.get(f"{TRUST}/metadata/timestamp.json", headers={"if-none-match": first["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    trusting.repository_of(hub).sign_timestamp()
    trusting._take_in_own(hub)
    newer = client.get(f"{TRUST}/metadata/timestamp.json", headers={"if-none-match": first["etag"]})
    assert newer.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "metadata/2.root.json",
        "metadata/root.json",
        "metadata/../pin.json",
        "metadata/1.root.json/",
        f"targets/nodes/{'0' * 64}.here.json",
        "pin.json",
        "repository/metadata/timestamp.json",
    ],
)
def test_nothing_else_is_there(client, hub, path):
    assert client.get(f"{TRUST}/{path}").status_code == 404


def test_heads_name_the_timestamp(client, hub):
    answer = client.get(f"{FEED}/heads").json()
    assert answer["directory"] == TrustStore(hub.trust_dir).digest() != ""


def test_a_newcomer_joins_with_the_invite_alone(hub, tmp_path, settings, django_db_blocker):
    """The root of the invite, the members behind it, then the enrolment."""
    fresh = replace(get_conf(), DATA_DIR=tmp_path / "newcomer", NODE_ID="cedar", ROLE="node")
    invite = enrolment.create_invite("cedar")
    served = ServedHere()
    hub_data, mine = settings.FEDERATION, {**settings.FEDERATION}
    mine |= {"DATA_DIR": fresh.DATA_DIR, "NODE_ID": "cedar", "ROLE": "node"}
    settings.FEDERATION = mine
    enrolment.create_keys(fresh.keys_dir)
    DescriptorDirectory(fresh.trust_dir).keep_own(enrolment._own_descriptor(fresh))
    settings.FEDERATION = hub_data

    joined = enrolment.join(invite, fresh, served)

    said = InviteText.decode(invite)
    assert joined.node_id == said.hub
    pin = TrustStore(fresh.trust_dir).pin
    assert (pin.version, pin.sha256) == (said.root_version, said.root_sha256)
    assert [m.node_id for m in DescriptorDirectory(fresh.trust_dir).members()] == ["cedar", "here"]
    waiting = Peer.objects.get(node_id="cedar")
    assert waiting.status == PeerStatus.PENDING
    own = DescriptorDirectory(fresh.trust_dir).member("cedar")
    enrolment.confirm_peer(waiting, own.identity_key.fingerprint, hub)
    assert Peer.objects.get(node_id="cedar").status == PeerStatus.ACTIVE
    assert DescriptorDirectory(hub.trust_dir).member("cedar").status == "active"
