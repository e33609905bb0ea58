"""Give a node's first case a picture, in a process with that node's settings: python -m ... ."""

import io

import django

django.setup()

from PIL import Image, ImageFilter  # noqa: E402

from playbook.models import CasePage, PlaybookImage  # noqa: E402
from playbook.workflows import publish_trusted  # noqa: E402


def landscape() -> bytes:
    """Return a picture as busy as a photograph: soft shapes under grain."""
    shapes = Image.effect_noise((16, 10), 160).resize((1600, 1000), Image.Resampling.BICUBIC)
    grain = Image.effect_noise((1600, 1000), 90).filter(ImageFilter.GaussianBlur(2))
    target = io.BytesIO()
    Image.merge("RGB", (shapes, grain, Image.blend(shapes, grain, 0.5))).save(target, "JPEG")
    return target.getvalue()


def main() -> None:
    case = CasePage.objects.live().filter(locale__language_code="en").first()
    assert case is not None
    case.picture = PlaybookImage.store(landscape(), title="Shapes")
    case.picture_alt = "Soft shapes, for a test"
    publish_trusted(case.save_revision(), reason="a picture for the budgets")
    print(case.url)


if __name__ == "__main__":
    main()
