"""Nobody publishes by hand: each role, at each address that Wagtail has for it."""

import datetime

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from wagtail.actions.publish_page_revision import PublishPageRevisionAction
from wagtail.models import Page, PageLogEntry, Revision

from playbook.models import HomePage, PlayPage
from playbook.publishing import PublicationRefused
from playbook.workflows import publish_trusted
from tests import factories
from tests.migrated_database import undone

pytestmark = pytest.mark.django_db
ROLES = ["editor", "other_editor", "safety", "publisher", "curator", "admin"]


def post_edit(client, page):
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    return client.post(address, factories.edit_form(page, **{"action-publish": "1"}))


def post_edit_with_a_time(client, page):
    later = (timezone.now() - datetime.timedelta(days=1)).strftime("%Y-%m-%d %H:%M")
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    changes = {"action-publish": "1", "go_live_at": later}
    return client.post(address, factories.edit_form(page, **changes))


def post_revert(client, page):
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    revision = page.get_latest_revision()
    client.get(reverse("wagtailadmin_pages:revisions_revert", args=[page.pk, revision.pk]))
    changes = {"action-publish": "1", "revision": str(revision.pk)}
    return client.post(address, factories.edit_form(page, **changes))


def post_autosave_publish(client, page):
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    changes = {
        "action-publish": "1",
        "overwrite_revision_id": str(page.latest_revision_id),
    }
    return client.post(
        address, factories.edit_form(page, **changes), headers={"accept": "application/json"}
    )


def post_bulk(client, page):
    address = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    return client.post(f"{address}?id={page.pk}", {"include_descendants": "on"})


def post_bulk_on_the_home(client, page):
    home = page.get_ancestors().type(HomePage).get()
    address = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    return client.post(f"{address}?id={home.pk}", {"include_descendants": "on"})


def post_move(client, page):
    parent = page.get_parent()
    return client.post(reverse("wagtailadmin_pages:move_confirm", args=[page.pk, parent.pk]), {})


ADDRESSES = [
    post_edit,
    post_edit_with_a_time,
    post_revert,
    post_autosave_publish,
    post_bulk,
    post_bulk_on_the_home,
    post_move,
]


@pytest.fixture
def each_role(people, login):
    """Give each role's name and browser in turn; what one did is undone before the next."""

    def _each_role():
        for role in ROLES:
            with undone():
                yield role, login(role)

    return _each_role


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_role_publishes_a_draft_at_any_address(people, each_role, address):
    draft = factories.play(by=people.other_editor)
    for role, browser in each_role():
        answer = address(browser, factories.fresh(draft))
        assert answer.status_code in {200, 302, 400, 403}, role
        page = factories.fresh(draft)
        assert not page.live, role
        assert page.live_revision is None, role
        assert not Revision.objects.filter(approved_go_live_at__isnull=False).exists(), role


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_role_publishes_a_change_to_a_live_page(people, each_role, address):
    live = factories.live(factories.play(by=people.other_editor, outcome="As approved."))
    live.outcome = "As changed later."
    live.save_revision(user=people.other_editor)
    for role, browser in each_role():
        address(browser, factories.fresh(live))
        page = factories.fresh(live)
        assert page.live, role
        assert page.live_revision_id == live.live_revision_id, role
        assert page.outcome == "As approved.", role


def test_no_role_creates_a_page_that_is_live(people, each_role):
    model = factories.play(by=people.editor)
    form = factories.edit_form(model, slug="made-live", **{"action-publish": "1"})
    address = reverse(
        "wagtailadmin_pages:add", args=["playbook", "playpage", model.get_parent().pk]
    )
    for role, browser in each_role():
        browser.post(address, form)
        made = PlayPage.objects.filter(slug="made-live")
        assert not made.filter(live=True).exists(), role
        assert made.exists() == (role in {"editor", "other_editor", "admin"}), role


@pytest.mark.parametrize("extra", [{"publish_copies": "on"}, {"alias": "on"}])
def test_no_role_makes_a_live_copy(people, each_role, extra):
    page = factories.live(factories.play(by=people.editor))
    form = {
        "new_title": "A copy",
        "new_slug": "a-copy",
        "new_parent_page": page.get_parent().pk,
        **extra,
    }
    for role, browser in each_role():
        browser.post(reverse("wagtailadmin_pages:copy", args=[page.pk]), form)
        assert not Page.objects.filter(slug="a-copy", live=True).exists(), role
        assert not Page.objects.filter(alias_of__isnull=False).exists(), role


