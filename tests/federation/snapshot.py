"""Everything the federation has written, so that a test can say that nothing was."""

from typing import Any

from django.apps import apps
from django.db.models import Model
from wagtail.models import Page, Revision

from federation.conf import get_conf
from playbook.models import PlaybookImage

# What contact and refusals leave behind, and what a test looks at by itself.
_BOOKKEEPING = {
    "Peer": {
        "counter", "directory_digest", "last_contact_at", "next_attempt_at", "claimed_until",
        "failures", "error", "error_detail",
    },
    "Log": {"error", "error_detail", "frozen", "evidence"},
    "Blob": {"attempts", "error", "error_detail", "state"},
}  # fmt: skip


_CONTACT = {"EndpointHealth", "Evidence"}


def snapshot(*, ignore: tuple[str, ...] = ("Quarantine",)) -> dict[str, Any]:
    """Return all rows of the federation, pages and pictures, and the files it keeps."""
    models = list(apps.get_app_config("federation").get_models())
    found: dict[str, Any] = {
        model.__name__: _rows(model)
        for model in models
        if model.__name__ not in {*ignore, *_CONTACT}
    }
    for model in (Page, Revision, PlaybookImage):
        found[model.__name__] = list(model.objects.order_by("pk").values())
    blobs = get_conf().blobs_dir
    found["files"] = sorted(str(path) for path in blobs.rglob("*") if path.is_file())
    return found


def _rows(model: type[Model]) -> list[dict[str, Any]]:
    skipped = _BOOKKEEPING.get(model.__name__, set())
    names = [field.attname for field in model._meta.fields if field.attname not in skipped]
    rows = model._default_manager.order_by("pk").values(*names)
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
