"""What an editor does at a node, as a process: `python -m tests.readers.node_editor ACT`.

Acts: fill (live plays, one of them shared), withdraw, retract, unpublish, revise.
"""

import datetime
import sys

import django

django.setup()

from federation.conf import get_conf  # noqa: E402
from federation.services import heads, publishing, retracting  # noqa: E402
from federation.services.enrolment import initialise_node  # noqa: E402
from playbook.models import PlayPage, RedactionCheck  # noqa: E402
from playbook.redaction import QUESTIONS  # noqa: E402
from playbook.setup import prepare_site  # noqa: E402
from tests import factories  # noqa: E402

SLUGS = ("withdrawn", "retracted", "unpublished", "revised")


def fill() -> None:
    prepare_site(["en"])
    initialise_node(get_conf())
    for slug in SLUGS:
        factories.live(factories.play(title=f"Title {slug}", slug=slug))
    page = _page("retracted")
    RedactionCheck.record(page.live_revision, dict.fromkeys(QUESTIONS, True))
    publishing.share_page(page)
    heads.sign_head()


def _page(slug: str) -> PlayPage:
    return PlayPage.objects.get(slug=slug)


def withdraw() -> None:
    _page("withdrawn").withdraw("It named somebody.", datetime.date(2026, 1, 1))


def retract() -> None:
    assert retracting.retract_page(_page("retracted"), "It named somebody.", here=True)


def unpublish() -> None:
    _page("unpublished").unpublish()


def revise() -> None:
    page = _page("revised")
    page.outcome = "Another outcome."
    page.save_revision()
    factories.live(page)


ACTS = {act.__name__: act for act in (fill, withdraw, retract, unpublish, revise)}

if __name__ == "__main__":
    ACTS[sys.argv[1]]()
