"""Reader addresses that are not pages."""

from django.urls import path

from playbook.saved import worker
from playbook.sitemap import page_sitemap, robots
from playbook.views import choose_language

urlpatterns = [
    path("", choose_language, name="playbook_choose_language"),
    path("offline-worker.js", worker, name="playbook_offline_worker"),
    path("sitemap.xml", page_sitemap, name="playbook_sitemap"),
    path("robots.txt", robots, name="playbook_robots"),
]
