"""Fill the migrated database of another node: pictured plays, shared and signed.

Run with the node's environment: `python -m tests.federation.other_node <how many> <pixels>`.
"""

import io
import random
import sys

import django

django.setup()

from PIL import Image  # noqa: E402

from federation.conf import get_conf  # noqa: E402
from federation.services import heads, publishing  # noqa: E402
from federation.services.enrolment import initialise_node  # noqa: E402
from playbook.models import RedactionCheck  # noqa: E402
from playbook.redaction import QUESTIONS  # noqa: E402
from playbook.setup import prepare_site  # noqa: E402
from tests import factories  # noqa: E402


def noise(number: int, side: int) -> bytes:
    """Return a picture that hardly compresses, so that fetching it takes a while."""
    pixels = random.Random(number).randbytes(side * side * 3)  # noqa: S311
    target = io.BytesIO()
    Image.frombytes("RGB", (side, side), pixels).save(target, "JPEG")
    return target.getvalue()


def main(count: int, side: int) -> None:
    prepare_site(["en"])
    initialise_node(get_conf())
    for number in range(count):
        picture = factories.picture(noise(number, side))
        page = factories.live(factories.play(picture=picture, picture_alt="Noise"))
        RedactionCheck.record(page.live_revision, dict.fromkeys(QUESTIONS, True))
        publishing.share_page(factories.fresh(page))
        heads.sign_head()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
