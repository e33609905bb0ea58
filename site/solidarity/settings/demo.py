"""One node of `manage.py demo`: production code paths, on loopback, with made-up passwords."""

from solidarity import env

from .base import *  # noqa: F403

SECRET_KEY = env.text("SECRET_KEY")
FEDERATION["PRIVATE_ENDPOINT"] = True  # noqa: F405
WHITENOISE_USE_FINDERS = True
SESSION_COOKIE_SAMESITE = "Lax"
# As strong as Django's default and several times as quick: the demo logs in eight people.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
