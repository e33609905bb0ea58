"""Which pages a reader can reach on a running node: one of each kind that has something to show."""

import re
import urllib.request

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


def soup(url: str) -> BeautifulSoup:
    with urllib.request.urlopen(url) as answer:
        return BeautifulSoup(answer.read(), "html.parser")
