"""How a node looks and what it says of itself, set by its administrators."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting

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
