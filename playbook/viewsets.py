"""The shared words in the admin."""

from django.utils.translation import gettext_lazy as _
from wagtail.snippets.views.snippets import SnippetViewSet, SnippetViewSetGroup

from playbook.models import Dimension, Mechanism, Sector, Threat


class TermViewSet(SnippetViewSet):
    list_display = ["name", "code"]
    ordering = ["code"]
    add_to_admin_menu = False


class ThreatViewSet(TermViewSet):
    model = Threat
    icon = "warning"


class MechanismViewSet(TermViewSet):
    model = Mechanism
    icon = "group"


class SectorViewSet(TermViewSet):
    model = Sector
    icon = "folder"


class DimensionViewSet(TermViewSet):
    model = Dimension
    icon = "tag"


class TermsViewSetGroup(SnippetViewSetGroup):
    items = (ThreatViewSet, MechanismViewSet, SectorViewSet, DimensionViewSet)
    menu_label = _("Terms")
    menu_icon = "tag"
    menu_name = "terms"
