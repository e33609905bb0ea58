"""Reader addresses that are not pages."""

from django.urls import path

from playbook.views import choose_language

urlpatterns = [path("", choose_language, name="playbook_choose_language")]
