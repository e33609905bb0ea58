"""Settings shared by every way of running a node. What differs comes from the environment."""

from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONCE, NONE, SELF

from solidarity import env

BASE_DIR = Path(__file__).resolve().parents[3]
DATA_DIR = env.path("SOLIDARITY_DATA_DIR", BASE_DIR / "var")

# --- The node -------------------------------------------------------------------------------
NODE_ID = env.text("SOLIDARITY_NODE_ID", "node")
PUBLIC_URL = env.text("SOLIDARITY_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.names("SOLIDARITY_ALLOWED_HOSTS", "127.0.0.1,localhost")
DEBUG = False

INSTALLED_APPS = [
    "solidarity.apps.SolidarityConfig",
    "federation.apps.FederationConfig",
    "playbook.apps.PlaybookConfig",
    "locales",
    "wagtail_localize",
    "wagtail_localize.locales",
    "wagtail.contrib.settings",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtailmedia",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_tasks",
    "django_tasks_db",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "solidarity.compression.CompressionMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "playbook.page_cache.PageCacheMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "solidarity.csp.PolicyMiddleware",
]

ROOT_URLCONF = "solidarity.urls"
WSGI_APPLICATION = "solidarity.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "site" / "solidarity" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "playbook.context_processors.node",
            ],
        },
    },
]

# --- Database: SQLite embedded, PostgreSQL beyond one machine --------------------------------
DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'node.sqlite3'}"), conn_max_age=600
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A deferred transaction that later writes fails at once under a second writer: begin as one.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
            "PRAGMA mmap_size=134217728; PRAGMA journal_size_limit=27103364; PRAGMA cache_size=2000"
        ),
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # Only queries that say so are prepared (playbook.prepared).
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("prepare_threshold", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- What is kept between requests ------------------------------------------------------------
# In each process's own memory: what is kept for readers is named by the state of the content, which
# all processes read from the database (playbook.page_cache).
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "readers": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "readers",
        "OPTIONS": {"MAX_ENTRIES": 500},
    },
}
PLAYBOOK_PAGE_CACHE_SECONDS = int(env.number("SOLIDARITY_PAGE_CACHE_SECONDS", 3600))

# --- Languages ------------------------------------------------------------------------------
# Every language the software knows can hold drafts; a node shows readers those it publishes.
LANGUAGES = [
    ("ar", "العربية"),
    ("en", "English"),
    ("es", "Español"),
    ("fr", "Français"),
    ("pt", "Português"),
    ("sw", "Kiswahili"),
]
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
PLAYBOOK_LANGUAGES = env.names("SOLIDARITY_LANGUAGES", "en")
LANGUAGE_CODE = PLAYBOOK_LANGUAGES[0]
# Where "Leave quickly" goes, unless the node's design names another: an ordinary site.
PLAYBOOK_NEUTRAL_SITE = env.text("SOLIDARITY_NEUTRAL_SITE", "https://www.wikipedia.org/")
WAGTAIL_I18N_ENABLED = True
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("SOLIDARITY_TIME_ZONE", "UTC")
LOCALE_PATHS = [BASE_DIR / "locales"]
FORMAT_MODULE_PATH = "locales"  # locales/<language>/formats.py, where Django's own will not do

# --- Files ----------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.path("SOLIDARITY_STATIC_ROOT", DATA_DIR / "static")
MEDIA_URL = "/media/"
MEDIA_ROOT = env.path("SOLIDARITY_MEDIA_ROOT", DATA_DIR / "media")
# Documents that took long to make (PDF and the like). They can be thrown away at any time.
PLAYBOOK_MADE_ROOT = env.path("SOLIDARITY_MADE_ROOT", DATA_DIR / "made")
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # Wagtail's page editor

