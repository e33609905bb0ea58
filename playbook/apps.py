"""What a coalition publishes. Knows nothing of other nodes."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlaybookConfig(AppConfig):
    name = "playbook"
    verbose_name = _("Playbook")
    default_auto_field = "django.db.models.BigAutoField"
