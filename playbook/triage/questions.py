"""The questions, as data. An answer is a code in the address; nothing is stored anywhere."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

THREAT, KIND, WHEN, PEOPLE, PUBLICITY, NEED = (
    "threat", "kind", "when", "people", "publicity", "need",
)  # fmt: skip
UNSURE = "unsure"


@dataclass(frozen=True)
class Option:
    code: str
    label: Any
    hint: Any = ""


@dataclass(frozen=True)
class Question:
    name: str
    text: Any
    options: tuple[Option, ...]
    hint: Any = ""

    def option(self, code: str) -> Option | None:
        return next((option for option in self.options if option.code == code), None)


NOT_SURE = Option(UNSURE, _("I am not sure"), _("Go on. You get what fits most often."))

# The options of the first two are the threats that this node has, and their subtypes.
WHAT = Question(THREAT, _("What is happening?"), (NOT_SURE,))
WHICH = Question(KIND, _("Which of these is nearest?"), (NOT_SURE,))

SOON = Question(
    WHEN,
    _("How soon?"),
    (
        Option("now", _("Now"), _("It is happening, or it happened today.")),
        Option("days", _("In these days"), _("It began some days ago, or it is announced.")),
        Option("before", _("Not yet"), _("We want to be ready before it happens.")),
        Option("after", _("It is over, or nearly"), _("We want to recover and learn.")),
        NOT_SURE,
    ),
)
DETAINED = Question(
    PEOPLE,
    _("Is anyone detained, missing or in danger?"),
    (
        Option("detained", _("Yes, detained or missing"), _("Or ordered to leave the country.")),
        Option("danger", _("Yes, in danger"), _("Someone was threatened or may be hurt.")),
        Option("nobody", pgettext_lazy("anyone in danger", "No")),
        Option(UNSURE, _("I am not sure"), _("The first thing to do is then to find out.")),
    ),
    _("Do not write names anywhere here. This page asks for none."),
)
SAFE_TO_TELL = Question(
    PUBLICITY,
    _("Is publicity safe?"),
    (
        Option("public", _("Yes"), _("Those at risk agree, and a lawyer sees no harm in it.")),
        Option("quiet", _("No"), _("Someone could be harmed if this became known.")),
        Option(UNSURE, _("I do not know"), _("Keep it quiet until those at risk have decided.")),
    ),
    _("Publicity can protect people, and it can harm them. Those at risk decide."),
)
MOST_NEEDED = Question(
    NEED,
    _("What is needed first?"),
    (
        Option("law", _("To know the law and the deadline")),
        Option("money", _("Money to go on"), _("Wages, rent or bills cannot be paid.")),
        Option("words", _("The right words"), _("People ask, or a story is told about us.")),
        Option("contacts", _("Someone who is listened to"), _("Who could speak for us.")),
        NOT_SURE,
    ),
)
