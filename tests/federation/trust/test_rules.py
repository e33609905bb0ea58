"""What stewards say of witnesses: who they are, how many must cosign, and what makes no sense."""

import pytest

from federation.errors import ChangeRefused
from federation.trust import Change, TrustStore, proposals
from federation.trust.targets import read_rules
from tests.federation.simulated_node import SimulatedNode
from tests.federation.stewards import Stewards


@pytest.fixture
def stewards(tmp_path) -> Stewards:
    stewards = Stewards(tmp_path / "stewards", SimulatedNode("hub"))
    stewards.enrol(*(SimulatedNode(name) for name in ("amal", "bao", "cedar")))
    return stewards


def propose(stewards: Stewards, *names: str, node: int = 0, hub: int = 0) -> Change:
    return proposals.propose_rules(
        stewards.repository, list(names), {"node": node, "hub": hub}, hub="hub"
    )


def test_stewards_set_witnesses_and_quorum_for_everybody(stewards, tmp_path):
    stewards.publish(propose(stewards, "cedar", "amal", "bao", node=2, hub=3))
    store = TrustStore(tmp_path / "trust")
    stewards.pin(store)
    stewards.hand_over(store)
    rules = read_rules(store.rules())
    assert rules.witnesses == ("amal", "bao", "cedar")
    assert (rules.needed("node"), rules.needed("hub")) == (2, 3)


@pytest.mark.parametrize(
    ("names", "node", "hub", "why"),
    [
        (["amal", "stranger"], 1, 1, "stranger"),
        (["amal", "amal"], 1, 1, "twice"),
        (["amal"], 2, 0, "more witnesses"),
        ([], 0, 1, "more witnesses"),
        (["amal", "bao"], 2, 2, "the log of amal"),
        (["hub", "amal"], 1, 2, "the log of hub"),
    ],
)
def test_rules_that_could_never_be_kept_are_refused(stewards, names, node, hub, why):
    before = stewards.repository.contents()
    with pytest.raises(ChangeRefused, match=why):
        propose(stewards, *names, node=node, hub=hub)
    assert stewards.repository.contents() == before


def test_a_suspended_member_is_made_no_witness_and_a_witness_can_be_revoked(stewards):
    stewards.publish(proposals.propose_status(stewards.repository, "amal", "suspended"))
    with pytest.raises(ChangeRefused, match="amal"):
        propose(stewards, "amal", "bao", node=1)
    stewards.publish(propose(stewards, "bao", "cedar", node=1))
    stewards.publish(proposals.propose_status(stewards.repository, "cedar", "revoked"))
    assert b"revoked" in stewards.repository.target("nodes/cedar.json")
