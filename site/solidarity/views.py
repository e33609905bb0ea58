"""Views that belong to the installation, not to its content."""

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.static import serve

from playbook.search.health import index_is_behind


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer `ok` when the process runs and its database answers.

    A second line says that search is behind: for a monitor, and no reason to restart this process.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    behind = "search is behind: does a worker run?\n" if index_is_behind() else ""
    return HttpResponse(f"ok\n{behind}", content_type="text/plain")


def picture(request: HttpRequest, path: str) -> HttpResponseBase:
    """Answer with a picture below the media folder, wherever the settings have it now."""
    return serve(request, path, document_root=str(settings.MEDIA_ROOT))