def test_an_alias_is_refused(people):
    page = factories.live(factories.play(by=people.editor))
    with pytest.raises(PublicationRefused):
        page.create_alias(update_slug="an-alias")
    assert not Page.objects.filter(slug="an-alias").exists()


def test_a_home_page_with_its_tree_is_not_copied_live(people, login, site):
    factories.live(factories.play(by=people.editor))
    live = Page.objects.live().count()
    form = {
        "new_title": "Second home",
        "new_slug": "second-home",
        "new_parent_page": site.get_parent().pk,
        "copy_subpages": "on",
        "publish_copies": "on",
    }
    login("admin").post(reverse("wagtailadmin_pages:copy", args=[site.pk]), form)
    assert Page.objects.live().count() == live


def test_a_schedule_that_slipped_in_is_dropped_and_stops_nothing_behind_it(people):
    page = factories.play(by=people.editor)
    expiring = factories.live(factories.play(by=people.editor))
    past = timezone.now() - datetime.timedelta(hours=1)
    Page.objects.filter(pk=expiring.pk).update(expire_at=past)
    page.revisions.update(approved_go_live_at=past)
    call_command("publish_scheduled", verbosity=0)
    assert not factories.fresh(page).live
    assert not page.revisions.filter(approved_go_live_at__isnull=False).exists()
    assert not factories.fresh(expiring).live


def test_a_page_with_a_time_to_go_live_is_not_valid(people):
    page = factories.play(by=people.editor)
    page.go_live_at = timezone.now() + datetime.timedelta(days=1)
    with pytest.raises(Exception, match="not published by a clock"):
        page.full_clean()
    with pytest.raises(PublicationRefused):
        page.save_revision(clean=False, approved_go_live_at=page.go_live_at)


def publish_revision(page, revision, user):
    revision.publish(user=user, skip_permission_checks=True)


def run_wagtails_action(page, revision, user):
    PublishPageRevisionAction(revision, user=user).execute(skip_permission_checks=True)


def set_the_flag(page, revision, user):
    page.live = True
    page.live_revision = revision
    page.save()


def set_the_flag_alone(page, revision, user):
    page.live = True
    page.save(update_fields=["live"])


def set_the_flag_on_the_bare_page(page, revision, user):
    bare = Page.objects.get(pk=page.pk)
    bare.live = True
    bare.save()


@pytest.mark.parametrize(
    "route",
    [
        publish_revision,
        run_wagtails_action,
        set_the_flag,
        set_the_flag_alone,
        set_the_flag_on_the_bare_page,
    ],
)
@pytest.mark.parametrize("make", [factories.play, factories.case])
def test_a_route_that_wagtail_may_gain_is_refused_at_the_row(people, route, make):
    page = make(by=people.editor)
    with pytest.raises(PublicationRefused):
        route(page, page.get_latest_revision(), people.admin)
    assert not factories.fresh(page).live


def test_a_pass_is_for_one_revision(people):
    page = factories.play(by=people.editor)
    earlier = page.get_latest_revision()
    page.outcome = "A later thought."
    later = page.save_revision(user=people.editor)
    publish_trusted(earlier, reason="a test")
    assert factories.fresh(page).live_revision == earlier
    with pytest.raises(PublicationRefused):
        later.publish()


def test_the_trusted_route_keeps_its_reason(people):
    page = factories.live(factories.play(by=people.editor))
    entry = PageLogEntry.objects.get(action="playbook.publish_trusted", page_id=page.pk)
    assert entry.data == {"reason": "a test"}
    with pytest.raises(ValueError, match="say why"):
        publish_trusted(page.get_latest_revision(), reason=" ")


@pytest.mark.parametrize(
    ("role", "can"), [("safety", True), ("publisher", True), ("editor", False)]
)
def test_taking_a_page_offline_is_for_reviewers_even_while_it_is_locked(people, login, role, can):
    page = factories.live(factories.play(by=people.editor))
    Page.objects.filter(pk=page.pk).update(locked=True, locked_by=people.other_editor)
    login(role).post(reverse("wagtailadmin_pages:unpublish", args=[page.pk]), {})
    assert factories.fresh(page).live != can
