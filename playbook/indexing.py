"""Index what one command saves in one go: in bulk at its end, not by a task after each save."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Model
from django.db.models.signals import post_save
from modelsearch.backends import get_search_backends
from modelsearch.index import get_indexed_models
from modelsearch.signal_handlers import post_save_signal_handler
from wagtail.models import Page, ReferenceIndex
from wagtail.signal_handlers import disable_reference_index_auto_update


@contextmanager
def indexed_once() -> Iterator[None]:
    """Index at the end of the block what was saved in it, each row once.

    For a command that runs alone: other saves of this process are taken up with it. Inside of
    another such block it does nothing: the outer one indexes everything.
    """
    saved: dict[type[Model], set[Any]] = defaultdict(set)

    def note(sender: type[Model], instance: Model, **_signal: Any) -> None:
        saved[Page if issubclass(sender, Page) else sender].add(instance.pk)

    paused = [
        model
        for model in get_indexed_models()
        if post_save.disconnect(post_save_signal_handler, sender=model)
    ]
    for model in paused:
        post_save.connect(note, sender=model)
    try:
        with disable_reference_index_auto_update():
            yield
    finally:
        for model in paused:
            post_save.disconnect(note, sender=model)
            post_save.connect(post_save_signal_handler, sender=model)
    for model, keys in saved.items():
        _index(model, keys)


def _index(model: type[Model], keys: set[Any]) -> None:
    rows: Any = model._default_manager.filter(pk__in=keys)
    by_model: dict[type[Model], list[Model]] = defaultdict(list)
    for row in rows.specific() if model is Page else rows:
        by_model[type(row)].append(row)
    for kind, found in by_model.items():
        for backend in get_search_backends(with_auto_update=True):
            backend.add_bulk(kind, found)
        for row in found:
            if ReferenceIndex.model_is_indexable(kind):
                ReferenceIndex.create_or_update_for_object(row)
