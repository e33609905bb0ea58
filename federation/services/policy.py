"""What becomes of a staged item, by this node's subscriptions.

One rule a policy. Local edits are never overwritten: a newer version of a page that was changed
here waits in the inbox (docs/protocol.md, "Receiving").
"""

from collections import defaultdict

from django.db import transaction

from federation.conf import Conf
from federation.errors import FederationError
from federation.models import (
    GONE,
    Blob,
    BlobState,
    BlobUse,
    Endorsement,
    Entry,
    Item,
    ItemState,
    Peer,
    Policy,
    Subscription,
)

from . import adoption, trusting
from .quorum import Quorums


def decide_items(conf: Conf) -> int:
    """Apply the subscriptions to every item that changed; return how many were decided.

    An item that cannot be adopted keeps the error and stays in the inbox, and the next goes on.
    """
    subscriptions = list(Subscription.objects.all())
    quorums = Quorums(conf)
    unconfirmed = trusting.unconfirmed_nodes()
    endorsers = endorser_ids(conf) - unconfirmed
    settled: defaultdict[ItemState, list[int]] = defaultdict(list)
    undecided = Item.objects.filter(undecided=True).exclude(state=ItemState.RECALLED)
    undecided = undecided.exclude(origin=conf.NODE_ID)  # came back after a restore: for people
    if trusting.is_degraded(conf):  # what is new waits in the inbox; what was taken back goes
        undecided = undecided.filter(state=ItemState.RETRACTED)
    count = 0
    for item in list(undecided.order_by("pk")):
        if item.state not in GONE and not quorums.covers(item.origin, item.index):
            continue  # it waits in the inbox, undecided, until enough witnesses vouch for it
        count += 1
        policy = policy_for(subscriptions, item)
        if policy == Policy.PUBLISH and item.origin in unconfirmed:
            policy = Policy.DRAFT
        if item.state not in GONE and policy in (Policy.STAGE, Policy.IGNORE):
            state = ItemState.STAGED if policy == Policy.STAGE else ItemState.IGNORED
            # What a person made of this version stands: news of it is only an endorsement.
            fresh = item.state in (ItemState.STAGED, ItemState.IGNORED)
            settled[state if fresh else ItemState(item.state)].append(item.pk)
        else:
            _decide(item, policy, endorsers, quorums)
    for state, keys in settled.items():
        for at in range(0, len(keys), 1000):
            Item.objects.filter(pk__in=keys[at : at + 1000]).update(state=state, undecided=False)
    return count


def endorser_ids(conf: Conf) -> set[str]:
    """Return whose endorsements are followed here: the hub's, or on the hub its own."""
    hubs = set(Peer.objects.filter(is_hub=True).values_list("node_id", flat=True))
    return hubs | ({conf.NODE_ID} if conf.relays else set())


def policy_for(subscriptions: list[Subscription], item: Item) -> Policy:
    """Return the policy of the subscription that fits closest; without one, the inbox."""
    best, rank = Policy.STAGE, -1
    for subscription in subscriptions:
        fit = subscription.rank(item.origin, item.schema, item.lang)
        if fit > rank:
            best, rank = Policy(subscription.policy), fit
    return best


def _decide(item: Item, policy: Policy, endorsers: set[str], quorums: Quorums) -> None:
    try:
        with transaction.atomic():
            locked = Item.objects.select_for_update().filter(pk=item.pk, undecided=True).first()
            if locked is None:
                return
            if locked.state == ItemState.RETRACTED:
                adoption.withdraw_item(locked)
            elif policy == Policy.DRAFT:
                _draft(locked)
            elif policy == Policy.PUBLISH:
                _publish(locked, endorsers, quorums)
            locked.error = locked.error_detail = ""
            locked.save(update_fields=["undecided", "error", "error_detail"])
    except FederationError as error:
        Item.objects.filter(pk=item.pk).update(
            undecided=False, error=error.code, error_detail=str(error)
        )


def _draft(item: Item) -> None:
    if media_complete(item):
        adoption.adopt_item(item, publish=False)
        item.undecided = False


def _publish(item: Item, endorsers: set[str], quorums: Quorums) -> None:
    """Publish when endorsed and complete; take back what policy published and lost its word."""
    if not endorsed_by(item, endorsers, quorums):
        adoption.unpublish_if_by_policy(item)
        item.undecided = False
    elif media_complete(item):
        adoption.adopt_item(item, publish=True)
        item.undecided = False


def endorsed_by(item: Item, endorsers: set[str], quorums: Quorums | None = None) -> set[str]:
    """Return which of `endorsers` have endorsed exactly this version.

    An endorsement counts only if the entry that it names is that `publish` in the origin's log;
    with `quorums`, only once enough witnesses vouch for the entry in which it stands.
    """
    named = Entry.objects.filter(
        log__node_id=item.origin, index=item.index, address=item.address, type="publish"
    )
    if not named.exists():
        return set()
    rows = Endorsement.objects.filter(
        endorser__in=endorsers,
        target_origin=item.origin,
        target_address=item.address,
        target_index=item.index,
        withdrawn=False,
    )
    return {
        endorser
        for endorser, address in rows.values_list("endorser", "address")
        if quorums is None or quorums.covers_statement(endorser, address)
    }


def media_complete(item: Item) -> bool:
    """Are all files that the item names here?"""
    hashes = BlobUse.objects.filter(address=item.address).values("sha256")
    return not Blob.objects.filter(sha256__in=hashes).exclude(state=BlobState.PRESENT).exists()
