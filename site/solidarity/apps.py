"""The project as an app: its commands, templates and the checks of an installation."""

from django.apps import AppConfig
from django.core import checks


class SolidarityConfig(AppConfig):
    name = "solidarity"
    verbose_name = "Solidarity Playbook"

    def ready(self) -> None:
        from solidarity.checks import check_installation

        checks.register(check_installation)
