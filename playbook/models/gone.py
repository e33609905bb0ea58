"""Addresses of pages that were erased: they answer with the reason and not with a riddle."""

from django.db import models


class Gone(models.Model):
    """One address below this site's root, since when it is gone and why. Nothing of the text."""

    path = models.CharField(max_length=1024, unique=True)
    since = models.DateField()
    reason = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.path
