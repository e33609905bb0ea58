"""What a coalition publishes. Knows nothing of other nodes."""

from django.apps import AppConfig
from django.db.models.signals import pre_save
from django.utils.translation import gettext_lazy as _


class PlaybookConfig(AppConfig):
    name = "playbook"
    verbose_name = _("Playbook")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from wagtail.models import Page

        from playbook.signal_handlers import refuse_bare_page

        pre_save.connect(refuse_bare_page, sender=Page, dispatch_uid="playbook_bare_page")
