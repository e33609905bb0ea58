"""Which pages a reader can reach on a running node: one of each kind that has something to show."""

import re
import urllib.request
from collections.abc import Mapping

from bs4 import BeautifulSoup

PLAY = "/{lang}/plays/officials-at-the-door/"
ALWAYS = {
    "home": "/{lang}/",
    "plays": "/{lang}/plays/",
    "play": PLAY,
    "card": PLAY + "card/",
    "cases": "/{lang}/cases/",
    "triage": "/{lang}/triage/",
    "question": "/{lang}/triage/coercive/",
    "not found": "/{lang}/nothing-here/",
}
# What no section of the home page leads to.
BESIDE = {
    "end of the questions": "/{lang}/triage/coercive/now/detained/public/",
    "no such answer": "/{lang}/triage/coercive/nonsense/",
    "plays for a threat": "/{lang}/plays/for/coercive/",
    "empty list": "/{lang}/cases/for/media/",
    "threats": "/{lang}/threats/",
    "threat": "/{lang}/threats/coercive/",
    "found": "/{lang}/search/?q=Cedar",
    "nothing found": "/{lang}/search/?q=qqxxzzvv",
    "absurd search": "/{lang}/search/?q=%s" % ("ab" * 200),
    "nothing chosen": "/{lang}/take-along/chosen/",
    "saved": "/{lang}/saved/",
}
OTHER = {"en": "ar", "ar": "fr", "fr": "ar"}


def reader_pages(base: str, lang: str) -> dict[str, str]:
    """Return paths by name, one for each kind of page: fixed ones, sections, their first items."""
    found = {name: path.format(lang=lang) for name, path in ALWAYS.items()}
    for link in soup(base + found["home"]).select("#map a"):
        path = str(link["href"])
        found.setdefault(path, path)
        item = soup(base + path).select_one(".cards > li > a")
        if item is not None and re.match(rf"^{path}[^/]+/$", str(item["href"])):
            found[f"first of {path}"] = str(item["href"])
    return {name: path for path, name in {path: name for name, path in found.items()}.items()}


def pages_beside(base: str, lang: str, made: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return paths by name of the kinds that need content made for a test, or a question.

    `made` holds by language what `every_kind` printed.
    """
    play = soup(base + PLAY.format(lang=lang))
    provenance = str(play.select_one(".short-address a")["href"])
    short = provenance.split("/")[-2]
    switch = soup(base + made[OTHER[lang]]["episode"])
    return {
        **{name: path.format(lang=lang) for name, path in BESIDE.items()},
        **made[lang],
        "provenance": provenance,
        "take one": f"/{lang}/take-along/{short}/",
        "chosen": f"/{lang}/take-along/chosen/?item={short}",
        "untranslated": str(switch.select_one(f'.languages a[hreflang="{lang}"]')["href"]),
    }


def soup(url: str) -> BeautifulSoup:
    with urllib.request.urlopen(url) as answer:
        return BeautifulSoup(answer.read(), "html.parser")
