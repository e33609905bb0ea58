"""The languages that readers of this node are offered, each with its name in its own script."""

from dataclasses import dataclass

from django.conf import settings
from django.utils import translation


@dataclass(frozen=True)
class Language:
    code: str
    name: str
    bidi: bool

    @property
    def direction(self) -> str:
        return "rtl" if self.bidi else "ltr"


def language(code: str) -> Language:
    """Return the language. Raises KeyError for a code that settings.LANGUAGES does not have."""
    bidi = code.split("-")[0] in settings.LANGUAGES_BIDI
    return Language(code, dict(settings.LANGUAGES)[code], bidi)


def published_codes() -> list[str]:
    """Return the codes of the languages that the node publishes, its own first."""
    return list(settings.PLAYBOOK_LANGUAGES)


def published() -> list[Language]:
    return [language(code) for code in published_codes()]


def shown() -> Language:
    """Return the language of the page being shown: the active one, or else the node's own."""
    active = translation.get_language() or settings.LANGUAGE_CODE
    return language(active if active in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE)
