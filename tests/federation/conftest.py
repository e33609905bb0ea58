"""This node with keys and an empty log, and a coalition in memory with its feed."""

from dataclasses import dataclass

import pytest

from federation.conf import Conf, get_conf
from federation.models import Peer, PeerStatus, Policy, Subscription
from federation.services.enrolment import initialise_node
from federation.services.reports import SyncReport
from federation.services.sync import sync_peer
from federation.trust import DescriptorDirectory, load_keys
from playbook.models import RedactionCheck
from playbook.redaction import QUESTIONS
from tests import factories

from .simulated_node import SimulatedNode
from .simulator import FeedSimulator


@pytest.fixture
def here(settings, tmp_path, site) -> Conf:
    """Return this node's configuration, once it has keys, a log and roles."""
    settings.FEDERATION = {**settings.FEDERATION, "DATA_DIR": tmp_path / "federation"}
    settings.MEDIA_ROOT = tmp_path / "media"
    initialise_node(get_conf())
    return get_conf()


@dataclass
class Link:
    """A peer as this node has enrolled it, and the simulator that answers for it."""

    node: SimulatedNode
    feed: FeedSimulator

    @property
    def peer(self) -> Peer:
        return Peer.objects.get(node_id=self.node.node_id)

    def sync(self, **options) -> SyncReport:
        return sync_peer(self.peer, fetcher=self.feed, **options)


@pytest.fixture
def enrol(here):
    """Return a function that takes simulated nodes in and gives the link to the first of them."""

    def _enrol(*nodes: SimulatedNode, hub: bool = False, **options) -> Link:
        for node in nodes:
            DescriptorDirectory(here.trust_dir).add(node.descriptor)
        Peer.objects.create(
            node_id=nodes[0].node_id, status=PeerStatus.ACTIVE, is_hub=hub, pull=True
        )
        feed = FeedSimulator(*nodes, **options)
        feed.admit(here.NODE_ID, load_keys(here.keys_dir).request.public)
        return Link(nodes[0], feed)

    return _enrol


@pytest.fixture
def cedar() -> SimulatedNode:
    return SimulatedNode("cedar")


@pytest.fixture
def link(enrol, cedar) -> Link:
    """Return the link to a coalition that serves its own log."""
    return enrol(cedar)


@pytest.fixture
def global_hub() -> SimulatedNode:
    return SimulatedNode("global-hub")


@pytest.fixture
def hub_link(enrol, global_hub, cedar) -> Link:
    """Return the link to the hub, which relays the coalition's log and endorses."""
    return enrol(global_hub, cedar, hub=True)


@pytest.fixture
def subscribe(here):
    """Return a function that sets what becomes of items."""

    def _subscribe(policy: Policy, origin: str = "*", schema: str = "*", lang: str = "*") -> None:
        Subscription.objects.update_or_create(
            origin=origin, schema=schema, lang=lang, defaults={"policy": policy}
        )

    return _subscribe


@pytest.fixture
def hub_here(here, settings) -> Conf:
    """Make this node a hub: it relays the logs of others and hands out the directory."""
    settings.FEDERATION = {**settings.FEDERATION, "ROLE": "hub"}
    return get_conf()


@pytest.fixture
def shareable(here):
    """Return a function that makes a live page which passed its safety check."""

    def _shareable(make=factories.play, **fields):
        page = factories.live(make(**fields))
        RedactionCheck.record(page.live_revision, dict.fromkeys(QUESTIONS, True))
        return factories.fresh(page)

    return _shareable
