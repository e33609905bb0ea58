"""The kinds of pages that readers can find, and where each keeps what a result shows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, DateField, F, QuerySet, TextField, Value
from django.db.models.functions import Cast
from wagtail.models import Page

from playbook.models import (
    CasePage,
    EpisodePage,
    EventPage,
    FindingPage,
    GroupPage,
    JoinPage,
    OrganisationPage,
    PlayPage,
    PublishedItem,
    StandardPage,
    StrategyPage,
    SupportOfferPage,
    TemplatePage,
)

NAMED = ("phase", "region")  # fields that some kinds have, of the same name in each
TERMS = ("threats", "mechanisms")


def _public(model: Any) -> QuerySet:
    return model.objects.filter(listing="public")


@dataclass(frozen=True)
class Kind:
    """`line` is the field with the one line; `weight` puts what helps at once before the rest."""

    code: str
    model: type[Page]
    line: str
    weight: float = 1.0
    shown: Callable[[Any], QuerySet] = lambda model: model.objects.all()

    @property
    def name(self) -> str:
        return str(self.model._meta.verbose_name)

    def has(self, field: str) -> bool:
        return any(known.name == field for known in self.model._meta.get_fields())

    def facts(self, ids: Iterable[int]) -> QuerySet:
        """Return what is known of those of these pages that anybody may see, as rows of FACTS."""
        rows = self.shown(self.model).filter(pk__in=ids).order_by()
        standing: list[Any]
        if issubclass(self.model, PublishedItem):
            rows = rows.filter(withdrawn_on__isnull=True)
            standing = [F("status"), F("review_due")]
        else:
            standing = [Value("", CharField()), Cast(Value(None), DateField())]
        named = [F(name) if self.has(name) else Value("", CharField()) for name in NAMED]
        return rows.annotate(
            **{f"fact_{number}": value for number, value in enumerate([*standing, *named])}
        ).values_list("pk", *(f"fact_{number}" for number in range(4)))

    def lines(self, ids: Iterable[int]) -> QuerySet:
        rows = self.model._default_manager.filter(pk__in=ids).order_by()
        return rows.annotate(line_shown=Cast(F(self.line), TextField())).values_list(
            "pk", "line_shown"
        )

    def terms(self, name: str, ids: Iterable[int]) -> QuerySet:
        """Return (page, code, code of the parent) for threats, (page, code, "") for others."""
        through = getattr(self.model, name).through
        (page,) = [
            field.name for field in through._meta.fields if field.related_model is self.model
        ]
        term = name.removesuffix("s")
        parent = F(f"{term}__parent__code") if name == "threats" else Value("", CharField())
        rows = through.objects.filter(**{f"{page}__in": ids}).order_by()
        return rows.annotate(parent_code=parent).values_list(
            f"{page}_id", f"{term}__code", "parent_code"
        )


KINDS = [
    Kind("play", PlayPage, "outcome", 1.2),
    Kind("support", SupportOfferPage, "scope", 1.1, lambda model: model.objects.offered()),
    Kind("strategy", StrategyPage, "summary", 1.05),
    Kind("template", TemplatePage, "purpose"),
    Kind("case", CasePage, "summary"),
    Kind("finding", FindingPage, "statement"),
    Kind("episode", EpisodePage, "summary"),
    Kind("event", EventPage, "summary"),
    Kind("organisation", OrganisationPage, "description", 0.9, _public),
    Kind("group", GroupPage, "description", 0.9, _public),
    Kind("page", StandardPage, "body", 0.9),
    Kind("join", JoinPage, "intro", 0.9),
]
BY_CODE = {kind.code: kind for kind in KINDS}


def union(parts: list[QuerySet]) -> list[tuple[Any, ...]]:
    """Return the rows of all in one query, however many there are."""
    if not parts:
        return []
    first, *others = parts
    return list(first.union(*others, all=True))
