"""Who carries this node's own log: every active peer, its other addresses, and a bundle."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from federation.client import BundleFetcher, CarriedFeed, Feed, Fetcher, TrustFetcher
from federation.conf import Conf
from federation.errors import FederationError, NotInBundle
from federation.models import Peer, PeerStatus
from federation.trust import DescriptorDirectory, Member, refresh
from federation.wire.checkpoint import Checkpoint

from . import asking, endpoints
from .trusting import follow_current, store_of

Problems = list[tuple[str, FederationError]]
"""What went wrong, and with whom."""
Answers = list[tuple[str, Feed, bytes | None]]
"""Who answered, through which feed, and the head of our log that they carry, if they do."""


@dataclass(frozen=True)
class Carrier:
    """Somebody who carries this node's log: who, through which feed, and the head they show."""

    name: str
    feed: Feed
    note: bytes
    head: Checkpoint


def answering(
    stack: ExitStack,
    conf: Conf,
    bundle: Path | None,
    fetcher: Fetcher | None,
    problems: Problems,
) -> Answers:
    """Return whoever answers, with the head of the own log as a signed note where they carry it.

    Trust metadata that they have is taken in first. What went wrong is added to `problems`. Raises
    BundleError's kinds and NotInBundle for the bundle.
    """
    directory = DescriptorDirectory(conf.trust_dir)
    found: Answers = []
    asked: list[tuple[str, Member]] = []
    for peer in Peer.objects.filter(status=PeerStatus.ACTIVE).order_by("-is_hub", "pk"):
        try:
            member = directory.member(peer.node_id)
            member.require_active()
            asked.append((peer.node_id, member))
        except FederationError as error:
            problems.append((peer.node_id, error))
    own = directory.member(conf.NODE_ID)
    asked += [(mirror.endpoints[0].url, mirror) for mirror in asking.own_mirrors(own, conf)]
    for name, member in asked:
        try:
            feed, note = stack.enter_context(
                endpoints.reached(
                    member, conf, lambda feed: feed.checkpoint(conf.NODE_ID), fetcher=fetcher
                )
            )
        except FederationError as error:
            problems.append((name, error))
            continue
        _take_trust(feed, name, conf, problems)
        found.append((name, feed, note))
    if bundle is not None:
        carried = stack.enter_context(BundleFetcher(bundle, conf))
        feed = CarriedFeed(carried, conf)
        note = feed.checkpoint(conf.NODE_ID)
        if note is None:
            raise NotInBundle("The log of this node is not in the bundle.", item=str(bundle))
        found.append((str(bundle), feed, note))
    return found


def _take_trust(feed: Feed, name: str, conf: Conf, problems: Problems) -> None:
    """This node's own keys may have been changed in the stretch that it has lost."""
    store = store_of(conf)
    if store.pin is None:
        return
    try:
        follow_current(conf)
        refresh(store, TrustFetcher(feed.fetcher), f"{feed.base}/trust")
        follow_current(conf)
    except FederationError as error:
        problems.append((name, error))


def signed_by(own: Member, found: Answers, problems: Problems) -> list[Carrier]:
    """Return those whose head this node signed, with the key in force at its size."""
    shown = []
    for name, feed, note in found:
        if note is None:
            continue
        try:
            shown.append(Carrier(name, feed, note, own.open_head(note)))
        except FederationError as error:
            problems.append((name, error))
    return shown
