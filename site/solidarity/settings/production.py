"""A node that the public can reach. What must be secret has no default."""

from solidarity import env

from .base import *  # noqa: F403

SECRET_KEY = env.text("SECRET_KEY", "")  # empty: refused by the system check solidarity.E001
ALLOWED_HOSTS = env.names("SOLIDARITY_ALLOWED_HOSTS", "")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]  # noqa: F405
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = env.flag("SOLIDARITY_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = int(env.number("SOLIDARITY_HSTS_SECONDS", 31_536_000))
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
