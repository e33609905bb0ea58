"""Background work: ids in, a service called. A task only wakes a service, which finds its work in
rows, so a task that died loses nothing: the scheduler wakes it again."""

from datetime import UTC, datetime

from django_tasks import task

from federation.models import Nonce, Peer
from federation.services import (
    asking,
    hiding,
    inbox,
    leases,
    publishing,
    purging,
    pushing,
    recalling,
    sync,
    trusting,
)

PRIORITY = 10  # before the search index, which has a task for every saved page


@task(priority=PRIORITY)
def sign_head() -> int:
    """Sign a head over what was appended; return the entries signed, 0 for nothing new."""
    log = asking.sign_head(datetime.now(UTC))
    return log.head_size if log else 0


@task(priority=PRIORITY)
def sync_with(node_id: str) -> bool:
    """Pull from one peer."""
    peer = Peer.objects.filter(node_id=node_id).first()
    return sync.sync_peer(peer).ok if peer else False


@task(priority=PRIORITY)
def catch_up() -> int:
    """Share what was published, was chosen to be shared, and did not reach the log."""
    return publishing.share_missed()


@task(priority=PRIORITY)
def keep_recalls() -> int:
    """Apply the standing recalls to what came back, erase what is due, tell what was not told."""
    recalling.acknowledge()
    return hiding.enforce() + purging.purge_due()


@task(priority=PRIORITY)
def evaluate_leases() -> int:
    """Give adopted items the standing that their lease has now; return how many changed."""
    return leases.evaluate_leases()


@task(priority=PRIORITY)
def forget_nonces() -> int:
    """Drop the nonces that no fresh request can bear any more; return how many."""
    return Nonce.objects.expired().delete()[0]


@task(priority=PRIORITY)
def renew_trust() -> bool:
    """Follow the verified members; sign snapshot and timestamp when it is time (the hub alone)."""
    return trusting.renew_trust()


@task(priority=PRIORITY)
def import_incoming(key: str) -> bool:
    """Import one bundle that waits."""
    return inbox.import_incoming(key)


@task(priority=PRIORITY)
def push_to(node_id: str) -> bool:
    """Push what is new of the own log to one peer."""
    peer = Peer.objects.filter(node_id=node_id).first()
    return pushing.push_to(peer).ok if peer else False


@task(priority=PRIORITY)
def forget_bundles() -> int:
    """Delete bundles that nobody confirmed; return how many stray files went."""
    return inbox.forget_bundles(datetime.now(UTC))
