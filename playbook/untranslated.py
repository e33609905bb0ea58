"""A page that a language does not have yet: its address there shows the page in another language.

Such an address has the language asked for, and below it the path of the page in the language that
has it: `/fr/plays/accounts-frozen/` for a play that is there in English only.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from wagtail.models import Page

from playbook.languages import language, published_codes
from playbook.models.readable import readable


def untranslated_address(page: Page, code: str) -> str:
    """Return the address of a page in a language that does not have it."""
    _home, *below = page.url_path.strip("/").split("/")
    return "/".join(["", code, *below, ""])


def page_elsewhere(home: Page, path_components: list[str]) -> Page | None:
    """Return the live page with this path below the home of another published language.

    The node's own language comes first, then the others in its order. Nothing that is private.
    """
    if not path_components:
        return None
    codes = [code for code in published_codes() if code != home.locale.language_code]
    homes = type(home).objects.live().filter(locale__language_code__in=codes)
    paths = [
        "/".join([path.rstrip("/"), *path_components, ""])
        for path in homes.values_list("url_path", flat=True)
    ]
    found = (
        Page.objects.live()
        .filter(
            readable(),
            slug=path_components[-1],
            url_path__in=paths,
            locale__language_code__in=codes,
        )
        .select_related("locale")
    )
    return min(found, key=lambda page: codes.index(page.locale.language_code), default=None)


def serve_elsewhere(request: HttpRequest, page: Page, asked_for: str) -> HttpResponse:
    """Lead to the translation if there is one, and else show the page in the language it has."""
    there = page.get_translations().live().filter(readable(), locale__language_code=asked_for)
    translated = there.first()
    if translated is not None:
        return HttpResponseRedirect(translated.url)
    # The whole page, its frame too, is in one language; the label is in the one asked for.
    translation.activate(page.locale.language_code)
    request.untranslated_into = language(asked_for)  # type: ignore[attr-defined]
    return page.specific.serve(request)
