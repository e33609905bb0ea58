"""What other nodes offer: the list."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page as Leaf
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.paginator import WagtailPaginator

from federation.conf import get_conf
from federation.models import Item, ItemState
from federation.services.proofs import Evidence, holds
from federation.services.quorum import Quorums
from federation.services.vouching import vouched_logs

from .base import Screen, Text
from .forms import InboxFilter
from .texts import Tongue, kind_name, remedy_for, tongue

PER_PAGE = 25


@dataclass(frozen=True)
class Row:
    """One line of the inbox."""

    item: Item
    kind: str
    tongue: Tongue
    holds: bool
    failed: int
    endorsers: list[str]
    remedy: str
    waits: bool = False


def listed(filters: dict[str, str]) -> Any:
    """Return the items that a filter asks for, newest first; without a state, the inbox."""
    items = Item.objects.all()
    state = filters.get("state", "")
    if not state:
        items = items.inbox()
    elif state in ItemState.values:
        items = items.filter(state=state)
    for name, column in (("origin", "origin"), ("lang", "lang"), ("kind", "schema")):
        if filters.get(name):
            items = items.filter(**{column: filters[name]})
    return items.order_by("-received_on", "-pk")


class Inbox(Screen):
    any_of = ("review_items", "adopt_items")
    template_name = "federation/inbox.html"
    header_icon = "download"
    page_title: Text = _("Inbox")

    @cached_property
    def form(self) -> InboxFilter:
        return InboxFilter(self.request.GET)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        filters = self.form.cleaned_data if self.form.is_valid() else {}
        paginator = WagtailPaginator(listed(filters), PER_PAGE)
        leaf = paginator.get_page(self.request.GET.get("p"))
        return super().get_context_data(
            form=self.form,
            filtered=any(filters.values()),
            leaf=leaf,
            rows=self._rows(leaf),
            unconfirmed=[
                log
                for log in vouched_logs(get_conf()).values()
                if log.node != get_conf().NODE_ID and (log.stale or log.waiting)
            ],
            elided_page_range=paginator.get_elided_page_range(leaf.number),
            **kwargs,
        )

    def _rows(self, leaf: Leaf) -> list[Row]:
        items = list(leaf)
        evidence, quorums = Evidence(items, get_conf()), Quorums(get_conf())
        return [self._row(item, evidence, quorums) for item in items]

    def _row(self, item: Item, evidence: Evidence, quorums: Quorums) -> Row:
        checks = evidence.checks_of(item)
        return Row(
            item,
            kind_name(item.schema),
            tongue(item.lang),
            holds(item, checks),
            sum(not check.holds for check in checks),
            [vouch.endorser for vouch in evidence.vouches_of(item) if vouch.holds],
            remedy_for(item.error),
            item.undecided and not quorums.covers(item.origin, item.index),
        )
