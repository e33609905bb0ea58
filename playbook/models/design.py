"""How a node looks and what it says of itself, set by its administrators."""

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting

from playbook.contrast import DARK, LEGIBLE, LIGHT, least_contrast

_RGB = re.compile(r"#[0-9a-f]{6}")
COLOUR = RegexValidator(r"^#[0-9a-f]{6}$", _("A colour as #rrggbb, in small letters."))


@register_setting(icon="view")
class Design(BaseSiteSetting):
    """Colours are checked against paper and ink when they are saved."""

    name = models.CharField(
        _("name"), max_length=120, blank=True, help_text=_("Empty: the name in the settings.")
    )
    accent = models.CharField(
        _("colour"), max_length=7, blank=True, validators=[COLOUR], help_text=_("On white paper.")
    )
    accent_dark = models.CharField(
        _("colour in the dark"),
        max_length=7,
        blank=True,
        validators=[COLOUR],
        help_text=_("On the dark paper of the night."),
    )
    logo = models.ForeignKey(
        settings.WAGTAILIMAGES_IMAGE_MODEL,
        verbose_name=_("logo"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    neutral_site = models.URLField(
        _("neutral site"),
        blank=True,
        help_text=_("Where “Leave quickly” goes. An ordinary site that raises no questions."),
    )
    podcast_author = models.CharField(_("podcast author"), max_length=120, blank=True)
    podcast_email = models.EmailField(
        _("podcast e-mail"), blank=True, help_text=_("Directories show it. Never a person's own.")
    )

    panels = [
        FieldPanel("name"),
        FieldPanel("logo"),
        MultiFieldPanel(
            [FieldRowPanel([FieldPanel("accent"), FieldPanel("accent_dark")])],
            heading=_("Colours"),
        ),
        FieldPanel("neutral_site"),
        MultiFieldPanel(
            [FieldPanel("podcast_author"), FieldPanel("podcast_email")], heading=_("Podcast")
        ),
    ]

    class Meta:
        verbose_name = _("design")

    def clean(self) -> None:
        super().clean()
        errors = {
            field: self._illegible(getattr(self, field), surfaces)
            for field, surfaces in (("accent", LIGHT), ("accent_dark", DARK))
        }
        if any(errors.values()):
            raise ValidationError({field: error for field, error in errors.items() if error})

    @staticmethod
    def _illegible(colour: str, surfaces: tuple[str, ...]) -> ValidationError | None:
        """Return why links of this colour could not be read there, or None."""
        if not colour or not _RGB.fullmatch(colour):
            return None  # the validator has said so already
        ratio = least_contrast(colour, surfaces)
        if ratio >= LEGIBLE:
            return None
        return ValidationError(
            _("Too faint to read there: its contrast is %(ratio)s to 1, and %(least)s is needed."),
            code="illegible",
            params={"ratio": f"{ratio:.1f}", "least": LEGIBLE},
        )
