"""The checks behind an item for a machine that asks as a person would: logged in, same rights."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404

from federation.conf import get_conf
from federation.models import Item
from federation.services import adoption
from federation.services.proofs import Evidence, deep_checks

from .base import Guarded


class ItemChecks(Guarded):
    """What `item` shows as a list, run at this moment: name, whether it holds, error code."""

    any_of = ("review_items", "adopt_items")

    def get(self, request: HttpRequest, **kwargs: Any) -> JsonResponse:
        item = get_object_or_404(Item, pk=kwargs["pk"])
        provenance = adoption.provenance_of(item)
        evidence = Evidence([item], get_conf())
        checks = [
            {"name": check.name, "shows": check.what, "ok": check.holds, "error": check.code}
            for check in evidence.checks_of(item) + deep_checks(item, evidence)
        ]
        for vouch in evidence.vouches_of(item):
            checks.append(
                {
                    "name": "endorsement",
                    "shows": f"{vouch.endorser} endorses exactly this version",
                    "ok": vouch.holds,
                    "error": next((check.code for check in vouch.checks if check.code), ""),
                }
            )
        target = {
            "origin": item.origin,
            "id": str(item.item_id),
            "lang": item.lang,
            "version": item.version,
            "record": item.address,
            "index": item.index,
        }
        page = provenance.page_id if provenance else None
        return JsonResponse(
            {"target": target, "version": item.version, "state": item.state, "page": page,
             "checks": checks}
        )  # fmt: skip
