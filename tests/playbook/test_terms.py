"""Codes never change; names are translated."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation
from wagtail.models import Locale

from playbook.models import Dimension, Mechanism, Sector, Threat
from playbook.models.terms import localized
from tests import factories

pytestmark = pytest.mark.django_db
KINDS = [Threat, Mechanism, Sector, Dimension]


@pytest.mark.parametrize("model", KINDS)
def test_a_code_cannot_be_changed(site, model):
    term = model.objects.filter(locale=Locale.get_default()).first()
    before = term.code
    term.code = "another"
    for change in (term.save, term.full_clean):
        with pytest.raises(ValidationError, match="stays"):
            change()
    term.refresh_from_db()
    assert term.code == before


@pytest.mark.parametrize("model", KINDS)
def test_a_translation_cannot_have_a_code_of_its_own(site, model):
    term = model.objects.filter(locale=Locale.get_default()).first()
    other = term.copy_for_translation(Locale.objects.get_or_create(language_code="es")[0])
    other.code = "another"
    with pytest.raises(ValidationError, match="stays"):
        other.save()


@pytest.mark.parametrize("model", KINDS)
def test_a_code_is_there_once_in_each_language(site, model):
    term = model.objects.filter(locale=Locale.get_default()).first()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(code=term.code, name="Twin", locale=term.locale)


@pytest.mark.parametrize("code", ["With Space", "CAPITAL", "-start", "é", ""])
def test_a_code_is_plain(site, code):
    with pytest.raises(ValidationError):
        Sector(code=code, name="A name", locale=Locale.get_default()).full_clean()


def test_the_admin_says_clearly_that_a_code_stays(site, login):
    term = factories.threat("media")
    address = reverse("wagtailsnippets_playbook_threat:edit", args=[term.pk])
    answer = login("editor").post(
        address,
        {"code": "smear", "name": "Smear", "parent": "", "sign": "", "first_hour": "null"},
    )
    assert "The code stays “media”" in answer.content.decode()


def test_names_are_shown_in_the_active_language_and_else_in_the_default_one(site):
    media, coercive = factories.threat("media"), factories.threat("coercive")
    Threat.objects.filter(code="coercive", locale__language_code="ar").delete()
    with translation.override("ar"):
        first, second = localized([media, coercive])
    assert first.locale.language_code == "ar"
    assert second == coercive


def test_pages_offer_the_terms_of_the_default_language_only(site, login):
    page = factories.play("ar")
    form = login("editor").get(reverse("wagtailadmin_pages:edit", args=[page.pk])).context["form"]
    offered = form.fields["threats"].queryset
    assert {term.locale.language_code for term in offered} == {"en"}
    assert offered.count() == 4
