"""Reading without a network: a page about what is saved, and the worker that shows it."""

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from playbook.feeds import requested_language

_WORKER = Path(__file__).parent / "static" / "playbook" / "offline-worker.js"


@require_safe
def saved_pages(request: HttpRequest) -> HttpResponse:
    requested_language()
    return TemplateResponse(request, "playbook/saved.html")


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Serve the worker from the root: a browser lets it see only what is below its own address."""
    response = HttpResponse(_WORKER.read_bytes(), content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response
