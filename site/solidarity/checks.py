"""solidarity.E001 to E003: what a node in production must not run without."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

_SHORTEST_KEY = 50


def check_installation(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A secret key worth its name, an address for readers, languages the software knows."""
    found: list[CheckMessage] = []
    production = settings.SETTINGS_MODULE.endswith(".production")
    if production and len(_secret_key()) < _SHORTEST_KEY:
        found.append(
            Error(
                "SECRET_KEY is missing or too short.",
                hint="Set the environment variable SECRET_KEY to 50 random characters or more.",
                id="solidarity.E001",
            )
        )
    if production and not settings.PUBLIC_URL.startswith("https://"):
        found.append(
            Error(
                f"SOLIDARITY_PUBLIC_URL is {settings.PUBLIC_URL!r}.",
                hint="Give the address that readers use, starting with https://.",
                id="solidarity.E002",
            )
        )
    unknown = set(settings.PLAYBOOK_LANGUAGES) - {code for code, _name in settings.LANGUAGES}
    if unknown:
        found.append(
            Error(
                f"SOLIDARITY_LANGUAGES names unknown languages: {', '.join(sorted(unknown))}.",
                hint="Use codes from LANGUAGES in the settings, or add the language there.",
                id="solidarity.E003",
            )
        )
    return found


def _secret_key() -> str:
    """Django refuses to read an empty key; here that is a finding like any other."""
    try:
        return settings.SECRET_KEY
    except ImproperlyConfigured:
        return ""
