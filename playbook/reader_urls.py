"""Reader addresses below a language that are not pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
