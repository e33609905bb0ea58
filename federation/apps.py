"""Wiring: signals, checks and the origin of pages, all in `ready`."""

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_save, pre_delete
from django.utils.translation import gettext_lazy as _


class FederationConfig(AppConfig):
    name = "federation"
    label = "federation"
    verbose_name = _("Federation")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from wagtail.models import PageViewRestriction
        from wagtail.signals import page_published, page_unpublished, post_page_move

        from federation import signal_handlers
        from federation.checks import check_configuration, check_keys, check_trust
        from federation.models import Endorsement, Provenance
        from federation.services.notices import notice_of, why_barred
        from federation.services.origins import origin_of, proof_of
        from federation.services.packs import LogSealer
        from playbook.models import CasePage, ContentEpoch, PlayPage
        from playbook.origin import (
            register_notice_provider,
            register_origin_provider,
            register_pack_sealer,
            register_proof_provider,
        )
        from playbook.publishing import register_bar

        for model in (PlayPage, CasePage):
            page_published.connect(signal_handlers.share_published_page, sender=model)
            page_unpublished.connect(signal_handlers.retract_unpublished_page, sender=model)
            pre_delete.connect(signal_handlers.retract_deleted_page, sender=model)
        post_save.connect(signal_handlers.retract_restricted_pages, sender=PageViewRestriction)
        post_page_move.connect(signal_handlers.retract_moved_pages)
        checks.register(check_configuration)
        checks.register(check_keys)
        checks.register(check_trust)
        register_origin_provider(origin_of)
        register_notice_provider(notice_of)
        register_bar(why_barred)
        register_proof_provider(proof_of)
        register_pack_sealer(LogSealer())
        ContentEpoch.watch([Endorsement, Provenance])
