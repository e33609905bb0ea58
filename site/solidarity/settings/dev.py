"""On a developer's own machine. Never reachable from outside."""

from .base import *  # noqa: F403

DEBUG = True
SECRET_KEY = "for-development-only-and-refused-in-production"  # noqa: S105
FEDERATION["PRIVATE_ENDPOINT"] = True  # noqa: F405
