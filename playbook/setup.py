"""Lay out a node's site: its languages, their first pages, the roles and the shared words."""

import uuid
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy
from wagtail.models import Locale, Page, Site

from playbook import publishing
from playbook.indexing import indexed_once
from playbook.models import (
    CaseIndexPage,
    EpisodeIndexPage,
    EventIndexPage,
    FindingIndexPage,
    HomePage,
    JoinPage,
    NetworkPage,
    PlayIndexPage,
    StrategyIndexPage,
    SupportIndexPage,
    TemplateIndexPage,
)
from playbook.roles import grant_pages, prepare_roles
from playbook.starter.terms import load_terms

# The address of each section below a home, and its title.
SECTIONS: dict[type[Page], tuple[str, Any]] = {
    PlayIndexPage: ("plays", gettext_lazy("Plays")),
    CaseIndexPage: ("cases", gettext_lazy("Cases")),
    StrategyIndexPage: ("strategies", gettext_lazy("Strategies")),
    FindingIndexPage: ("findings", gettext_lazy("Key findings")),
    TemplateIndexPage: ("templates", gettext_lazy("Templates")),
    SupportIndexPage: ("support", gettext_lazy("Get support")),
    EpisodeIndexPage: ("podcast", gettext_lazy("Podcast")),
    EventIndexPage: ("events", gettext_lazy("Events")),
    NetworkPage: ("network", gettext_lazy("Network")),
    JoinPage: ("take-part", gettext_lazy("Take part")),
}


@transaction.atomic
@indexed_once()
def prepare_site(languages: list[str]) -> None:
    """Make what is missing for a site in these languages, and in the node's own; change no text.

    Safe to run again, also after a language was added. Raises LookupError for a language that
    settings.LANGUAGES does not have.
    """
    codes = list(dict.fromkeys([settings.LANGUAGE_CODE, *languages]))
    locales = [_locale(code) for code in codes]
    homes = [_first_pages(locale, live=True) for locale in locales]
    _serve_from(homes[0])
    prepare_roles(list(HomePage.objects.all()))
    load_terms(locales)


@transaction.atomic
def ensure_locale(language: str) -> HomePage:
    """Return the home of a language, made if need be: a place for drafts that no reader sees.

    A language that the node publishes keeps its live pages.
    """
    existing = HomePage.objects.filter(locale__language_code=language).first()
    if existing is not None:
        return existing
    home = _first_pages(_locale(language), live=language in settings.PLAYBOOK_LANGUAGES)
    grant_pages([home])
    Site.clear_site_root_paths_cache()
    return home


def section_for(model: type[Page], language: str) -> Page:
    """Return the page under which pages of this model, in a language, are put.

    For a section itself, that page. What stands below no section is put below the home.
    """
    home = ensure_locale(language)
    if model in SECTIONS:
        return model.objects.child_of(home).get()
    sections = [kind for kind in model.allowed_parent_page_models() if kind in SECTIONS]
    return sections[0].objects.child_of(home).get() if sections else home


def _locale(code: str) -> Locale:
    if code not in dict(settings.LANGUAGES):
        raise LookupError(f"{code!r} is not in settings.LANGUAGES: add it there, or correct it.")
    return Locale.objects.get_or_create(language_code=code)[0]


def _first_pages(locale: Locale, *, live: bool) -> HomePage:
    home = HomePage.objects.filter(locale=locale).first()
    if home is None:
        root = Page.get_first_root_node()
        home = _add(root, HomePage(title=settings.WAGTAIL_SITE_NAME), locale, live)
    elif live and not home.live:
        _show(home)
    for model, (slug, title) in SECTIONS.items():
        section = model.objects.child_of(home).first()
        if section is None:
            with translation.override(locale.language_code):
                _add(home, model(title=str(title), slug=slug), locale, live)
        elif live and not section.live:
            _show(section)
    return home


def _add(parent: Page, page: Any, locale: Locale, live: bool) -> Any:
    """Add a page as the translation of its siblings in the other languages."""
    page.locale, page.live = locale, live
    page.slug = page.slug or locale.language_code
    sibling = type(page).objects.first()
    page.translation_key = sibling.translation_key if sibling else uuid.uuid4()
    with publishing.layout():
        parent.add_child(instance=page)
    return page


def _show(page: Any) -> None:
    page.live = True
    with publishing.layout():
        page.save(update_fields=["live"], clean=False)


def _serve_from(home: HomePage) -> None:
    site = Site.objects.filter(is_default_site=True).first() or Site(is_default_site=True)
    site.hostname = site.hostname or "localhost"
    site.site_name = settings.WAGTAIL_SITE_NAME
    site.root_page = home
    site.save()
    # Wagtail's own first page has nothing to say here. A page of ours is never of the bare type.
    for welcome in Page.objects.child_of(Page.get_first_root_node()).filter(numchild=0):
        if welcome.specific_class is Page:
            welcome.delete()
