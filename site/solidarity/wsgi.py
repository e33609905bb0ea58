"""The WSGI entry point for granian or gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "solidarity.settings.production")
gc.disable()
application = get_wsgi_application()
# Every view is imported before the first reader comes, and a fault in one ends the start.
_ = get_resolver().url_patterns
# What is there now lives to the end: nothing is looked for in it, now or between two requests.
gc.freeze()
gc.enable()
