"""One node of `manage.py demo`: production code paths, on loopback, with made-up passwords."""

from solidarity import env

from .base import *  # noqa: F403

SECRET_KEY = env.text("SECRET_KEY")
FEDERATION["PRIVATE_ENDPOINT"] = True  # noqa: F405
WHITENOISE_USE_FINDERS = True
SESSION_COOKIE_SAMESITE = "Lax"
PASSWORD_HASHERS = [
    "solidarity.demo.hashers.OneLaneScrypt",
    "django.contrib.auth.hashers.ScryptPasswordHasher",  # in folders of an earlier version
]
