"""Search among many plays. Run as a node's process.

Takes `counts`, ascending: fills the node up to each and measures the same queries there; tells how
long each took in the view, all of the page made, and how many database queries.
"""

import json
import re
import statistics
import sys
import time
import uuid
from typing import Any

import django

django.setup()

from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402
from wagtail.models import Locale, Page  # noqa: E402
from wagtail.search.backends import get_search_backend  # noqa: E402

from bench.material import Writer  # noqa: E402
from bench.usage import Queries  # noqa: E402
from playbook.models import PlayPage, Threat  # noqa: E402
from playbook.setup import prepare_site, section_for  # noqa: E402

# A word in every text, words of our vocabulary, one that is hardly anywhere, and a whole sentence.
QUERIES = {
    "a common word": "lawyer",
    "what people type": "bank account blocked",
    "a rare word": "zorbing",
    "a sentence": "the police are at our door and took the phones of all our staff",
}
RUNS = 7
_BATCH = 500


def fill(writer: Writer, section: Page, first: int, last: int) -> None:
    """Insert live plays number `first` to `last` with their index, in bulk."""
    threats = list(Threat.objects.filter(locale=Locale.get_default()))
    kind = ContentType.objects.get_for_model(PlayPage)
    for start in range(first, last, _BATCH):
        plays = [_play(writer, section, kind, n) for n in range(start, min(start + _BATCH, last))]
        with transaction.atomic():
            Page.objects.bulk_create(_row(play) for play in plays)
            PlayPage._base_manager._insert(
                plays, fields=PlayPage._meta.local_concrete_fields, using="default"
            )
            through = PlayPage.threats.through
            through.objects.bulk_create(
                through(playpage_id=play.pk, threat=threats[play.pk % len(threats)])
                for play in plays
            )
            get_search_backend().add_bulk(PlayPage, plays)
    Page.objects.filter(pk=section.pk).update(numchild=last)


def _play(writer: Writer, section: Page, kind: ContentType, number: int) -> PlayPage:
    content = writer.content()
    steps = content.pop("steps")
    if number % 500 == 0:
        content["outcome"] = "People go zorbing."
    terms = ("threats", "mechanisms", "dimensions", "sectors")
    page = PlayPage(
        **{name: value for name, value in content.items() if name not in terms},
        id=1_000_000 + number,
        slug=f"play-{number}",
        path=section.path + Page._int2str(number + 1).rjust(Page.steplen, "0"),
        depth=section.depth + 1,
        url_path=f"{section.url_path}play-{number}/",
        content_type=kind,
        locale_id=section.locale_id,
        translation_key=uuid.UUID(writer.uuid()),
        live=True,
        last_published_at=timezone.now(),
    )
    page.draft_title = page.title
    page.page_ptr_id = page.id
    page.steps = steps
    return page


def _row(play: PlayPage) -> Page:
    names = [field.attname for field in Page._meta.concrete_fields]
    return Page(**{name: getattr(play, name) for name in names})


def measure(client: Client, text: str) -> dict[str, Any]:
    def ask() -> int:
        answer = client.get("/en/search/", {"q": text})
        assert answer.status_code == 200
        shown = re.search(rb'id="found">(\d+)', answer.content)
        assert shown, answer.content
        return int(shown[1])

    found = ask()
    counted = Queries()
    with connection.execute_wrapper(counted):
        ask()
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - started)
    return {
        "found": found,
        "queries": counted.take(),
        "milliseconds": statistics.median(seconds) * 1e3,
    }


def main() -> None:
    asked = json.loads(sys.argv[1])
    prepare_site(["en"])
    section = section_for(PlayPage, "en")
    writer, client, done = Writer(1), Client(headers={"host": "127.0.0.1"}), 0
    said = {}
    for count in asked["counts"]:
        started = time.perf_counter()
        fill(writer, section, done, count)
        filled = time.perf_counter() - started
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        said[count] = {
            "fill_ms": filled / (count - done) * 1e3,
            "queries": {name: measure(client, text) for name, text in QUERIES.items()},
        }
        done = count
    print(json.dumps(said))


if __name__ == "__main__":
    main()
