"""A member has several addresses: the last good one first, a dead one delays nobody twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from federation.client import HttpFetcher
from federation.errors import NoProxy, PeerAnsweredHtml, PeerTimeout, PeerUnreachable
from federation.models import EndpointHealth, Item, Peer
from federation.services import enrolment
from federation.services.endpoints import is_onion
from federation.services.sync import sync_peer
from federation.trust import DescriptorDirectory, Endpoint, read_descriptor

MAIN = "http://cedar.example"
MIRROR = "http://mirror.example"
THIRD = "http://third.example"


@pytest.fixture
def several(link, cedar, monkeypatch):
    """Give Cedar three addresses; the simulator answers at those in `alive`."""
    points = tuple(Endpoint(url) for url in (MAIN, MIRROR, THIRD))
    member = replace(cedar.member, endpoints=points)
    monkeypatch.setattr(DescriptorDirectory, "member", lambda self, node_id: member)
    link.alive, link.tried = {MAIN}, []
    real = link.feed.open

    def open_(method, url, headers, body):
        address, path = url.split("/federation/v1", 1)
        if path.startswith("/heads"):
            link.tried.append(address)
        if address not in link.alive:
            raise PeerTimeout(f"{address} did not answer in time.")
        return real(method, f"{MAIN}/federation/v1{path}", headers, body)

    link.feed.open = open_
    return link


def later(**how) -> None:
    """Let the time pass that addresses are left alone."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    EndpointHealth.objects.filter(**how).update(next_attempt_at=past)


def test_the_next_address_is_asked_where_one_does_not_answer(several, cedar):
    cedar.publish("By the mirror")
    several.alive = {MIRROR}
    assert several.sync().ok
    assert several.tried == [MAIN, MIRROR]
    assert Item.objects.get().title == "By the mirror"
    dead, good = (EndpointHealth.objects.get(url=url) for url in (MAIN, MIRROR))
    assert (dead.failures, dead.error) == (1, PeerTimeout.code)
    assert (good.failures, good.error) == (0, "")
    assert several.peer.failures == 0


def test_a_dead_address_is_left_alone_for_a_while_and_longer_each_time(several):
    several.alive = {MIRROR}
    several.sync()
    several.sync()
    assert several.tried == [MAIN, MIRROR, MIRROR], "one timeout, and then none"
    first = EndpointHealth.objects.get(url=MAIN).next_attempt_at
    later(url=MAIN)
    several.alive = {THIRD}
    several.sync()
    dead = EndpointHealth.objects.get(url=MAIN)
    assert dead.failures == 2
    assert dead.next_attempt_at > first


def test_the_last_good_address_is_asked_first(several):
    several.alive = {THIRD}
    several.sync()
    later()
    several.alive = {MAIN, MIRROR, THIRD}
    several.tried.clear()
    several.sync()
    assert several.tried == [THIRD]


def test_where_none_answers_the_first_error_is_shown_and_one_is_still_tried(several):
    several.alive = set()
    report = several.sync()
    assert [error.code for _about, error in report.errors] == [PeerTimeout.code]
    assert several.peer.failures == 1
    several.tried.clear()
    several.sync()
    assert len(several.tried) == 1, "all rest: the one whose time comes first is tried"


def test_a_censors_page_at_one_address_leads_to_the_next(several, cedar):
    cedar.publish("Behind the page")
    real = several.feed.open

    def censored(method, url, headers, body):
        if url.startswith(MAIN):
            raise PeerAnsweredHtml("A page of somebody else.")
        return real(method, url, headers, body)

    several.alive = {MAIN, MIRROR}
    several.feed.open = censored
    assert several.sync().ok
    assert EndpointHealth.objects.get(url=MAIN).error == PeerAnsweredHtml.code


def test_an_address_that_breaks_off_in_the_middle_is_not_the_next_first(several, cedar):
    for number in range(6):
        cedar.publish(f"Play {number}")
    several.alive = {MAIN, MIRROR}
    several.feed.hang("log/cedar/records/.*")
    report = several.sync()
    assert not report.ok
    assert EndpointHealth.objects.get(url=MAIN).failures == 1
    several.feed.stop_lying()
    several.tried.clear()
    assert several.sync().ok
    assert several.tried == [MIRROR]
    assert Item.objects.count() == 6


def test_one_address_costs_no_bookkeeping_until_it_fails(link):
    link.sync()
    assert not EndpointHealth.objects.exists()
    link.feed.hang("heads")
    link.sync()
    assert EndpointHealth.objects.get().failures == 1
    link.feed.stop_lying()
    link.sync()
    assert EndpointHealth.objects.get().failures == 0


def test_an_onion_address_without_a_proxy_is_named_and_the_next_is_tried(
    several, cedar, monkeypatch, here
):
    onion = "http://abcdefghijklmnop.onion"
    member = replace(cedar.member, endpoints=(Endpoint(onion, "onion"), Endpoint(MIRROR)))
    monkeypatch.setattr(DescriptorDirectory, "member", lambda self, node_id: member)
    made = []

    def transport(conf, *, private=False, onion=False):
        made.append(onion)
        if onion:
            return HttpFetcher(conf, onion=True)
        several.feed.close = lambda: None
        return several.feed

    monkeypatch.setattr("federation.services.endpoints.HttpFetcher", transport)
    several.alive = {MIRROR}
    assert sync_peer(several.peer).ok
    assert made == [True, False]
    assert EndpointHealth.objects.get(url=onion).error == NoProxy.code


@pytest.mark.parametrize(
    ("url", "onion"),
    [
        ("http://abc.onion", True), ("https://abc.onion:8443/x", True),
        ("https://abc.onion.example", False), ("https://example/.onion", False),
    ],
)  # fmt: skip
def test_an_onion_address_is_known_by_its_name(url: str, onion: bool):
    assert is_onion(url) is onion


def test_a_nodes_descriptor_lists_all_its_addresses(here, settings):
    settings.FEDERATION = {
        **settings.FEDERATION, "MIRRORS": ("https://mirror.example", "http://abcdef.onion"),
    }  # fmt: skip
    from federation.conf import get_conf

    conf = get_conf()
    enrolment.initialise_node(conf)
    member = read_descriptor(DescriptorDirectory(conf.trust_dir).envelope("here"))
    assert [(point.url, point.kind) for point in member.endpoints] == [
        (conf.PUBLIC_URL, "clearnet"),
        ("https://mirror.example", "mirror"),
        ("http://abcdef.onion", "onion"),
    ]


def test_a_member_without_any_address_is_unreachable(link, cedar, monkeypatch):
    member = replace(cedar.member, endpoints=())
    monkeypatch.setattr(DescriptorDirectory, "member", lambda self, node_id: member)
    report = link.sync()
    assert [error.code for _about, error in report.errors] == [PeerUnreachable.code]
    assert Peer.objects.get().failures == 1
