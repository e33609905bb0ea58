"""Read settings from the environment; a value that cannot be read stops the start, by name."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def text(name: str, default: str | None = None) -> str:
    """Return the variable, or `default`; without either, raise ImproperlyConfigured."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def flag(name: str, default: bool) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in _TRUE | _FALSE:
        return value in _TRUE
    raise ImproperlyConfigured(f"{name} is {value!r}; write 1 or 0.")


def number(name: str, default: float) -> float:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        return float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}; write a number.") from None


def names(name: str, default: str) -> list[str]:
    """Return a comma-separated list, without blanks."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def path(name: str, default: Path) -> Path:
    return Path(os.environ.get(name) or default).expanduser().resolve()
