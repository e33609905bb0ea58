"""Pictures are drawn again before they are first stored: only what can be seen is kept."""

import io
import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

MAX_PIXELS = 40_000_000
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
QUALITY: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 88, "optimize": True},
    "PNG": {"optimize": True},
    "WEBP": {"quality": 88},
}


def redraw(upload: File) -> ContentFile:
    """Return the picture upright, without any metadata, under a random name.

    Raises ValidationError when it is not a JPEG, PNG or WebP, is damaged, or has more than
    40 million pixels.
    """
    upload.seek(0)
    try:
        with Image.open(upload, formats=list(EXTENSIONS)) as source:
            kind = source.format or ""
            if source.width * source.height > MAX_PIXELS:
                raise ValidationError(
                    _("The picture has more than 40 million pixels. Make it smaller first.")
                )
            visible = _only_pixels(ImageOps.exif_transpose(source))
    except ValidationError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValidationError(
            _("This is not a JPEG, PNG or WebP picture that can be read.")
        ) from error
    drawn = io.BytesIO()
    visible.save(drawn, kind, **QUALITY[kind])
    return ContentFile(drawn.getvalue(), name=f"{secrets.token_hex(16)}.{EXTENSIONS[kind]}")


def _only_pixels(source: Image.Image) -> Image.Image:
    """A fresh canvas: Pillow carries comments and colour profiles along with an opened picture."""
    has_alpha = source.has_transparency_data and source.format != "JPEG"
    mode = "RGBA" if has_alpha else "RGB"
    canvas = Image.new(mode, source.size)
    canvas.paste(source.convert(mode))
    return canvas
