"""Translating with wagtail-localize: drafts beget drafts, and the workflow stays the only door."""

import pytest
from django.urls import reverse
from wagtail.models import Locale, Page
from wagtail_localize.models import Translation, TranslationSource

from playbook.models import PlayPage
from playbook.setup import ensure_locale
from tests import factories

pytestmark = pytest.mark.django_db


def submit_translation(client, page, *codes):
    locales = Locale.objects.filter(language_code__in=codes)
    return client.post(
        reverse("wagtail_localize:submit_page_translation", args=[page.pk]),
        {"locales": [locale.pk for locale in locales]},
    )


def arabic_draft(people, **fields):
    values = {"title": "خبر كاذب ينتشر", "slug": "خبر-كاذب", "outcome": "عرف الناس الحقيقة منكم."}
    return factories.play("ar", by=people.editor, **{**values, **fields})


def test_an_arabic_draft_becomes_a_french_draft(people, login):
    page = arabic_draft(people)
    answer = submit_translation(login("editor"), page, "fr")
    french = PlayPage.objects.get(locale__language_code="fr")
    assert answer.status_code == 302
    assert french.translation_key == page.translation_key
    assert not french.live
    assert french.get_parent().url == "/fr/plays/"
    assert french.slug
    assert [b.id for b in french.steps] == [b.id for b in page.steps]
    assert [t.code for t in french.threats.all()] == ["media"]


def test_a_live_play_becomes_a_draft_too(people, login):
    page = factories.live(arabic_draft(people))
    submit_translation(login("editor"), page, "fr", "en")
    made = PlayPage.objects.exclude(pk=page.pk)
    assert made.count() == 2
    assert not made.live().exists()


def test_a_draft_in_a_language_only_held_can_be_translated(people, login):
    """A Swahili node holds an Arabic draft that came from elsewhere, and starts a translation."""
    ensure_locale("sw")
    page = factories.play("sw", by=None)
    submit_translation(login("editor"), page, "en")
    assert not PlayPage.objects.get(locale__language_code="en").live


def test_the_translation_is_edited_and_approved_like_any_page(people, login):
    page = arabic_draft(people)
    submit_translation(login("editor"), page, "fr")
    french = PlayPage.objects.get(locale__language_code="fr")
    address = reverse("wagtailadmin_pages:edit", args=[french.pk])
    shown = login("other_editor").get(address)
    assert shown.status_code == 200
    assert b'name="action-publish"' not in shown.content
    login("other_editor").post(address, factories.edit_form(french, outcome="On le sait."))
    factories.after_safety_check(french, people.other_editor, people.safety)
    factories.act(french, people.publisher)
    assert factories.fresh(french).live
    assert factories.fresh(french).outcome == "On le sait."


@pytest.mark.parametrize("role", ["editor", "publisher", "admin"])
def test_wagtail_localizes_own_editor_cannot_publish(people, login, role):
    page = factories.live(arabic_draft(people))
    submit_translation(login("editor"), page, "fr")
    french = PlayPage.objects.get(locale__language_code="fr")
    Translation.objects.update(enabled=True)
    login(role).post(reverse("wagtailadmin_pages:edit", args=[french.pk]), {"action": "publish"})
    assert not factories.fresh(french).live


@pytest.mark.parametrize("role", ["editor", "admin"])
def test_updating_translations_cannot_publish(people, login, role):
    page = factories.live(arabic_draft(people))
    submit_translation(login("editor"), page, "fr")
    Translation.objects.update(enabled=True)
    source = TranslationSource.objects.get_for_instance(page)
    login(role).post(
        reverse("wagtail_localize:update_translations", args=[source.pk]),
        {"publish_translations": "on"},
    )
    assert Page.objects.filter(translation_key=page.translation_key).live().count() == 1


def test_the_local_legal_note_of_one_language_can_differ_from_another(people, login):
    page = arabic_draft(people, local_legal_note="<p>ملاحظة</p>")
    submit_translation(login("editor"), page, "fr")
    french = PlayPage.objects.get(locale__language_code="fr")
    french.local_legal_note = "<p>Note</p>"
    french.save_revision()
    page.refresh_from_db()
    assert page.local_legal_note == "<p>ملاحظة</p>"
