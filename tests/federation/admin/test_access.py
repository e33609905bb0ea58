"""Who may open what: each address, each role."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from federation.models import (
    Blob,
    BlobState,
    IncomingBundle,
    Item,
    Quarantine,
    Recall,
    Subscription,
)
from federation.services import publishing
from tests import factories
from tests.federation.builders import media
from tests.migrated_database import undone

ROLES = ("editor", "safety", "publisher", "curator", "admin")
REVIEW = {"curator", "admin"}
ADOPT = {"editor", "publisher", "curator", "admin"}
SHARE = {"publisher", "admin"}
OPERATE = {"admin"}
RECALL = {"publisher", "curator", "admin"}
HOME = "/admin/"

GETS = {
    "inbox": ADOPT,
    "item": ADOPT,
    "item_checks": ADOPT,
    "blob": ADOPT,
    "shared": SHARE,
    "share": SHARE,
    "notes": ADOPT,
    "peers": OPERATE,
    "invite": OPERATE,
    "join": OPERATE,
    "quarantine": OPERATE,
    "recalls": RECALL | OPERATE,
    "verify": ADOPT,
    "subscriptions": OPERATE,
    "subscription_add": OPERATE,
    "subscription_edit": OPERATE,
    "bundles": OPERATE,
    "bundle": OPERATE,
}
POSTS = {
    "endorse": REVIEW,
    "return": REVIEW,
    "decline": REVIEW,
    "withdraw_endorsement": REVIEW,
    "adopt": ADOPT,
    "share_page": SHARE,
    "retract": SHARE,
    "recall": RECALL,
    "confirm_recall": RECALL,
    "recall_file": RECALL,
    "recall_carry": RECALL,
    "mode": SHARE,
    "fetch": OPERATE,
    "confirm": OPERATE,
    "pull": OPERATE,
    "freeze": OPERATE,
    "invite": OPERATE,
    "join": OPERATE,
    "retry": OPERATE,
    "retry_file": OPERATE,
    "subscription_add": OPERATE,
    "subscription_edit": OPERATE,
    "subscription_delete": OPERATE,
    "verify": ADOPT,
    "bundles": OPERATE,
    "bundle_export": OPERATE,
    "bundle_import": OPERATE,
    "bundle_discard": OPERATE,
}


@pytest.fixture
def address(other, shareable, tasks):
    """Return a function that gives the address of a screen or act, with things to show."""
    picture = media(factories.picture_bytes())
    item = other.publish({"picture": picture["sha256"]}, media=[picture])
    page = shareable()
    blob = Blob.objects.create(
        sha256="0" * 64, size=1, type="image/jpeg", state=BlobState.REFUSED, error="media.missing"
    )
    row = other.quarantined()
    recall = Recall.objects.create(
        address="1" * 64, origin="fig", item_id=uuid.uuid4(), reason="It endangers people.",
        day="2026-11-20", authority="origin", received_at=timezone.now(),
    )  # fmt: skip
    bundle = IncomingBundle.objects.create(
        sha256="0" * 64, size=1, state="inspected",
        report={
            "blobs": 0, "logs": [], "changes": [], "problems": [], "quarantined": [], "applied": {},
        },
    )  # fmt: skip
    by_name = {
        **dict.fromkeys(("bundle", "bundle_import", "bundle_discard"), bundle.pk),
        **dict.fromkeys(("item", "item_checks", "endorse", "return", "decline", "adopt"), item.pk),
        "withdraw_endorsement": item.pk,
        "blob": picture["sha256"],
        **dict.fromkeys(("share", "share_page", "retract", "recall", "mode"), page.pk),
        **dict.fromkeys(("fetch", "confirm", "pull", "freeze"), other.node_id),
        "retry": row.pk,
        "confirm_recall": recall.pk,
        "retry_file": blob.pk,
        "subscription_edit": Subscription.objects.get().pk,
        "subscription_delete": Subscription.objects.get().pk,
    }

    def _address(name: str) -> str:
        return reverse(f"federation_admin:{name}", args=[by_name[name]] if name in by_name else [])

    return _address


def refused(response) -> bool:
    return response.status_code == 302 and response["Location"] == HOME


def test_a_screen_opens_for_its_roles_and_for_nobody_else(address, login):
    anonymous, browsers = Client(), {role: login(role) for role in ROLES}
    for name in GETS:
        assert "/login/" in anonymous.get(address(name))["Location"], name
        answers = {role: browser.get(address(name)) for role, browser in browsers.items()}
        opened = {role for role, answer in answers.items() if answer.status_code == 200}
        assert opened == GETS[name], name
        assert all(refused(answers[role]) for role in set(ROLES) - opened), name


def test_an_act_is_refused_to_all_but_its_roles(address, login):
    before = snapshot()
    anonymous, browsers = Client(), {role: login(role) for role in ROLES}
    for name in POSTS:
        assert "/login/" in anonymous.post(address(name))["Location"], name
        for role in sorted(set(ROLES) - POSTS[name]):
            assert refused(browsers[role].post(address(name), {"on": "1"})), (name, role)
        assert snapshot() == before, name
        with undone():
            for role in sorted(POSTS[name]):
                answer = browsers[role].post(address(name), {"on": "1"})
                assert not refused(answer), (name, role)


def snapshot() -> list:
    return [
        list(Item.objects.values()),
        list(Quarantine.objects.values()),
        list(Blob.objects.values()),
        list(Subscription.objects.values()),
    ]


def test_an_act_without_its_token_is_refused(address, people):
    before = snapshot()
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.admin)
    for name in POSTS:
        assert client.post(address(name), {"on": "1"}).status_code == 403, name
        assert snapshot() == before, name


def test_an_act_is_no_page(address, login):
    admin = login("admin")
    for name in set(POSTS) - set(GETS):
        assert admin.get(address(name)).status_code == 405, name


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        ("editor", {"inbox", "notes"}),
        ("safety", set()),
        ("publisher", {"inbox", "shared", "notes"}),
        ("curator", {"inbox", "notes"}),
        ("admin", {"inbox", "shared", "notes", "peers", "subscriptions", "quarantine", "bundles"}),
    ],
)
def test_the_menu_shows_what_one_may_open(node, login, role, shown):
    html = login(role).get(HOME).content.decode()
    every = ("inbox", "shared", "notes", "peers", "subscriptions", "quarantine", "bundles")
    found = {name for name in every if f'"/admin/federation/{name}/"' in html}
    assert found == shown


def test_the_menu_counts_what_waits(other, login):
    assert "Inbox (" not in login("curator").get(HOME).content.decode()
    other.publish()
    assert "Inbox (1)" in login("curator").get(HOME).content.decode()


def test_a_page_of_another_kind_has_no_sharing(node, site, login):
    publisher = login("publisher")
    for act, name in ((publisher.get, "share"), (publisher.post, "share_page")):
        url = reverse(f"federation_admin:{name}", args=[site.pk])
        assert act(url, follow=True).status_code == 404


def test_a_file_that_nobody_vouched_for_is_not_served(other, login, node):
    missing = reverse("federation_admin:blob", args=["f" * 64])
    assert login("admin").get(missing, follow=True).status_code == 404
    odd = reverse("federation_admin:blob", args=["..%2f..%2fkeys"])
    assert login("admin").get(odd, follow=True).status_code == 404


def test_what_an_editor_sees_of_sharing_is_read_only(shareable, login):
    page = shareable()
    publishing.share_page(page)
    html = login("editor").get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()
    assert "Exactly what would leave" in html
    assert reverse("federation_admin:share", args=[page.pk]) not in html


def test_unknown_rows_are_not_found(node, login):
    admin = login("admin")
    for name, key in (("item", 9999), ("share", 9999), ("subscription_edit", 9999)):
        url = reverse(f"federation_admin:{name}", args=[key])
        assert admin.get(url, follow=True).status_code == 404
    for name, key in (("endorse", 9999), ("retry", 9999), ("fetch", f"n{uuid.uuid4().hex}")):
        url = reverse(f"federation_admin:{name}", args=[key])
        assert admin.post(url, follow=True).status_code == 404
