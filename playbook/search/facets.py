"""What a reader can narrow a search by, each choice with how many pages it leaves."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import QueryDict
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from playbook.languages import language, published_codes
from playbook.models import Mechanism, Threat
from playbook.models.base import ShownStatus
from playbook.models.plays import Phase
from playbook.search.kinds import BY_CODE
from playbook.search.results import Found, without_repeats

NAMES: dict[str, Any] = {
    "threat": _("What is happening"),
    "kind": _("Kind"),
    "phase": _("When"),
    "mechanism": _("Kind of solidarity"),
    "region": _("Region"),
    "language": _("Language"),
    "status": _("Status"),
}
MOST_CHOSEN = 20
Chosen = dict[str, frozenset[str]]


@dataclass(frozen=True)
class Choice:
    value: str
    name: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class Facet:
    name: str
    heading: str
    choices: list[Choice]

    @property
    def chosen(self) -> bool:
        return any(choice.chosen for choice in self.choices)


def read_choices(data: QueryDict) -> Chosen:
    """Return what was chosen; what no facet knows narrows nothing and is left out later."""
    return {name: frozenset(data.getlist(name)[:MOST_CHOSEN]) - {""} for name in NAMES}


def narrow(found: Iterable[Found], chosen: Chosen, *, but: str = "") -> list[Found]:
    wanted = {name: values for name, values in chosen.items() if values and name != but}
    return [
        item
        for item in found
        if all(values & set(item.values[name]) for name, values in wanted.items())
    ]


def facets(
    found: list[Found], chosen: Chosen, labels: dict[str, dict[str, str]], shown_in: str
) -> list[Facet]:
    """Return the facets that tell pages apart. A count is what choosing that alone would leave."""
    shown = []
    for name, heading in NAMES.items():
        left = narrow(found, chosen, but=name)
        if name != "language":  # translations of one page are shown once, unless one is asked for
            left = without_repeats(left, shown_in)
        counts = Counter(value for item in left for value in item.values[name])
        values = [*counts, *(value for value in chosen[name] if value in labels[name])]
        choices = [
            Choice(value, labels[name].get(value, value), counts[value], value in chosen[name])
            for value in _ordered(values, labels[name])
        ]
        if len(choices) > 1 or any(choice.chosen for choice in choices):
            shown.append(Facet(name, str(heading), choices))
    return shown


def _ordered(values: list[str], labels: dict[str, str]) -> list[str]:
    known = [value for value in labels if value in values]
    return known + sorted({value for value in values if value not in labels})


def names() -> dict[str, dict[str, str]]:
    """Return the names of all values, in the language shown. Two queries."""
    return {
        "threat": _terms(Threat),
        "kind": {code: kind.name for code, kind in BY_CODE.items()},
        "phase": {value: str(label) for value, label in Phase.choices},
        "mechanism": _terms(Mechanism),
        "region": {},
        "language": {code: language(code).name for code in published_codes()},
        "status": {
            status.value: str(status.label)
            for status in (ShownStatus.CURRENT, ShownStatus.REVIEW_OVERDUE, ShownStatus.HISTORIC)
        },
    }


def _terms(model: type[Threat] | type[Mechanism]) -> dict[str, str]:
    here, default = translation.get_language(), settings.LANGUAGE_CODE
    rows = model.objects.filter(locale__language_code__in={here, default}).order_by("pk")
    named: dict[str, str] = {}
    for code, name, locale in rows.values_list("code", "name", "locale__language_code"):
        if locale == here or code not in named:
            named[code] = name
    return named
