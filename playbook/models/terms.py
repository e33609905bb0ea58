"""The shared words: what is happening, and how solidarity is given. Codes never change."""

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField
from wagtail.models import TranslatableMixin
from wagtail.search import index

from playbook.blocks import SMALL_FEATURES
from playbook.epoch import kept

CODE = RegexValidator(
    r"^[a-z0-9]+([-_][a-z0-9]+)*$", _("Small letters, digits and hyphens only, for example: media.")
)


class Term(TranslatableMixin, index.Indexed, models.Model):
    """A code with a name in each language. The pages point at the row of the default language."""

    code = models.CharField(
        _("code"),
        max_length=64,
        validators=[CODE],
        help_text=_("Shared with other coalitions. It cannot be changed later."),
    )
    name = models.CharField(_("name"), max_length=120)

    panels = [FieldPanel("code"), FieldPanel("name")]
    search_fields = [index.SearchField("name"), index.AutocompleteField("name")]

    class Meta:
        abstract = True
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        self._refuse_another_code()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._refuse_another_code()
        super().save(*args, **kwargs)

    def _refuse_another_code(self) -> None:
        """A term and its translations keep the code that the first of them was given."""
        kept = (
            type(self)
            .objects.filter(translation_key=self.translation_key)
            .exclude(code=self.code)
            .values_list("code", flat=True)
            .first()
        )
        if kept is not None:
            raise ValidationError(
                {
                    "code": _("The code stays “%(code)s”. Make a new term if you need another.")
                    % {"code": kept}
                }
            )


class Threat(Term):
    parent = models.ForeignKey(
        "self",
        verbose_name=_("parent"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="subtypes",
    )
    sign = models.CharField(
        _("sign"), max_length=300, blank=True, help_text=_("One line: how you notice it.")
    )
    first_hour = RichTextField(_("first hour"), blank=True, features=SMALL_FEATURES)

    panels = [*Term.panels, FieldPanel("parent"), FieldPanel("sign"), FieldPanel("first_hour")]

    class Meta(Term.Meta):
        verbose_name = _("threat")
        verbose_name_plural = _("threats")
        unique_together = [("translation_key", "locale")]
        constraints = [
            models.UniqueConstraint(fields=["code", "locale"], name="threat_code_per_locale")
        ]


class Mechanism(Term):
    kind = models.CharField(_("kind"), max_length=60, blank=True)
    description = models.TextField(_("description"), blank=True)

    panels = [*Term.panels, FieldPanel("kind"), FieldPanel("description")]

    class Meta(Term.Meta):
        verbose_name = _("mechanism")
        verbose_name_plural = _("mechanisms")
        unique_together = [("translation_key", "locale")]
        constraints = [
            models.UniqueConstraint(fields=["code", "locale"], name="mechanism_code_per_locale")
        ]


class Sector(Term):
    class Meta(Term.Meta):
        verbose_name = _("sector")
        verbose_name_plural = _("sectors")
        unique_together = [("translation_key", "locale")]
        constraints = [
            models.UniqueConstraint(fields=["code", "locale"], name="sector_code_per_locale")
        ]


class Dimension(Term):
    class Meta(Term.Meta):
        verbose_name = _("dimension")
        verbose_name_plural = _("dimensions")
        unique_together = [("translation_key", "locale")]
        constraints = [
            models.UniqueConstraint(fields=["code", "locale"], name="dimension_code_per_locale")
        ]


def default_locale_terms() -> dict[str, str]:
    """`limit_choices_to` for pages: translations share their terms through the default language."""
    return {"locale__language_code": settings.LANGUAGE_CODE}


def localized(terms: list[Any]) -> list[Any]:
    """Return the terms, all of one kind, in the active language where they have it. One query."""
    if not terms:
        return []
    here = _names(type(terms[0]), translation.get_language() or settings.LANGUAGE_CODE)
    return [here.get(term.translation_key, term) for term in terms]


@kept
def _names(model: type[Term], code: str) -> dict[uuid.UUID, Any]:
    return {term.translation_key: term for term in model.objects.filter(locale__language_code=code)}