# --- People ---------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
# Browsers keep cookies by host, not by port: two nodes on one host must not share names.
SESSION_COOKIE_NAME = f"session_{NODE_ID}"
CSRF_COOKIE_NAME = f"csrf_{NODE_ID}"
CSRF_FAILURE_VIEW = "playbook.error_pages.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# Nobody else learns where a reader came from. Not `no-referrer`: browsers then send a form with
# `Origin: null`, and Django refuses it.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "SAMEORIGIN"  # Wagtail's preview pane

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "img-src": [SELF],
        "media-src": [SELF],
        "style-src": [SELF],
        "script-src": [SELF, NONCE],
        "font-src": [NONE],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [SELF],
    }
}

# Notices name pages. They are sent only where an operator has chosen how.
EMAIL_BACKEND = env.text("SOLIDARITY_EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")

# --- Wagtail --------------------------------------------------------------------------------
WAGTAIL_SITE_NAME = env.text("SOLIDARITY_SITE_NAME", "Solidarity Playbook")
WAGTAILADMIN_BASE_URL = PUBLIC_URL
WAGTAIL_FINISH_WORKFLOW_ACTION = "playbook.workflows.publish_approved_revision"
WAGTAIL_WORKFLOW_REQUIRE_REAPPROVAL_ON_EDIT = True
WAGTAILLOCALIZE_SYNC_LIVE_STATUS_ON_TRANSLATE = False
WAGTAIL_LOCALIZE_DEFAULT_TRANSLATION_MODE = "simple"
WAGTAILLOCALIZE_DISABLE_ON_DELETE = True
# The admin makes no request to anybody else.
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAILEMBEDS_FINDERS: list[dict[str, Any]] = []
WAGTAILDOCS_EXTENSIONS = ["pdf", "odt", "docx", "txt"]
WAGTAILIMAGES_EXTENSIONS = ["jpg", "jpeg", "png", "webp"]
WAGTAILIMAGES_IMAGE_MODEL = "playbook.PlaybookImage"
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 20 * 1024 * 1024
# "simple": no stemming, which is for one language and here are many (playbook.search).
WAGTAILSEARCH_BACKENDS = {
    "default": {"BACKEND": "wagtail.search.backends.database", "SEARCH_CONFIG": "simple"}
}

# --- Tasks ----------------------------------------------------------------------------------
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "ENQUEUE_ON_COMMIT": False}}

# --- Federation (read through federation.conf) -----------------------------------------------
FEDERATION: dict[str, Any] = {
    "NODE_ID": NODE_ID,
    "DOMAIN": env.text("SOLIDARITY_FEDERATION_DOMAIN", "solidarity.example"),
    "DATA_DIR": env.path("SOLIDARITY_FEDERATION_DIR", DATA_DIR / "federation"),
    "PUBLIC_URL": PUBLIC_URL,
    "PRIVATE_ENDPOINT": env.flag("SOLIDARITY_PRIVATE_ENDPOINT", False),
    "ROLE": env.text("SOLIDARITY_ROLE", "node"),
    "LANGUAGES": PLAYBOOK_LANGUAGES,
    "HEAD_SECONDS": env.number("SOLIDARITY_HEAD_SECONDS", 3600),
    "ASK_SECONDS": env.number("SOLIDARITY_ASK_SECONDS", 6 * 3600),
    "SYNC_SECONDS": env.number("SOLIDARITY_SYNC_SECONDS", 300),
    "PUSH": env.flag("SOLIDARITY_PUSH", False),
    "MIRRORS": env.names("SOLIDARITY_MIRRORS", ""),
    "STEWARDS": env.names("SOLIDARITY_STEWARDS", ""),
    "SOCKS_PROXY": env.text("SOLIDARITY_SOCKS_PROXY", ""),
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "federation.api.problems.problem_response",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Solidarity Playbook federation feed",
    "DESCRIPTION": "What a node has said, in order, and the proof of it. See docs/protocol.md.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_URLCONF": "federation.urls",
    "SERVERS": [{"url": "/federation/v1"}],
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
}

# --- Logs: what happened, never who read what -------------------------------------------------
# No address, no user agent, no path: see solidarity.logs.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_reader": {"()": "solidarity.logs.WithoutReader"}},
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["no_reader"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Django's own handlers are left out: one of them mails whole requests, addresses included.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django_tasks": {"level": "WARNING"},  # several lines a saved page otherwise
    },
}
