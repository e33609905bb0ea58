"""What people decide about another node's item: endorse it, return it with a note, decline it.

Each decision is a statement in this node's own log. Notes are sealed: only the author's node can
read them (docs/protocol.md, "Records").
"""

from typing import Any

from django.db import transaction

from federation.conf import get_conf
from federation.errors import NotShareable
from federation.models import (
    GONE,
    Endorsement,
    Entry,
    Item,
    ItemState,
    Review,
    ReviewDecision,
)

from . import policy
from .publishing import append_statement, today


@transaction.atomic
def endorse_item(item: Item) -> Entry:
    """Endorse exactly the version in the inbox, then apply this node's own policy to it.

    Returns the entry, the standing one if it is endorsed already. Raises NotShareable for a
    retracted item.
    """
    _require_standing(item)
    standing = Endorsement.objects.filter(
        endorser=get_conf().NODE_ID, target_address=item.address, withdrawn=False
    ).first()
    if standing is not None:
        return Entry.objects.get(log__own=True, address=standing.address)
    entry = append_statement(
        "endorse/1",
        {"audience": "public", "target": _target(item), "day": today().isoformat()},
    )
    Endorsement.objects.create(
        endorser=get_conf().NODE_ID,
        address=entry.address,
        target_origin=item.origin,
        target_address=item.address,
        target_index=item.index,
        day=today(),
    )
    Item.objects.filter(pk=item.pk).update(undecided=True, state=ItemState.STAGED)
    policy.decide_items(get_conf())
    return entry


@transaction.atomic
def withdraw_endorsement(item: Item, reason: str) -> Entry | None:
    """Take this node's endorsement of the present version back; None where there is none."""
    endorsement = Endorsement.objects.filter(
        endorser=get_conf().NODE_ID, target_address=item.address, withdrawn=False
    ).first()
    if endorsement is None:
        return None
    entry = append_statement(
        "retract/1",
        {
            "audience": "public",
            "target": {"origin": get_conf().NODE_ID, "record": endorsement.address},
            "reason": reason,
            "day": today().isoformat(),
        },
    )
    endorsement.withdrawn = True
    endorsement.save(update_fields=["withdrawn"])
    Item.objects.filter(pk=item.pk).update(undecided=True)
    policy.decide_items(get_conf())
    return entry


@transaction.atomic
def answer_item(item: Item, decision: ReviewDecision, note: str) -> Entry:
    """Return or decline an item with a note that only its author's node can read."""
    _require_standing(item)
    conf = get_conf()
    entry = append_statement(
        "review/1",
        {
            "audience": [item.origin],
            "target": _target(item),
            "decision": decision.value,
            "note": note,
            "day": today().isoformat(),
        },
    )
    Review.objects.create(
        reviewer=conf.NODE_ID,
        address=entry.address,
        target_origin=item.origin,
        target_item=item.item_id,
        target_lang=item.lang,
        target_version=item.version,
        target_address=item.address,
        decision=decision,
        note=note,
        day=today(),
    )
    item.state = ItemState.RETURNED if decision == ReviewDecision.RETURN else ItemState.DECLINED
    item.undecided = False
    item.save(update_fields=["state", "undecided"])
    return entry


def _require_standing(item: Item) -> None:
    if item.state in GONE:
        raise NotShareable(f"“{item.title}” was withdrawn by its author.")


def _target(item: Item) -> dict[str, Any]:
    return {
        "origin": item.origin,
        "id": str(item.item_id),
        "lang": item.lang,
        "version": item.version,
        "record": item.address,
        "index": item.index,
    }
