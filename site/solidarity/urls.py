"""Every address of a node. Page addresses carry the language first; the feed does not."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path, re_path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from federation import urls as federation_urls
from playbook import reader_urls
from playbook import urls as playbook_urls
from solidarity.views import healthz, picture

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("federation/v1/", include(federation_urls)),
    # Renditions alone: originals and documents have no public address.
    re_path(r"^media/(?P<path>images/.+)$", picture),
    path("", include(playbook_urls)),
    *i18n_patterns(
        path("", include(reader_urls)),
        path("", include(wagtail_urls)),
        prefix_default_language=True,
    ),
]

handler400 = "playbook.error_pages.bad_request"
handler403 = "playbook.error_pages.permission_denied"
handler404 = "playbook.error_pages.page_not_found"
handler500 = "playbook.error_pages.server_error"
