"""What the admin says about an error is there in every language."""

from pathlib import Path

import polib
import pytest
from django.conf import settings

from federation.errors import all_errors
from federation.models import ItemState, PeerStatus, Policy, ReviewDecision, SharingMode

FOLDER = Path(settings.LOCALE_PATHS[0])
LANGUAGES = ["ar", "es", "fr", "pt", "sw"]


def translated(language: str) -> dict[str, str]:
    source = polib.pofile(str(FOLDER / language / "LC_MESSAGES" / "django.po"))
    return {entry.msgid: entry.msgstr for entry in source if entry.translated()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_remedy_is_translated(language):
    # `errors` knows nothing of Django, so no tool collects these: this test does.
    assert {error.remedy for error in all_errors()} - set(translated(language)) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_that_is_shown_is_translated(language):
    labels = {
        choice.label._args[0]
        for choices in (ItemState, PeerStatus, Policy, ReviewDecision, SharingMode)
        for choice in choices
    }
    assert labels - set(translated(language)) == set()
