"""Queries that are put together once answer as Django's own do, for whatever is asked."""

import datetime
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page

from playbook.models import PlayPage
from playbook.models.items import item_below
from playbook.prepared import prepared
from tests import factories

pytestmark = pytest.mark.django_db


@prepared(int, str)
def _by_key_and_slug(pk, slug):
    return PlayPage.objects.filter(pk=pk, slug=slug).values_list("pk", "translation_key", "title")


@prepared(list[uuid.UUID])
def _by_keys(keys):
    return Page.objects.filter(translation_key__in=keys).order_by("pk").values_list("pk")


def test_each_call_has_its_own_parameters(site):
    first, second = factories.play(), factories.play()
    for page in (first, second, first):
        row = (page.pk, page.translation_key, page.title)
        assert _by_key_and_slug(page.pk, page.slug) == [row]
    assert _by_key_and_slug(first.pk, "another-slug") == []


@pytest.mark.parametrize("count", [1, 7, 8, 9, 17])
def test_a_list_has_any_length(site, count):
    page = factories.play()
    others = [uuid.uuid4() for _number in range(count - 1)]
    assert _by_keys([*others, page.translation_key]) == [(page.pk,)]
    assert _by_keys([page.translation_key, *others]) == [(page.pk,)]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no plans to keep")
def test_what_is_asked_often_is_planned_once(site):
    page = factories.play()
    for _number in range(10):
        assert len(_by_key_and_slug(page.pk, page.slug)) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        found = [statement for (statement,) in cursor.fetchall()]
    assert any("playbook_playpage" in statement for statement in found)


def test_a_parameter_that_would_not_reach_the_database_is_refused(site):
    @prepared(int)
    def nothing(pk):
        return PlayPage.objects.filter(title="a").values_list("pk")

    with pytest.raises(TypeError):
        nothing(1)


def test_an_item_is_the_same_as_django_would_load(site):
    page = factories.live(
        factories.play(picture=factories.picture(), picture_alt="A heron", who_leads="Two people")
    )
    loaded = PlayPage.objects.select_related("picture", "locale").get(pk=page.pk)
    section = page.get_parent().specific
    assert section.locale == loaded.locale  # looked up: the section that is routed through has it
    with CaptureQueriesContext(connection) as captured:
        item = item_below(section, PlayPage, page.slug)
        assert item.picture.pk == loaded.picture.pk
        assert item.locale == loaded.locale
    assert len(captured) == 1
    assert item.serializable_data() == loaded.serializable_data()
    assert isinstance(item.status_as_of, datetime.date)
    assert item.steps.get_prep_value() == loaded.steps.get_prep_value()
    assert not item._state.adding
    assert item_below(section, PlayPage, "no-such-page") is None
    assert item_below(page, PlayPage, page.slug) is None
