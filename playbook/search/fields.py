"""What of a page goes into Wagtail's index for readers, already in its one spelling.

Imported by the models, so nothing here imports them.
"""

from collections.abc import Callable, Iterable
from typing import Any

from wagtail.search import index

from playbook.search.normalise import normalise

Source = str | Callable[[Any], str]


class Heading(index.SearchField):
    """Title and line: they go where the index keeps titles, and weigh most."""

    def __init__(self, *sources: Source) -> None:
        super().__init__("title", boost=2)
        self.sources = ("title", *sources)

    def get_value(self, page: Any) -> str:
        return _joined(page, self.sources)


class Text(index.SearchField):
    """Everything else that readers see, as one text. It takes the name of its first field."""

    def __init__(self, *sources: Source) -> None:
        named = [source for source in sources if isinstance(source, str)]
        super().__init__(named[0])
        self.sources = sources

    def get_value(self, page: Any) -> str:
        return _joined(page, self.sources)


def searched(line: str | None, *texts: Source) -> list[index.BaseField]:
    """Return the search fields of a page type: its one line if any, and its texts.

    A text is the name of a field, or a function from the page to a text.
    """
    return [Heading(*[line] if line else []), Text(*texts)]


def _joined(page: Any, sources: Iterable[Source]) -> str:
    return normalise(" ".join(part for source in sources for part in _parts(page, source)))


def _parts(page: Any, source: Source) -> list[str]:
    value = index.SearchField(source).get_value(page) if isinstance(source, str) else source(page)
    if isinstance(value, list):
        return [str(part) for part in value]
    return [str(value or "")]
