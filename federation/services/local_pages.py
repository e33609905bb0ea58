"""Pages of this node that stand for items, and what was made from them here and never shared."""

from collections.abc import Iterable

from wagtail.models import Locale, Page

from federation.models import Provenance
from playbook.translated import source_locales


def pages_of(rows: Iterable[Provenance]) -> list[Page]:
    """Return the pages of these items, as their own type."""
    keys = {row.page_id for row in rows if row.page_id}
    return [page.specific for page in Page.objects.filter(pk__in=keys).order_by("pk")]


def made_here_from(rows: Iterable[Provenance]) -> list[Page]:
    """Return pages without an origin of their own that were made from these items on this node.

    A page belongs to them if it was translated from a page of theirs, or of those that do. Where
    nobody knows what it was made from, it does if all items of its tree are among these: an item
    that merely stands in the tree takes nothing of others with it.
    """
    named = list(rows)
    keys = {row.pk for row in named}
    found: list[Page] = []
    for tree in sorted({row.translation_key for row in named}):
        in_tree = Provenance.objects.filter(translation_key=tree)
        all_named = {row.pk for row in in_tree} <= keys
        langs = {row.lang for row in named if row.translation_key == tree}
        named_in = Locale.objects.filter(language_code__in=langs)
        taken = set(named_in.values_list("pk", flat=True))
        pages = Page.objects.filter(translation_key=tree, provenance=None)
        waiting = list(pages.order_by("pk"))
        while True:
            sources = {page.pk: source_locales(tree, page.locale_id) for page in waiting}
            fresh = [
                page
                for page in waiting
                if sources[page.pk] & taken or (all_named and not sources[page.pk])
            ]
            if not fresh:
                break
            found += fresh
            taken |= {page.locale_id for page in fresh}
            waiting = [page for page in waiting if page not in fresh]
    return [page.specific for page in found]
