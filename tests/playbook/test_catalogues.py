"""Every string that a reader sees is there in every language, in the compiled catalogue too."""

import ast
import datetime
import re
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation.template import templatize

from playbook.models import CasePage, Evidence, PlayPage
from playbook.models.base import ShownStatus
from playbook.models.plays import Effort, Phase, Visibility
from playbook.redaction import QUESTIONS

FOLDER = Path(settings.LOCALE_PATHS[0])
TEMPLATES = Path(__file__).resolve().parents[2] / "playbook" / "templates"
# What Django's own extraction writes for a tag: a call with the text, behind its context if any.
_TEXT = r"""u?("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
CALL = re.compile(rf"\b(?:_|n?gettext|n?pgettext\({_TEXT},)\s*\(?\s*{_TEXT}")
CHOICES = [ShownStatus, Phase, Effort, Visibility, CasePage.Kind, Evidence.Stance]


def reader_strings() -> set[str]:
    found = {
        ast.literal_eval(match[2])
        for path in TEMPLATES.rglob("*.html")
        for match in CALL.finditer(templatize(path.read_text(encoding="utf-8")))
    }
    labels = [label for choices in CHOICES for _value, label in choices.choices]
    # A lazy string's argument is the message in the source language.
    found |= {label._args[0] for label in (*labels, *QUESTIONS.values())}
    return found


@pytest.mark.parametrize("language", ["ar", "es", "fr", "pt", "sw"])
def test_nothing_is_left_in_english(language):
    folder = FOLDER / language / "LC_MESSAGES"
    source = polib.pofile(str(folder / "django.po"))
    compiled = polib.mofile(str(folder / "django.mo"))
    done = {entry.msgid: entry.msgstr for entry in source if entry.translated()}
    wanted = reader_strings()
    assert len(wanted) > 80
    assert wanted - set(done) == set()
    assert {entry.msgid: entry.msgstr for entry in compiled} == done


def test_plays_and_cases_have_no_choice_outside_these():
    for model in (PlayPage, CasePage):
        for field in model._meta.local_fields:
            if field.choices:
                assert {label for _value, label in field.choices} <= {
                    label for choices in CHOICES for label in choices.labels
                }


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_a_date_is_written_in_one_order(language):
    """For what a language does not say, Django puts the month first: the 3rd of April is 04/03."""
    then = datetime.datetime(2026, 4, 30, 9, 40)
    with translation.override(language):
        day, short = date_format(then, "DATE_FORMAT"), date_format(then, "SHORT_DATE_FORMAT")
        assert date_format(then, "DATETIME_FORMAT").startswith(day)
        assert date_format(then, "SHORT_DATETIME_FORMAT").startswith(short)
    assert short.startswith("30")
