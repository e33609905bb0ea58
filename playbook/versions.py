"""When two revisions of a page say the same."""

import hashlib
import json
import re
from typing import Any

# What Wagtail keeps in a revision about the page's life, and not about its words.
_HOUSEKEEPING = {
    "depth", "draft_title", "expired", "first_published_at", "has_unpublished_changes",
    "last_published_at", "latest_revision", "latest_revision_created_at", "live", "live_revision",
    "locked", "locked_at", "locked_by", "numchild", "owner", "path", "url_path",
    "wagtail_admin_comments", "withdrawn_on", "withdrawn_reason",
}  # fmt: skip
# The editor numbers each paragraph anew when it meets one without a number, and writes an empty
# text as an empty paragraph. (The quotes have a backslash: this is looked for within JSON.)
_BLOCK_KEY = re.compile(r' data-block-key=\\"[^"\\]*\\"')
_STREAMS = {"steps", "lessons", "parts", "ways"}
_SETS = {
    "threats", "mechanisms", "sectors", "dimensions", "templates", "support", "outcomes",
    "organisations",
}  # fmt: skip
_ROWS = {"stages", "cases"}


def content_digest(content: dict[str, Any]) -> str:
    """Return the SHA-256, in hex, of what a revision says."""
    said = {key: value for key, value in content.items() if key not in _HOUSEKEEPING}
    # Streams are JSON within JSON, whose members PostgreSQL gives back in another order.
    said |= {key: json.loads(said[key]) for key in _STREAMS & said.keys()}
    # So are the terms of a page: a set, in whatever order the database gave it.
    said |= {key: sorted(said[key]) for key in _SETS & said.keys()}
    said["evidence"] = _without_numbers(content.get("evidence", []))
    said |= {key: _without_numbers(said[key]) for key in _ROWS & said.keys()}
    text = _BLOCK_KEY.sub("", json.dumps(said, sort_keys=True, ensure_ascii=False, default=str))
    return hashlib.sha256(text.replace('"<p></p>"', '""').encode()).hexdigest()


def _without_numbers(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a relation are written anew when a page is published: their numbers change."""
    return [{key: value for key, value in row.items() if key != "pk"} for row in rows]
