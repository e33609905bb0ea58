"""Publish a play, or withdraw it, in a process with a node's settings: python -m ... [withdraw]."""

import datetime
import sys

import django

django.setup()

from playbook.models import PlayPage  # noqa: E402
from tests import factories  # noqa: E402

SLUG = "a-page-that-passes"


def main() -> None:
    page = PlayPage.objects.filter(slug=SLUG).first()
    if "withdraw" in sys.argv:
        assert page is not None
        page.withdraw("It was made for a test.", datetime.date(2026, 3, 9))
        return
    page = page or factories.play(slug=SLUG, title="A page that passes")
    print(factories.live(page).url)


if __name__ == "__main__":
    main()
