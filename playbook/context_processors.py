"""What every reader page needs to know about the node."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from playbook import languages


def node(request: HttpRequest) -> dict[str, Any]:
    """Add `node_name`, `published_languages` and `shown_language`. No query, no cookie."""
    return {
        "node_name": settings.WAGTAIL_SITE_NAME,
        "published_languages": languages.published(),
        "shown_language": languages.shown(),
    }
