"""What a coalition publishes. Knows nothing of other nodes."""

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save, pre_save
from django.utils.translation import gettext_lazy as _


class PlaybookConfig(AppConfig):
    name = "playbook"
    verbose_name = _("Playbook")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from wagtail.models import Page

        from playbook.accounts import let_names_be_empty
        from playbook.appearance import forget_appearance
        from playbook.models import ContentEpoch, Design
        from playbook.signal_handlers import refuse_bare_page

        pre_save.connect(refuse_bare_page, sender=Page, dispatch_uid="playbook_bare_page")
        for signal in (post_save, post_delete):
            signal.connect(forget_appearance, sender=Design, dispatch_uid="playbook_appearance")
        ContentEpoch.watch_content()
        let_names_be_empty()
