"""Views that belong to the installation, not to its content."""

from django.db import connection
from django.http import HttpRequest, HttpResponse

from playbook.search.health import index_is_behind


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer `ok` when the process runs and its database answers.

    A second line says that search is behind: for a monitor, and no reason to restart this process.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    behind = "search is behind: does a worker run?\n" if index_is_behind() else ""
    return HttpResponse(f"ok\n{behind}", content_type="text/plain")
