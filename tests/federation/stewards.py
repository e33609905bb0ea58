"""Stewards in a test: keys in a folder, a repository beside them, changes signed at once."""

from pathlib import Path

from federation.conf import Conf
from federation.services import trusting
from federation.trust import (
    Change,
    Repository,
    TrustStore,
    proposals,
    refresh_from_folder,
    require_publishable,
)
from federation.trust.rolekeys import OFFLINE, ONLINE, create_role_key, load_signer

from .simulated_node import SimulatedNode


def rooted(conf: Conf) -> Conf:
    """Start a repository at this node, with the stewards' keys on it."""
    trusting.start_trust(conf)
    return conf


class Stewards:
    """A repository of its own folder, as another hub keeps it. `keys[role]` are key files."""

    def __init__(self, folder: Path, hub: SimulatedNode, *, keys: int = 1, threshold: int = 1):
        self.folder = folder
        self.repository = Repository(folder / "repository", folder / "online")
        self.repository.create_online_keys()
        self.keys = {
            role: [folder / "sticks" / f"{role}-{n}.pem" for n in range(1, keys + 1)]
            for role in OFFLINE
        }
        given = {
            role: [create_role_key(path) for path in paths] for role, paths in self.keys.items()
        }
        for role in ONLINE:
            given[role] = [load_signer(self.repository.online_key(role)).public_key]
        thresholds = dict.fromkeys(OFFLINE, threshold)
        self.publish(proposals.propose_start(given, thresholds, hub.descriptor))

    def signed(self, change: Change) -> Change:
        """Return the change signed with every key that has a say."""
        for folder in {path.parent for paths in self.keys.values() for path in paths}:
            trusting.sign_here(change, folder)
        return change

    def publish(self, change: Change) -> None:
        change = Change.from_bytes(self.signed(change).to_bytes())
        require_publishable(change, self.repository)
        self.repository.publish(change.root, change.targets, change.contents)

    def enrol(self, *nodes: SimulatedNode) -> None:
        for node in nodes:
            self.publish(proposals.propose_member(self.repository, node.descriptor))

    def pin(self, store: TrustStore) -> None:
        """Let a node start from the newest root."""
        pin = self.repository.root_pin()
        store.pin_root(self.repository.root_bytes(), pin.version, pin.sha256)

    def hand_over(self, store: TrustStore) -> bool:
        """Let a node take in what is published."""
        return refresh_from_folder(store, self.repository.folder)
