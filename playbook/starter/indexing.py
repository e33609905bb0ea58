"""Index a page that is saved many times in one go once, and not after each of its saves."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models.signals import post_save
from modelsearch.index import get_indexed_models
from modelsearch.signal_handlers import post_save_signal_handler
from modelsearch.tasks import insert_or_update_object_task
from wagtail.models import Page
from wagtail.signal_handlers import disable_reference_index_auto_update
from wagtail.tasks import update_reference_index_task


@contextmanager
def indexed_once() -> Iterator[list[Page]]:
    """Give a list for the pages that are made; leave one task of each kind for each of them.

    For a command that runs alone: other saves of this process are not indexed meanwhile.
    """
    made: list[Page] = []
    paused = [
        model
        for model in get_indexed_models()
        if post_save.disconnect(post_save_signal_handler, sender=model)
    ]
    try:
        with disable_reference_index_auto_update():
            yield made
    finally:
        for model in paused:
            post_save.connect(post_save_signal_handler, sender=model)
    for page in made:
        name = (page._meta.app_label, page._meta.model_name, str(page.pk))
        insert_or_update_object_task.enqueue(*name)
        update_reference_index_task.enqueue(*name)
