"""What every reader page needs to know about the node."""

from typing import Any

from django.http import HttpRequest

from playbook import languages
from playbook.appearance import appearance


def node(request: HttpRequest) -> dict[str, Any]:
    """Add `node_name`, `look`, `published_languages` and `shown_language`. No cookie.

    The look is one query that is kept for a minute. `untranslated_into` is the language that was
    asked for when the page is shown in another one.
    """
    look = appearance()
    return {
        "node_name": look.name,
        "look": look,
        "published_languages": languages.published(),
        "shown_language": languages.shown(),
        "untranslated_into": getattr(request, "untranslated_into", None),
    }
