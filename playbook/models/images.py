"""Pictures. See `playbook.pictures` for what happens to an upload."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.images.models import AbstractImage, AbstractRendition, Image

from playbook.pictures import redraw


class PlaybookImage(AbstractImage):
    admin_form_fields = Image.admin_form_fields

    class Meta(AbstractImage.Meta):
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")

    @classmethod
    def store(cls, data: bytes, **fields: Any) -> PlaybookImage:
        """Store picture bytes from anywhere. Raises ValidationError for what is no good picture.

        Assigning damaged bytes to `file` would raise whatever the decoder raises.
        """
        drawn = redraw(ContentFile(data))
        drawn.redrawn = True
        image = cls(file=drawn, **fields)
        image._set_image_file_metadata()
        image.save()
        return image

    @property
    def default_alt_text(self) -> str:
        return self.description  # Wagtail's default is the title, which begins as the file's name

    def get_upload_to(self, filename: str) -> str:
        return f"original_images/{PurePath(filename).name}"

    def clean(self) -> None:
        super().clean()
        try:
            self._redraw_upload()
        except ValidationError as error:
            raise ValidationError({"file": error.messages}) from error

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._redraw_upload()
        super().save(*args, **kwargs)

    def _redraw_upload(self) -> None:
        """Replace a file that is not stored yet, once, whichever way it came in."""
        if not self.file or self.file._committed or getattr(self.file.file, "redrawn", False):
            return
        drawn = redraw(self.file.file)
        drawn.redrawn = True
        self.file = drawn  # also sets width and height
        self._set_image_file_metadata()


class PlaybookRendition(AbstractRendition):
    image = models.ForeignKey(PlaybookImage, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        unique_together = [("image", "filter_spec", "focal_point_key")]

    def __str__(self) -> str:
        return f"{self.image} ({self.filter_spec})"
