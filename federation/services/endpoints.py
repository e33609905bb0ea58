"""The addresses of a member in turn: the last good one first, a failed one left alone for a while.

Source: docs/protocol.md, "Requests". A dead address costs one timeout, and then nobody anything
until its time has come again.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TypeVar

from federation.client import Feed, Fetcher, HttpFetcher
from federation.conf import Conf
from federation.errors import FederationError, PeerUnreachable
from federation.models import EndpointHealth
from federation.trust import Endpoint, Member, load_keys

from .contact import wait

T = TypeVar("T")


class Addresses:
    """What is known of a member's addresses, and what is learnt now.

    With one address there is nothing to choose, and it is written down only when it fails:
    `troubled` says that it did before.
    """

    def __init__(self, member: Member, conf: Conf, *, troubled: bool = False) -> None:
        self.member, self.conf = member, conf
        self.several = len(member.endpoints) > 1
        self.health: dict[str, EndpointHealth] = {}
        if self.several or troubled:
            rows = EndpointHealth.objects.filter(node_id=member.node_id)
            self.health = {row.url: row for row in rows}

    def in_turn(self, now: datetime) -> list[Endpoint]:
        """Return the addresses to try, in order; at least one where the member has any."""
        ready = [point for point in self.member.endpoints if self._rests_until(point) <= now]
        if not ready:
            ready = sorted(self.member.endpoints, key=self._rests_until)[:1]
        return sorted(ready, key=self._last_good, reverse=True)

    def _rests_until(self, point: Endpoint) -> datetime:
        row = self.health.get(point.url)
        return (row.next_attempt_at if row else None) or datetime.min.replace(tzinfo=UTC)

    def _last_good(self, point: Endpoint) -> datetime:
        row = self.health.get(point.url)
        return (row.last_good_at if row else None) or datetime.min.replace(tzinfo=UTC)

    def failed(self, point: Endpoint, error: FederationError) -> None:
        row = self._row(point)
        row.failures += 1
        row.next_attempt_at = datetime.now(UTC) + wait(row.failures, self.conf)
        row.error, row.error_detail = error.code, str(error)
        row.save()

    def answered(self, point: Endpoint) -> None:
        if not self.several and point.url not in self.health:
            return
        row = self._row(point)
        row.failures, row.next_attempt_at, row.last_good_at = 0, None, datetime.now(UTC)
        row.error = row.error_detail = ""
        row.save()

    def _row(self, point: Endpoint) -> EndpointHealth:
        if point.url not in self.health:
            self.health[point.url] = EndpointHealth.objects.get_or_create(
                node_id=self.member.node_id, url=point.url
            )[0]
        return self.health[point.url]


@contextmanager
def reached(
    member: Member,
    conf: Conf,
    ask: Callable[[Feed], T],
    *,
    fetcher: Fetcher | None = None,
    troubled: bool = False,
) -> Iterator[tuple[Feed, T]]:
    """Ask a member at each of its addresses until one answers; yield the feed and the answer.

    Where none does, the error of the first is raised; PeerUnreachable for a member without any. A
    transfer that breaks off inside the block counts against the address that was used.
    """
    addresses = Addresses(member, conf, troubled=troubled)
    key = load_keys(conf.keys_dir).request
    first: FederationError | None = None
    for point in addresses.in_turn(datetime.now(UTC)):
        with ExitStack() as stack:
            try:
                transport = _transport(point, conf, fetcher, stack)
                feed = Feed(transport, member, conf, key, point)
                answer = ask(feed)
            except FederationError as error:
                addresses.failed(point, error)
                first = first or error
                continue
            addresses.answered(point)
            broken = transport.traffic.broken
            yield feed, answer
            if addresses.several and transport.traffic.broken > broken:
                addresses.failed(point, PeerUnreachable(f"{point.url} broke off in the middle."))
            return
    raise first or PeerUnreachable(
        f"{member.node_id} has enrolled no address.", item=member.node_id
    )


def _transport(point: Endpoint, conf: Conf, given: Fetcher | None, stack: ExitStack) -> Fetcher:
    if given is not None:
        return given
    made = HttpFetcher(conf, private=point.private, onion=is_onion(point.url))
    stack.callback(made.close)
    return made


def is_onion(url: str) -> bool:
    """Is this an onion address? By its name, whatever kind its node gave it."""
    host = url.split("://", 1)[-1].split("/", 1)[0].split(":", 1)[0]
    return host.endswith(".onion")
