"""The tests: the embedded database or TEST_DATABASE_URL, tasks at once, cheap password hashes."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import dj_database_url

from .base import *  # noqa: F403

SECRET_KEY = "tests-only"  # noqa: S105
NODE_ID = "here"
PLAYBOOK_LANGUAGES = ["en", "ar", "fr"]
LANGUAGE_CODE = "en"
_scratch = Path(tempfile.mkdtemp(prefix="solidarity-test-"))
atexit.register(shutil.rmtree, _scratch, ignore_errors=True)
MEDIA_ROOT = _scratch / "media"
PLAYBOOK_MADE_ROOT = _scratch / "made"
DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{_scratch / 'test.sqlite3'}"
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = 5
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
FEDERATION = {
    **FEDERATION,  # noqa: F405
    "NODE_ID": NODE_ID,
    "DATA_DIR": _scratch / "federation",
    "LANGUAGES": PLAYBOOK_LANGUAGES,
    "PRIVATE_ENDPOINT": True,
}
WHITENOISE_AUTOREFRESH = True
# Tests change settings and texts behind the content's back. Those about the cache turn it on.
PLAYBOOK_PAGE_CACHE_SECONDS = 0
